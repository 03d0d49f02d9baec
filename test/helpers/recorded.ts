import type { Chunk, Entry, EntryEnd, WireFacts } from '../../src/cassette/format.ts';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import type { Outcome, Protocol, RawHeaders, Side } from '../../src/util/types.ts';

/** One side of an exchange, as far as a test cares. */
export interface SideSpec {
  method?: string;
  url?: string;
  /** A string is written as it is, anything else as JSON; absent: no body. */
  body?: unknown;
  requestHeaders?: RawHeaders;
  requestWire?: WireFacts;
  status?: number;
  headers?: RawHeaders;
  /** The answer's text. */
  answer?: string;
  /** The answer by reads; takes the place of `answer`. */
  chunks?: Chunk[];
  answerWire?: WireFacts;
  redacted?: number;
  headMs?: number;
  outcome?: Outcome;
  end?: EntryEnd;
  protocol?: Protocol | null;
}

let count = 0;

/** A recorded exchange: the client's side, and one upstream entry an attempt. */
export function recorded(client: SideSpec, attempts: SideSpec[] = []): RecordedExchange {
  count += 1;
  const id = `x${count}`;
  const entry = entryOf(client, 'client', id, count);
  return {
    id,
    seq: count,
    protocol: entry._protocol,
    outcome: entry._outcome,
    client: entry,
    attempts: attempts.map((spec, i) => ({ ...entryOf(spec, 'upstream', id, count), _attempt: i + 1 })),
  };
}

function entryOf(spec: SideSpec, side: Side, id: string, seq: number): Entry {
  const text = spec.body === undefined || typeof spec.body === 'string' ? spec.body : JSON.stringify(spec.body);
  const outcome = spec.outcome ?? 'complete';
  return {
    startedDateTime: '2026-01-02T03:04:05.000Z',
    time: 20,
    request: {
      method: spec.method ?? 'POST',
      url: spec.url ?? 'http://127.0.0.1:8787/v1/responses',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: harHeaders(spec.requestHeaders ?? ['content-type', 'application/json']),
      queryString: [],
      headersSize: -1,
      bodySize: text?.length ?? 0,
      ...(text === undefined
        ? {}
        : {
            postData: {
              mimeType: 'application/json',
              text,
              ...(spec.requestWire ? { _wire: spec.requestWire } : {}),
            },
          }),
    },
    response: {
      status: spec.status ?? 200,
      statusText: spec.status === undefined ? 'OK' : '',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: harHeaders(spec.headers ?? ['content-type', 'application/json']),
      content: {
        mimeType: 'application/json',
        size: spec.answer?.length ?? 0,
        ...(spec.chunks ? { _chunks: spec.chunks } : { text: spec.answer ?? '' }),
        ...(spec.answerWire ? { _wire: spec.answerWire } : {}),
        ...(spec.redacted === undefined ? {} : { _redacted: spec.redacted }),
      },
      redirectURL: '',
      headersSize: -1,
      bodySize: -1,
      _headMs: spec.headMs ?? 0,
    },
    cache: {},
    timings: { send: 0, wait: 0, receive: 0 },
    _exchange: id,
    _seq: seq,
    _side: side,
    _protocol: spec.protocol === undefined ? 'responses' : spec.protocol,
    _producer: { name: side },
    _seed: '0-0000000000000000',
    _outcome: outcome,
    _end: spec.end ?? { by: 'upstream', ms: 20, how: outcome === 'complete' ? 'complete' : 'closed' },
  };
}

function harHeaders(raw: RawHeaders): { name: string; value: string }[] {
  return raw.flatMap((name, i) => (i % 2 === 0 ? [{ name, value: raw[i + 1] ?? '' }] : []));
}
