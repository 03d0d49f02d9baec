import type { Entry } from '../../cassette/format.ts';
import { eventChunks, type Leg, legOf, type RecordedExchange } from '../../cassette/legs.ts';
import { createOf, isOverWebSocket } from '../../cassette/messages.ts';
import { isDummy, splitScheme } from '../../cassette/redact/credentials.ts';
import { parseJson } from '../../decode/json.ts';
import { readSocketError } from '../../protocols/responses/socket.ts';
import { fromUtf8 } from '../../util/bytes.ts';
import { fromHarHeaders, headerValue } from '../../util/headers.ts';
import type { RawHeaders } from '../../util/types.ts';
import { type AnswerError, fieldsOf, readAnswerError } from './answer-error.ts';
import { readEnding } from './ending.ts';
import { readEvents, type SeenEvent } from './events.ts';
import type { Ending, Forecast } from './types.ts';

/** What an exchange holds, read once, so that every cause is a short test. */
export interface ExchangeFacts {
  exchange: RecordedExchange;
  request: RequestFacts;
  /** The request that went upstream last; the client's where there is none. */
  sent: RequestFacts;
  answer: AnswerFacts;
  /** The upstream's last answer; undefined when there was none. */
  upstream: AnswerFacts | undefined;
  ending: Ending;
  forecast: Forecast | undefined;
}

export interface RequestFacts {
  method: string;
  url: string;
  /** Without query. */
  path: string;
  headers: RawHeaders;
  /** `content-encoding`, lower case. */
  coding: string | undefined;
  model: string | undefined;
  credential: 'none' | 'dummy' | 'login' | 'key';
}

export interface AnswerFacts {
  /** 0: none came. */
  status: number;
  headers: RawHeaders;
  /** Decoded text; empty where there is none. */
  text: string;
  bytes: number;
  coding: string | undefined;
  events: SeenEvent[];
  /** What stood after the last blank line. */
  rest: string;
  /** Comment lines; keep-alives mostly. */
  comments: number;
  isHtml: boolean;
  error: AnswerError | undefined;
}

/** The key that `record` puts where the user has none; the proxy and its tests name it the same. */
const OWN_DUMMY = 'tapedeck-no-key';

/** Reads the facts of one exchange. */
export function readFacts(exchange: RecordedExchange, forecast: Forecast | undefined): ExchangeFacts {
  const request = readRequest(exchange.client, legOf(exchange, 'client-request'));
  const last = exchange.attempts.at(-1);
  const answer = readAnswer(exchange.client, legOf(exchange, 'client-response'));
  return {
    exchange,
    request,
    sent: last ? readRequest(last, legOf(exchange, 'upstream-request')) : request,
    answer,
    upstream: last && readAnswer(last, legOf(exchange, 'upstream-response')),
    ending: readEnding(exchange, answer.events, answer.bytes, chunksOf(legOf(exchange, 'client-response'))),
    forecast,
  };
}

function chunksOf(leg: Leg | undefined): { ms: number; data: Uint8Array }[] {
  return leg ? eventChunks(leg) : [];
}

function lengthOf(chunks: readonly { data: Uint8Array }[]): number {
  return chunks.reduce((sum, { data }) => sum + data.length, 0);
}

/** Whether the exchange is an upgrade to WebSocket and nothing more: what comes over an accepted one is another matter. */
export function isUpgrade({ exchange, request }: ExchangeFacts): boolean {
  if (isOverWebSocket(exchange.client)) return false;
  return headerValue(request.headers, 'upgrade')?.trim().toLowerCase() === 'websocket';
}

function readRequest(entry: Entry, leg: Leg | undefined): RequestFacts {
  const headers = fromHarHeaders(entry.request.headers);
  const create = leg?.messages && createOf(leg.messages);
  const parsed = parseJson(create ? fromUtf8(create.data) : (leg?.body?.text ?? ''));
  const model = parsed.ok ? fieldsOf(parsed.value).model : undefined;
  return {
    method: entry.request.method,
    url: entry.request.url,
    path: pathOf(entry.request.url),
    headers,
    coding: headerValue(headers, 'content-encoding')?.trim().toLowerCase() || undefined,
    model: typeof model === 'string' ? model : undefined,
    credential: readCredential(headers),
  };
}

function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/s, '');
}

function readCredential(headers: RawHeaders): RequestFacts['credential'] {
  const value =
    headerValue(headers, 'authorization') ?? headerValue(headers, 'x-api-key') ?? headerValue(headers, 'api-key');
  if (value === undefined) return 'none';
  const secret = splitScheme(value).value;
  if (secret === OWN_DUMMY || isDummy(secret)) return 'dummy';
  return headerValue(headers, 'chatgpt-account-id') === undefined ? 'key' : 'login';
}

function readAnswer(entry: Entry, leg: Leg | undefined): AnswerFacts {
  const headers = fromHarHeaders(entry.response.headers);
  const text = leg?.body?.text ?? '';
  const { events, rest, comments } = readEvents(chunksOf(leg), leg?.messages ? '' : text);
  const last = leg?.messages?.at(-1);
  // An error over WebSocket is an HTTP answer in one message.
  const socketError = last && readSocketError(last.data);
  const mime = headerValue(headers, 'content-type') ?? '';
  const coding = headerValue(headers, 'content-encoding')?.trim().toLowerCase();
  return {
    status: socketError?.status ?? entry.response.status,
    headers: socketError?.status === undefined ? headers : socketError.headers,
    text,
    // Of a WebSocket as many as its events have, so that their places are among them.
    bytes: leg?.messages ? lengthOf(chunksOf(leg)) : (leg?.body?.decoded?.length ?? 0),
    coding: coding === 'identity' ? undefined : coding,
    events,
    rest,
    comments,
    isHtml: /^\s*(?:<!doctype html|<html|<head|<body)/i.test(text) || (/text\/html/i.test(mime) && /<\w+/.test(text)),
    error: readAnswerError(text, events),
  };
}
