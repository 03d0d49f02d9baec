import type { Leg } from '../../../cassette/legs.ts';
import { decodeBody } from '../../../decode/body.ts';
import { LIMITS } from '../../../decode/limits.ts';
import { regularFields, toHttp2Headers } from '../../../upstream/http2-head.ts';
import { fromUtf8 } from '../../../util/bytes.ts';
import { fromHarHeaders, headerValue } from '../../../util/headers.ts';
import { type Comparison, compareDocuments, compareStreams, type TextDifference } from '../compare.ts';
import { compareFields } from './fields.ts';
import type { AskedRequest } from './stage.ts';
import type { WireResponse } from './wire-response.ts';

/** Fields of a connection: the recorded one was another. */
const OF_THE_CONNECTION = ['connection', 'keep-alive'];

/** Over HTTP/2 there is no connection field, the host has a place of its own, and a length need not be told. */
const NOT_IN_HTTP2 = new Set([...OF_THE_CONNECTION, 'host', 'transfer-encoding', 'content-length']);

/** Fields that count losses. */
const LOSS_FIELDS: ReadonlySet<string> = new Set(['x-tapedeck-losses']);

const EQUAL: Comparison = { how: 'equal' };

/** What an upstream request is held against. */
export interface ExpectedRequest {
  /** As it was recorded. */
  leg: Leg;
  /** Expected in the place of the recorded body. */
  text: string | undefined;
}

/** Compares a request that the proxy sent upstream with the recorded one: method, URL, header fields and body. */
export async function compareRequest(expected: ExpectedRequest, asked: AskedRequest): Promise<Comparison> {
  const { request } = expected.leg.entry;
  if (request.method !== asked.method) return differs('the method', request.method, asked.method);
  if (request.url !== asked.url) return differs('the URL', request.url, asked.url);
  const body =
    expected.text === undefined
      ? compareBodies(expected.leg, { wire: asked.wire, decoded: asked.body })
      : compareDocuments(expected.text, fromUtf8(asked.body));
  // A body that differs has another length as well, which tells less.
  const fields = body.how === 'different' ? undefined : compareRequestFields(expected, asked);
  return fields ? { how: 'different', difference: fields } : body;
}

function compareRequestFields({ leg, text }: ExpectedRequest, asked: AskedRequest): TextDifference | undefined {
  const recorded = fromHarHeaders(leg.entry.request.headers);
  if (/^HTTP\/2/.test(leg.entry.request.httpVersion)) {
    const { origin, pathname, search } = new URL(asked.url);
    const { method, fields: headers, wire: body } = asked;
    const head = toHttp2Headers({ origin, path: pathname + search, method, headers, body });
    return compareFields(recorded, regularFields(head), NOT_IN_HTTP2);
  }
  return compareFields(recorded, asked.headers, skipped(text === undefined && isExact(leg)));
}

/** What a client's response is held against. */
export interface ExpectedResponse {
  leg: Leg;
  /** Expected in the place of the recorded ones. */
  status?: number;
  text: string | undefined;
  /** Whether the recorded losses are the expected ones. */
  losses: boolean;
  /** The client may have left before the end. */
  start: boolean;
  /** The answer broke off. */
  cut: boolean;
}

/** Compares what the client got with what it got when it was recorded: status, header fields, body, and how the message ended. */
export async function compareResponse(expected: ExpectedResponse, made: WireResponse): Promise<Comparison> {
  const { leg, text } = expected;
  const { response } = leg.entry;
  const status = expected.status ?? response.status;
  if (status !== made.status) return differs('the status', String(status), String(made.status));
  const body = await compareResponseBody(expected, made);
  if (body.how === 'different') return body;
  const exact = text === undefined && isExact(leg) && !expected.start;
  const vague = expected.losses ? undefined : LOSS_FIELDS;
  const fields = compareFields(fromHarHeaders(response.headers), made.headers, skipped(exact), vague);
  if (fields) return { how: 'different', difference: fields };
  const end = expected.start ? EQUAL : compareEnds(expected.cut, made);
  return end.how === 'equal' ? body : end;
}

async function compareResponseBody({ leg, text, start }: ExpectedResponse, made: WireResponse): Promise<Comparison> {
  const known = leg.body?.wire;
  if (text === undefined && start && known && isStart(known, made.body)) return EQUAL;
  const coding = headerValue(made.headers, 'content-encoding');
  const decoded = coding === undefined ? undefined : await decodeBody(made.body, coding, LIMITS.response);
  const view = decoded?.ok ? decoded.bytes : made.body;
  if (text !== undefined) return compareTexts(text, fromUtf8(view));
  return compareBodies(leg, { wire: made.body, decoded: view });
}

function isStart(start: Uint8Array, whole: Uint8Array): boolean {
  return Buffer.compare(start, whole.subarray(0, start.length)) === 0;
}

function compareEnds(cut: boolean, { headers, whole, extra }: WireResponse): Comparison {
  if (extra > 0) return differs('what follows the message', 'nothing', `${extra} bytes`);
  const framed = ['content-length', 'transfer-encoding'].some((name) => headerValue(headers, name) !== undefined);
  const [before, now] = [cut, !whole].map((broken) => (broken ? 'broken off' : 'complete')) as [string, string];
  return before === now || !framed ? EQUAL : differs('the end of the message', before, now);
}

/** Compares a body with the recorded one: byte by byte where the cassette holds the bytes, else by what it says. */
function compareBodies({ body }: Leg, made: { wire: Uint8Array; decoded: Uint8Array }): Comparison {
  if (Buffer.compare(body?.wire ?? body?.decoded ?? Buffer.alloc(0), made.wire) === 0) return EQUAL;
  const recorded = body?.decoded ?? Buffer.alloc(0);
  if (Buffer.compare(recorded, made.decoded) === 0) {
    return body?.wire ? differs('the content coding', 'the recorded bytes', 'other bytes of the same content') : EQUAL;
  }
  return compareTexts(fromUtf8(recorded), fromUtf8(made.decoded));
}

function compareTexts(recorded: string, made: string): Comparison {
  return (/^(?:event|data):/.test(recorded) ? compareStreams : compareDocuments)(recorded, made);
}

/** Whether the cassette holds the bytes that crossed the wire; otherwise their number is another one. */
function isExact({ body }: Leg): boolean {
  return !body || body.wire !== undefined;
}

function skipped(exact: boolean): ReadonlySet<string> {
  return new Set(exact ? OF_THE_CONNECTION : [...OF_THE_CONNECTION, 'content-length']);
}

function differs(what: string, expected: string, actual: string): Comparison {
  const message = `${what} is ${actual} and should be ${expected}`;
  const diff = [`- ${expected}`, `+ ${actual}`];
  return { how: 'different', difference: { message, pointer: '', expected, actual, diff } };
}

/** Whether two runs told the client the same; how they framed it does not count. */
export function isSameResponse(a: WireResponse, b: WireResponse | undefined): boolean {
  return b !== undefined && a.status === b.status && a.whole === b.whole && Buffer.compare(a.body, b.body) === 0;
}

/** What a run with other reads told otherwise. */
export function compareSplit(first: WireResponse, other: WireResponse | undefined): Comparison {
  if (!other) return differs('the response', 'the same', 'none');
  if (first.status !== other.status) return differs('the status', String(first.status), String(other.status));
  const texts = compareTexts(fromUtf8(first.body), fromUtf8(other.body));
  return texts.how === 'equal' ? compareEnds(!first.whole, other) : texts;
}
