import type { CassetteHeader, Entry } from '../cassette/format.ts';
import { eventChunks, type Leg, legsOf, type RecordedExchange } from '../cassette/legs.ts';
import { type SecretHit, scanForSecrets } from '../cassette/redact.ts';
import { concatBytes, fromUtf8 } from '../util/bytes.ts';
import type { LegName } from '../util/types.ts';
import type { Finding } from './findings.ts';

/** Parts of a body that the leg's decoded body holds as well; there a secret cannot hide between two chunks. */
const BODY_FIELDS = { text: undefined, _chunks: undefined, _wire: undefined, _decoded: undefined };

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
  const scanned = new Set<string>();
  const bodies = legsOf(exchange).flatMap((leg) => {
    const text = textOf(leg);
    // What passed through unchanged holds nothing more.
    if (scanned.has(text)) return [];
    scanned.add(text);
    return scanForSecrets(text).flatMap((hit) =>
      keep(hit, { ...placeOf(leg.name, leg.entry), offset: byteOffset(text, hit.offset) }),
    );
  });
  const all = [exchange.client, ...exchange.attempts];
  const texts = all.map(withoutBodies);
  // Short texts cost less together, and hardly ever is there anything to look for in each.
  if (scanForSecrets(`[${texts.join(',')}]`).length === 0) return bodies;
  const entries = all.flatMap((entry, i) =>
    scanForSecrets(texts[i]!).flatMap((hit) => keep(hit, placeOf(undefined, entry))),
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
  const { request, response, _webSocketMessages: _, ...rest } = entry;
  const { postData } = request;
  return JSON.stringify({
    ...rest,
    request: {
      ...request,
      headers: request.headers.filter(isNotRedacted),
      ...(postData && { postData: { ...postData, ...BODY_FIELDS } }),
    },
    response: {
      ...response,
      headers: response.headers.filter(isNotRedacted),
      content: { ...response.content, ...BODY_FIELDS },
    },
  });
}

/** A header of which redaction left a placeholder has nothing to find; that its name is one for credentials makes the search slow. */
function isNotRedacted({ name, value }: { name: string; value: string }): boolean {
  return !(
    value.includes('[redacted:') &&
    /^[a-z-]+$/i.test(name) &&
    /^(?:[a-z-]+ )?\[redacted:[a-z0-9-]+#\d+\]$/i.test(value)
  );
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
