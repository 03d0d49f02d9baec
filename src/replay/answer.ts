import type { Entry } from '../cassette/format.ts';
import { type LegBody, legOf } from '../cassette/legs.ts';
import { fromHarHeaders, headerPairs, headText } from '../util/headers.ts';
import { dropHopByHop } from '../util/hop-by-hop.ts';
import type { RawHeaders } from '../util/types.ts';
import type { Recording } from './recording.ts';

/** An interim response (RFC 9110 section 15.2). */
export interface InterimAnswer {
  ms: number;
  status: number;
  statusText: string;
  headers: RawHeaders;
}

/** What a recorded answer is played back as. Times are milliseconds since the request came. */
export interface Answer {
  /** Before the head; without 100, which answers what only the client knows whether it asked. */
  informational: InterimAnswer[];
  /** Undefined: the connection ends without a response. */
  head: { ms: number; status: number; statusText: string; headers: RawHeaders } | undefined;
  /** One write each, in order. */
  writes: { ms: number; data: Uint8Array }[];
  /** `end`: as HTTP says; `close`: the connection is closed before that; `reset`: it is reset. */
  end: { ms: number; how: 'end' | 'close' | 'reset' };
  trailers: [name: string, value: string][];
}

const CODED = new Set(['content-encoding']);

/**
 * Plans how a recording is played back: the bytes that crossed the wire, or, where redaction made them unknowable, the
 * decoded text without its content coding; headers in recorded order and case without those of the connection, and with a
 * `content-length` that is right, or, for an answer that broke off, as it was announced. An answer whose bytes the cassette
 * does not hold, or not all, is broken off, so that nobody takes it for whole.
 */
export function planAnswer({ exchange, entry, attempt }: Recording): Answer {
  const leg =
    attempt === undefined ? legOf(exchange, 'client-response') : legOf(exchange, 'upstream-response', attempt);
  const { response } = entry;
  const { writes, decoded } = writesOf(leg?.body, entry);
  const isLost = leg?.body !== undefined && !leg.body.wire && !leg.body.decoded;
  const how = isLost || entry.response.content._cut ? 'close' : endOf(entry);
  const endMs = Math.max(entry._end?.ms ?? entry.time, writes.at(-1)?.ms ?? 0);
  const end = { ms: endMs, how };
  const informational = interimOf(entry);
  if (response.status === 0) return { informational, head: undefined, writes: [], end, trailers: [] };
  // HTTP/2 has a status among the headers of HAR files from elsewhere, which HTTP/1.1 cannot write.
  const fields = response.headers.filter(({ name }) => !name.startsWith(':'));
  const raw = fields.flatMap(({ name, value }) => [name, headText(value)]);
  const bytes = writes.reduce((sum, { data }) => sum + data.length, 0);
  const kept = dropHopByHop(raw, decoded ? CODED : undefined);
  return {
    informational,
    head: {
      ms: response._headMs ?? writes[0]?.ms ?? endMs,
      status: response.status,
      statusText: headText(response.statusText),
      headers: hasNoBody(entry) ? kept : withLength(kept, bytes, how === 'end'),
    },
    writes: hasNoBody(entry) ? [] : writes,
    end,
    trailers: (response._trailers ?? []).map(({ name, value }) => [name, value]),
  };
}

function interimOf({ response }: Entry): InterimAnswer[] {
  const passed = (response._informational ?? []).filter(({ status }) => status > 101 && status < 200);
  return passed.map(({ headers, ...head }) => ({ ...head, headers: dropHopByHop(fromHarHeaders(headers)) }));
}

/** `decoded`: the bytes are the decoded view of a body that was coded on the wire. */
function writesOf(body: LegBody | undefined, entry: Entry): { writes: Answer['writes']; decoded: boolean } {
  if (!body) return { writes: [], decoded: false };
  // HAR files from elsewhere hold decoded text under the header that says how it was coded.
  if (!body.facts?.encodings.length)
    return { writes: body.chunks, decoded: body.facts === undefined && isCoded(entry) };
  if (!body.wire) return { writes: body.chunks, decoded: true };
  // The reads of a coded body are kept decoded, so nobody knows which coded byte came when: all come when the last did.
  return { writes: [{ ms: body.chunks.at(-1)?.ms ?? entry.time, data: body.wire }], decoded: false };
}

function isCoded({ response }: Entry): boolean {
  return response.headers.some(
    ({ name, value }) => name.toLowerCase() === 'content-encoding' && value.trim().toLowerCase() !== 'identity',
  );
}

function endOf(entry: Entry): Answer['end']['how'] {
  const how = entry._end?.how ?? (entry._outcome === 'complete' ? 'complete' : 'closed');
  if (how === 'complete') return 'end';
  return how === 'reset' ? 'reset' : 'close';
}

/** RFC 9110, section 6.4.1. */
function hasNoBody({ request, response }: Entry): boolean {
  return request.method === 'HEAD' || response.status === 204 || response.status === 304;
}

/** A length that does not fit is corrected, unless the answer broke off: then it is right that bytes are missing. */
function withLength(headers: RawHeaders, bytes: number, whole: boolean): string[] {
  return headerPairs(headers).flatMap(([name, value]) => {
    if (name.toLowerCase() !== 'content-length') return [name, value];
    if (whole) return [name, String(bytes)];
    // Without missing bytes the client would take the answer for whole.
    return Number(value) > bytes ? [name, value] : [];
  });
}
