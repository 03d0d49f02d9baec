import type { CassetteHeader, Entry } from '../cassette/format.ts';
import { eventChunks, type Leg, legsOf, type RecordedExchange } from '../cassette/legs.ts';
import { type SecretHit, scanForSecrets } from '../cassette/redact.ts';
import { concatBytes, fromUtf8 } from '../util/bytes.ts';
import type { LegName } from '../util/types.ts';
import type { Finding } from './findings.ts';

/** Parts of an entry that the legs' decoded bodies hold as well; there a secret cannot hide between two chunks. */
const BODY_FIELDS = new Set(['text', '_chunks', '_wire', '_decoded', '_webSocketMessages']);

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
    scanForSecrets(textOf(leg)).flatMap((hit) =>
      keep(hit, { ...placeOf(leg.name, leg.entry), offset: byteOffset(textOf(leg), hit.offset) }),
    ),
  );
  const entries = [exchange.client, ...exchange.attempts].flatMap((entry) =>
    scanForSecrets(withoutBodies(entry)).flatMap((hit) => keep(hit, placeOf(undefined, entry))),
  );
  return [...entries, ...bodies];
}

/** What in the header of a cassette looks like a credential: a gateway's name, or the upstream's URL. */
export function findHeaderSecrets(header: CassetteHeader): Finding[] {
  return scanForSecrets(JSON.stringify(header)).map((hit) => tell(undefined, hit, { pointer: '/log/_tapedeck' }));
}

/** As an event stream where it is one, so that a secret that is spread over its deltas is found. */
function textOf(leg: Leg): string {
  if (!leg.messages) {
    // Of a body that is no text each byte is a character, so that keys in it stand as they are.
    return leg.body?.text ?? Buffer.from(leg.body?.decoded ?? leg.body?.wire ?? []).toString('latin1');
  }
  return fromUtf8(concatBytes(eventChunks(leg).map(({ data }) => data)));
}

function withoutBodies(entry: Entry): string {
  return JSON.stringify(entry, (key, value) => (BODY_FIELDS.has(key) ? undefined : value));
}

function placeOf(leg: LegName | undefined, entry: Entry): Partial<Finding> {
  return { ...(leg && { leg }), ...(entry._attempt !== undefined && { attempt: entry._attempt }) };
}

function tell(exchange: RecordedExchange | undefined, hit: SecretHit, place: Partial<Finding>): Finding {
  return {
    profile: 'tolerant',
    severity: 'error',
    rule: `secret.${hit.kind}`,
    source: 'docs/privacy.md',
    message: `this looks like a credential: ${hit.preview}`,
    pointer: '',
    ...(exchange && { exchange: exchange.id }),
    ...place,
  };
}

function byteOffset(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index));
}
