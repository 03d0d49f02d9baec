import { Buffer } from 'node:buffer';
import { parseSse } from '../../decode/sse.ts';
import { toUtf8 } from '../../util/bytes.ts';
import { headerValue, toHarHeaders } from '../../util/headers.ts';
import { sha256Hex } from '../../util/sha256.ts';
import type { Outcome, Protocol } from '../../util/types.ts';
import { roundMs } from '../bytes-json.ts';
import { queryOf } from '../edit/query.ts';
import type { Entry, HarRequest, HarResponse, Producer, WebSocketMessage } from '../format.ts';
import { mimeTypeOf } from './body.ts';
import type { ImportedBody, ImportedExchange } from './source.ts';
import { splitMessages } from './websocket.ts';

export interface EntryContext {
  /** What made the answer. */
  producer: Producer;
  /** The protocol of an endpoint. `webSocket`: the request was an upgrade. */
  protocolOf(method: string, url: string, webSocket: boolean): Protocol | null;
}

/**
 * The client entries of an imported exchange, not redacted yet: one, or one an exchange of a WebSocket connection.
 * @param first number of the first one, from 1
 */
export function entriesOf(exchange: ImportedExchange, first: number, context: EntryContext): Entry[] {
  const { webSocketMessages } = exchange;
  if (!webSocketMessages) return [entryOf(exchange, first, context)];
  return splitMessages(webSocketMessages).map((messages, i) => {
    const entry = entryOf(exchange, first + i, context);
    const from = i === 0 ? undefined : messages[0];
    return {
      ...entry,
      ...connectionTimes(entry, messages, from),
      request: { ...entry.request, bodySize: lengthOf(messages, 'send') },
      response: { ...entry.response, bodySize: lengthOf(messages, 'receive') },
      _connection: `c${first}`,
      _webSocketMessages: messages,
    };
  });
}

function entryOf(exchange: ImportedExchange, number: number, { producer, protocolOf }: EntryContext): Entry {
  const { startedAt, request, webSocketMessages } = exchange;
  const started = Math.floor(startedAt);
  const entry: Entry = {
    startedDateTime: new Date(started).toISOString(),
    ...timesOf(exchange),
    request: requestOf(exchange),
    response: responseOf(exchange),
    cache: {},
    _exchange: `x${number}`,
    _seq: number,
    _side: 'client',
    _protocol: protocolOf(request.method, request.url, webSocketMessages !== undefined),
    _producer: producer,
    _seed: `${started}-${sha256Hex(`${number} ${startedAt} ${request.method} ${request.url}`).slice(0, 16)}`,
    _outcome: outcomeOf(exchange),
  };
  if (exchange.end) entry._end = { ...exchange.end, ms: roundMs(exchange.end.ms) };
  return entry;
}

function lengthOf(messages: readonly WebSocketMessage[], type: WebSocketMessage['type']): number {
  return messages
    .filter((message) => message.type === type)
    .reduce((sum, { opcode, data }) => sum + Buffer.byteLength(data, opcode === 1 ? 'utf8' : 'base64'), 0);
}

/** A later exchange of a connection begins with its first message and lasts to its last one. */
function connectionTimes(
  entry: Entry,
  messages: readonly WebSocketMessage[],
  from: WebSocketMessage | undefined,
): Partial<Entry> {
  if (from === undefined) return {};
  const started = Math.floor(from.time * 1000);
  const time = roundMs((messages.at(-1)!.time - from.time) * 1000);
  const seed = `${started}-${entry._seed.split('-')[1]}`;
  return {
    startedDateTime: new Date(started).toISOString(),
    time,
    timings: { send: 0, wait: 0, receive: time },
    _seed: seed,
  };
}

/** HAR 1.2: `time` is the sum of the timings. */
function timesOf({ sentMs = 0, headMs = sentMs, endMs = headMs }: ImportedExchange): Pick<Entry, 'time' | 'timings'> {
  const send = roundMs(sentMs);
  const wait = roundMs(headMs - sentMs);
  const receive = roundMs(endMs - headMs);
  return { time: roundMs(send + wait + receive), timings: { send, wait, receive } };
}

function requestOf({ request }: ImportedExchange): HarRequest {
  const { method, url, httpVersion, headers, trailers, body } = request;
  return {
    method,
    url,
    httpVersion,
    cookies: [],
    headers: toHarHeaders(headers),
    queryString: queryOf(url),
    headersSize: -1,
    bodySize: body.wireSize,
    ...(body.fields ? { postData: { ...body.fields, text: body.fields.text ?? '' } } : {}),
    ...(trailers ? { _trailers: toHarHeaders(trailers) } : {}),
  };
}

function responseOf({ response, headMs }: ImportedExchange): HarResponse {
  const headers = response?.headers ?? [];
  return {
    status: response?.status ?? 0,
    statusText: response?.statusText ?? '',
    httpVersion: response?.httpVersion ?? '',
    cookies: [],
    headers: toHarHeaders(headers),
    content: { size: response?.body.size ?? 0, ...(response?.body.fields ?? { mimeType: mimeTypeOf(headers) }) },
    redirectURL: headerValue(headers, 'location') ?? '',
    headersSize: -1,
    bodySize: response?.body.wireSize ?? 0,
    ...(response && headMs !== undefined ? { _headMs: roundMs(headMs) } : {}),
    ...(response?.trailers ? { _trailers: toHarHeaders(response.trailers) } : {}),
  };
}

/** Who went away, in the words of the sources: Chromium's error names, mitmproxy's messages. */
const CLIENT_LEFT = /ERR_ABORTED|client disconnected/i;

function outcomeOf({ response, error }: ImportedExchange): Outcome {
  if (error !== undefined && CLIENT_LEFT.test(error)) return 'client-aborted';
  if (!response) return 'upstream-error';
  return error !== undefined || breaksOff(response) ? 'upstream-aborted' : 'complete';
}

/** A plain body shorter than its head says, or a stream that ends within an event. */
function breaksOff({ headers, body }: { headers: readonly string[]; body: ImportedBody }): boolean {
  const { text, _wire, _redacted } = body.fields ?? {};
  if (text === undefined || _redacted) return false;
  if (_wire?.encodings.length === 0 && _wire.bytes > body.size) return true;
  const isStream = /event-stream/i.test(headerValue(headers, 'content-type') ?? '');
  return isStream && parseSse(toUtf8(text)).rest !== undefined;
}
