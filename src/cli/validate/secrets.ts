import type { Entry } from '../../cassette/format.ts';
import { legsOf, type RecordedExchange } from '../../cassette/legs.ts';
import { type SecretHit, scanForSecrets } from '../../cassette/redact.ts';
import type { LegName } from '../../util/types.ts';
import type { Finding } from '../../validate/findings.ts';

/** Parts of an entry that the legs' decoded bodies hold as well; there a secret cannot hide between two chunks. */
const BODY_FIELDS = new Set(['text', '_chunks', '_wire', '_decoded']);

/**
 * What in an exchange looks like a credential: in URLs, headers and the other fields of its entries, and in the decoded
 * body of every leg. A value is told once, where it first stands; the finding never holds it.
 */
export function findSecrets(exchange: RecordedExchange): Finding[] {
  const seen = new Set<string>();
  const keep = (hit: SecretHit, place: Partial<Finding>): Finding[] => {
    const key = `${hit.kind} ${hit.preview}`;
    if (seen.has(key)) return [];
    seen.add(key);
    return [tell(exchange, hit, place)];
  };
  const bodies = legsOf(exchange).flatMap((leg) =>
    scanForSecrets(leg.body?.text ?? '').flatMap((hit) =>
      keep(hit, { ...placeOf(leg.name, leg.entry), offset: byteOffset(leg.body?.text ?? '', hit.offset) }),
    ),
  );
  const entries = [exchange.client, ...exchange.attempts].flatMap((entry) =>
    scanForSecrets(withoutBodies(entry)).flatMap((hit) => keep(hit, placeOf(undefined, entry))),
  );
  return [...entries, ...bodies];
}

function withoutBodies(entry: Entry): string {
  return JSON.stringify(entry, (key, value) => (BODY_FIELDS.has(key) ? undefined : value));
}

function placeOf(leg: LegName | undefined, entry: Entry): Partial<Finding> {
  return { ...(leg && { leg }), ...(entry._attempt !== undefined && { attempt: entry._attempt }) };
}

function tell(exchange: RecordedExchange, hit: SecretHit, place: Partial<Finding>): Finding {
  return {
    profile: 'tolerant',
    severity: 'error',
    rule: `secret.${hit.kind}`,
    source: 'docs/privacy.md',
    message: `this looks like a credential: ${hit.preview}`,
    pointer: '',
    exchange: exchange.id,
    ...place,
  };
}

function byteOffset(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index));
}
