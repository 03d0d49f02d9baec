import { TapedeckError } from '../../errors.ts';
import { toUtf8 } from '../../util/bytes.ts';
import { headerValue, headerValues } from '../../util/headers.ts';
import { fromBase64 } from '../bytes-json.ts';
import type { WebSocketMessage } from '../format.ts';
import { bodyFromDecoded, encodingsOf, missingBody, NO_BODY, statedLength } from './body.ts';
import { undoMisreading } from './misread.ts';
import type { ImportedBody, ImportedExchange, ImportSource, Lack } from './source.ts';

/**
 * HAR 1.2 files as Chromium's and Firefox's developer tools, mitmproxy and others write them. Bodies are in there without
 * their content codings; which bodies are missing, and which fields, differs from one program to the next.
 */
type Fields = Record<string, unknown>;

/** @param log `log` of the file @param path for messages @throws TapedeckError `input-invalid` */
export function openHar(log: Fields, path: string): ImportSource {
  const creator = fieldsAt(log, 'creator');
  const name = textAt(creator, 'name') || 'unknown';
  const version = textAt(creator, 'version');
  const entries = (log.entries as unknown[]).map((entry, i) => readEntry(entry, `${path}, entry ${i + 1}`));
  entries.sort((a, b) => a.startedAt - b.startedAt);
  return {
    format: 'har',
    title: `a HAR file of ${[name, version].join(' ').trim()}`,
    gateway: { name, ...(version === '' ? {} : { version }) },
    exchanges: () => entries,
  };
}

function readEntry(value: unknown, place: string): ImportedExchange {
  const entry = asFields(value);
  const request = fieldsAt(entry, 'request');
  const response = fieldsAt(entry, 'response');
  const startedAt = Date.parse(textAt(entry, 'startedDateTime'));
  if (!Number.isFinite(startedAt)) throw invalid(place, '`startedDateTime` is no date');
  if (typeof request.url !== 'string' || typeof request.method !== 'string')
    throw invalid(place, '`request` has no URL');
  const lacks = new Set<Lack>(['upstream-side']);
  const requestHeaders = headersOf(request, place, lacks);
  const error = textAt(response, '_error') || textAt(entry, '_error');
  const exchange: ImportedExchange = {
    startedAt,
    ...timesOf(entry),
    request: {
      method: request.method,
      // Browsers name WebSockets by their own scheme; on the wire it is HTTP that is upgraded.
      url: request.url.replace(/^ws(?=s?:)/i, 'http'),
      httpVersion: textAt(request, 'httpVersion'),
      headers: requestHeaders,
      body: requestBody(request, requestHeaders, lacks),
    },
    ...(error === '' ? {} : { error }),
    lacks: [],
  };
  const status = numberAt(response, 'status') ?? 0;
  if (status > 0) {
    const headers = headersOf(response, place, lacks);
    exchange.response = {
      status,
      statusText: textAt(response, 'statusText'),
      httpVersion: textAt(response, 'httpVersion'),
      headers,
      body: responseBody(response, request.method, headers, lacks),
    };
  } else lacks.add('response');
  const messages = entry._webSocketMessages;
  if (Array.isArray(messages)) exchange.webSocketMessages = messages.map((message) => messageOf(message, place));
  return { ...exchange, lacks: [...lacks] };
}

function headersOf(message: Fields, place: string, lacks: Set<Lack>): string[] {
  const list = message.headers;
  if (!Array.isArray(list)) throw invalid(place, 'the headers are no list');
  const pairs = list.map((header) => [textAt(asFields(header), 'name'), textAt(asFields(header), 'value')] as const);
  if (pairs.some(([name]) => name.startsWith(':'))) lacks.add('pseudo-headers');
  const lines = pairs.filter(([name]) => name !== '' && !name.startsWith(':'));
  const known = lines.some(([name]) => /[A-Z]/.test(name));
  if (lines.length > 0 && !known) lacks.add('header-case');
  return lines.flat();
}

const NOT_HELD = 'the HAR file does not hold it';

function requestBody(request: Fields, headers: readonly string[], lacks: Set<Lack>): ImportedBody {
  const post = asFields(request.postData);
  const text = typeof post.text === 'string' ? post.text : formOf(post.params);
  const wireSize = sizeOf(request, headers);
  if (text === undefined || text === '')
    return wireSize > 0 ? missing('request-body', headers, wireSize, lacks) : NO_BODY;
  const lengths = [wireSize, numberAt(request, 'bodySize') ?? -1];
  const bytes = bytesOf(text, textAt(post, 'encoding'), lengths);
  return keep(bytes, 'request-body', headers, wireSize, lacks);
}

function responseBody(response: Fields, method: string, headers: readonly string[], lacks: Set<Lack>): ImportedBody {
  const content = fieldsAt(response, 'content');
  const status = numberAt(response, 'status') ?? 0;
  // RFC 9110 section 6.4.1: these have none, whatever their headers say.
  if (method === 'HEAD' || status === 101 || status === 204 || status === 304) return NO_BODY;
  const wireSize = sizeOf(response, headers);
  const size = numberAt(content, 'size') ?? 0;
  if (/event-stream/i.test(headerValue(headers, 'content-type') ?? '')) lacks.add('chunk-times');
  if (typeof content.text !== 'string' || content.text === '') {
    // Chromium counts the framing of chunks as well; of a plain body the decoded length is what it was.
    const length = size > 0 && encodingsOf(headers).length === 0 ? size : wireSize;
    return length > 0 || size > 0 ? missing('response-body', headers, length, lacks) : NO_BODY;
  }
  // HAR's `size` is the decoded length; mitmproxy writes the coded one there and the difference into `compression`.
  const lengths = [wireSize, size, size + (numberAt(content, 'compression') ?? 0)];
  const bytes = bytesOf(content.text, textAt(content, 'encoding'), lengths);
  return keep(bytes, 'response-body', headers, wireSize, lacks);
}

/** Undefined: the program that wrote the file turned bytes that are no UTF-8 into text. */
function bytesOf(text: string, encoding: string, lengths: readonly number[]): Uint8Array | undefined {
  if (encoding === 'base64') return fromBase64(text);
  const bytes = toUtf8(text);
  if (lengths.includes(bytes.length)) return bytes;
  const undone = undoMisreading(text, lengths);
  if (undone) return undone;
  return text.includes('\ufffd') && lengths.some((length) => length > 0) ? undefined : bytes;
}

function keep(
  bytes: Uint8Array | undefined,
  lack: Lack,
  headers: readonly string[],
  wireSize: number,
  lacks: Set<Lack>,
): ImportedBody {
  if (bytes === undefined) return missing(lack, headers, wireSize, lacks);
  const coded = encodingsOf(headers).length > 0;
  if (coded) lacks.add('wire-bytes');
  // Programs count plain bodies in their own ways, and senders say how long theirs is.
  const stated = statedLength(headers);
  return bodyFromDecoded(bytes, headers, coded ? wireSize : stated >= 0 ? stated : bytes.length);
}

function missing(lack: Lack, headers: readonly string[], wireSize: number, lacks: Set<Lack>): ImportedBody {
  lacks.add(lack);
  return missingBody(headers, wireSize, NOT_HELD);
}

/** Bytes of the body on the wire: `content-length` is what the sender said, `bodySize` what the program counted. */
function sizeOf(message: Fields, headers: readonly string[]): number {
  const stated = statedLength(headers);
  if (stated >= 0 && headerValues(headers, 'transfer-encoding').length === 0) return stated;
  const counted = numberAt(message, 'bodySize') ?? -1;
  return Number.isInteger(counted) ? Math.max(-1, counted) : -1;
}

/** Browsers keep some forms as parameters alone. */
function formOf(params: unknown): string | undefined {
  if (!Array.isArray(params) || params.length === 0) return undefined;
  const pairs = params.map(asFields).map((param) => [textAt(param, 'name'), textAt(param, 'value')]);
  return new URLSearchParams(pairs as [string, string][]).toString();
}

/** Phases before the request was sent count as sending, so that the phases still add up; -1 is HAR's way to say unknown. */
function timesOf(entry: Fields): Pick<ImportedExchange, 'sentMs' | 'headMs' | 'endMs'> {
  const timings = fieldsAt(entry, 'timings');
  const phase = (name: string): number => Math.max(0, numberAt(timings, name) ?? 0);
  const sentMs = phase('blocked') + phase('dns') + phase('connect') + phase('send');
  const headMs = sentMs + phase('wait');
  return { sentMs, headMs, endMs: Math.max(numberAt(entry, 'time') ?? 0, headMs + phase('receive')) };
}

function messageOf(value: unknown, place: string): WebSocketMessage {
  const { type, time, opcode, data } = asFields(value);
  if ((type !== 'send' && type !== 'receive') || typeof data !== 'string') {
    throw invalid(place, 'a WebSocket message has no direction or no data');
  }
  return { type, time: typeof time === 'number' ? time : 0, opcode: typeof opcode === 'number' ? opcode : 1, data };
}

function invalid(place: string, what: string): TapedeckError {
  const hint = 'Save it again with the program that wrote it; HAR 1.2 says what an entry has.';
  return new TapedeckError('input-invalid', `${place} cannot be imported: ${what}.`, { hint });
}

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function fieldsAt(parent: Fields, key: string): Fields {
  return asFields(parent[key]);
}

function textAt(parent: Fields, key: string): string {
  const value = parent[key];
  return typeof value === 'string' ? value : '';
}

function numberAt(parent: Fields, key: string): number | undefined {
  const value = parent[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
