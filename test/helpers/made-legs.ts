import type { Entry, HarHeader, HarRequest, WireFacts } from '../../src/cassette/format.ts';
import type { Leg, LegBody, RecordedExchange } from '../../src/cassette/legs.ts';
import { toUtf8 } from '../../src/util/bytes.ts';
import type { LegName, Outcome, Protocol } from '../../src/util/types.ts';

/** Legs and entries made by hand, for tests of what reads them. */

export interface MadeBody {
  text?: string;
  /** Decoded bytes, when they are no text. */
  decoded?: Uint8Array;
  /** Bytes on the wire; null: not in the cassette. The decoded ones when not given. */
  wire?: Uint8Array | null;
  facts?: WireFacts;
  /** Reads of a streamed body: milliseconds and text. */
  chunks?: [ms: number, text: string][];
  redacted?: number;
}

export function makeBody(made: MadeBody): LegBody {
  const text = made.text ?? made.chunks?.map(([, part]) => part).join('');
  const decoded = made.decoded ?? (text === undefined ? undefined : toUtf8(text));
  const whole = decoded === undefined ? [] : [{ ms: 0, data: decoded }];
  return {
    text,
    decoded,
    wire: made.wire === null ? undefined : (made.wire ?? decoded),
    facts: made.facts,
    chunks: made.chunks?.map(([ms, part]) => ({ ms, data: toUtf8(part) })) ?? whole,
    redacted: made.redacted ?? 0,
  };
}

export interface MadeEntry {
  exchange?: string;
  seq?: number;
  attempt?: number;
  protocol?: Protocol | null;
  outcome?: Outcome;
  method?: string;
  url?: string;
  requestHeaders?: Record<string, string> | HarHeader[];
  requestText?: string;
  requestType?: string;
  status?: number;
  responseHeaders?: Record<string, string>;
  responseType?: string;
  /** Reads of the response, or its text. */
  response?: [ms: number, text: string][] | string;
  time?: number;
  over?: Partial<Entry>;
}

/** An entry as a recorder would write it for plain bodies. */
export function makeEntry(made: MadeEntry = {}): Entry {
  const isUpstream = made.attempt !== undefined;
  const { response = '', requestText, responseType = 'text/event-stream' } = made;
  const text = typeof response === 'string' ? response : response.map(([, part]) => part).join('');
  const request: HarRequest = {
    method: made.method ?? 'POST',
    url: made.url ?? (isUpstream ? 'https://provider.example/v1/responses' : 'http://127.0.0.1:8787/v1/responses'),
    httpVersion: 'HTTP/1.1',
    cookies: [],
    headers: headersOf(made.requestHeaders ?? { 'content-type': 'application/json' }),
    queryString: [],
    headersSize: -1,
    bodySize: toUtf8(requestText ?? '').length,
  };
  if (requestText !== undefined) {
    request.postData = { mimeType: made.requestType ?? 'application/json', text: requestText };
  }
  return {
    startedDateTime: '2026-01-02T03:04:05.678Z',
    time: made.time ?? 1240,
    request,
    response: {
      status: made.status ?? 200,
      statusText: 'OK',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: headersOf(made.responseHeaders ?? { 'content-type': responseType }),
      content: {
        size: toUtf8(text).length,
        mimeType: responseType,
        ...(typeof response === 'string' ? { text } : { _chunks: response }),
      },
      redirectURL: '',
      headersSize: -1,
      bodySize: toUtf8(text).length,
      _headMs: 12,
    },
    cache: {},
    timings: { send: 0, wait: 12, receive: 1228 },
    _exchange: made.exchange ?? 'x1',
    _seq: made.seq ?? 1,
    _side: isUpstream ? 'upstream' : 'client',
    ...(isUpstream ? { _attempt: made.attempt! } : {}),
    _protocol: made.protocol === undefined ? 'responses' : made.protocol,
    _producer: { name: isUpstream ? 'tapedeck' : 'client', how: 'passthrough' },
    _seed: '1767323045678-0123456789abcdef',
    _outcome: made.outcome ?? 'complete',
    _end: { by: 'upstream', ms: made.time ?? 1240, how: 'complete' },
    ...made.over,
  };
}

function headersOf(headers: Record<string, string> | HarHeader[]): HarHeader[] {
  return Array.isArray(headers) ? headers : Object.entries(headers).map(([name, value]) => ({ name, value }));
}

/** A leg of an entry. Without a body of its own it has the plain one of the entry. */
export function makeLeg(name: LegName, entry: Entry, body?: MadeBody): Leg {
  if (body !== undefined) return { name, entry, body: makeBody(body) };
  const { text } = name.endsWith('request') ? (entry.request.postData ?? {}) : entry.response.content;
  const chunks = name.endsWith('request') ? undefined : entry.response.content._chunks;
  if (chunks !== undefined) return { name, entry, body: makeBody({ chunks: chunks as [number, string][] }) };
  return { name, entry, body: text === undefined || text === '' ? undefined : makeBody({ text }) };
}

/** An exchange of a client entry and its attempts, with its legs. */
export function makeExchange(client: Entry, attempts: Entry[] = []): { exchange: RecordedExchange; legs: Leg[] } {
  const exchange: RecordedExchange = {
    id: client._exchange,
    seq: client._seq,
    protocol: client._protocol,
    outcome: client._outcome,
    client,
    attempts,
  };
  const both = (entry: Entry, side: 'client' | 'upstream'): Leg[] => [
    makeLeg(`${side}-request`, entry),
    makeLeg(`${side}-response`, entry),
  ];
  return { exchange, legs: [...both(client, 'client'), ...attempts.flatMap((entry) => both(entry, 'upstream'))] };
}

/** Events as one SSE text each, in the manner of OpenAI. */
export function sse(...events: Record<string, unknown>[]): string[] {
  return events.map((event) => `${event.type ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`);
}
