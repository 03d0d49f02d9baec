import { fromUtf8, toUtf8 } from '../../util/bytes.ts';
import { fromHarHeaders, toHarHeaders } from '../../util/headers.ts';
import { fromBase64, toBase64 } from '../bytes-json.ts';
import type { CassetteHeader, Entry, HarHeader, HarRequest, HarResponse, WebSocketMessage } from '../format.ts';
import { createRedactor, type Redactor } from '../redact.ts';
import { highestPlaceholder, mapPlaceholderBytes, mapPlaceholders } from './placeholders.ts';
import { queryOf } from './query.ts';
import { redactBodyFields } from './redact-body.ts';

export interface EntryRedactorOptions {
  /** Users' own patterns, besides those that every recording has. */
  patterns?: RegExp[];
  /** Names of headers whose values are replaced whatever they look like. */
  headers?: readonly string[];
  /** Number of the first new placeholder: one more than the highest that the cassette holds. */
  firstNumber?: number;
}

/** Redacts entries that are in a file already, as a recording redacts what comes in. One a file: it numbers the values. */
export interface EntryRedactor {
  /** The entry without credentials. Nothing outside them changes, placeholders that it holds already included. */
  entry(entry: Entry): Promise<Entry>;
  /**
   * The header of the file, for the next reading of the same entries, when all have been seen once: it stands first, and what it names may have been found
   * to be a secret in any of them. Its counts go up by what was replaced.
   * @param firstNumber the one that the next reading will begin with
   */
  header(header: CassetteHeader, firstNumber: number): CassetteHeader;
  /** New replacements so far, by kind. */
  counts(): Record<string, number>;
}

export function createEntryRedactor(options: EntryRedactorOptions = {}): EntryRedactor {
  const { patterns = [], headers = [], firstNumber = 1 } = options;
  const bare = createRedactor({ patterns });
  let first = firstNumber;
  /** How often the messages of the last client entry were changed; upstream entries that are said to be the same follow it. */
  let ofClient = 0;
  const redactor = withNamedHeaders(
    numberedFrom(bare, () => first),
    headers,
  );
  return {
    counts: () => bare.counts(),
    header(header, nextFirst) {
      first = nextFirst;
      const redacted = redactHeader(header, redactor);
      return { ...redacted, redacted: addCounts(header.redacted, bare.counts()) };
    },
    async entry(entry) {
      const redacted: Entry = {
        ...entry,
        request: await redactRequest(entry.request, redactor),
        response: await redactResponse(entry.response, redactor),
      };
      redactFacts(redacted, redactor);
      const found = redactMessages(redacted, redactor);
      if (entry._side === 'client') ofClient = found;
      const changed = entry._webSocketSameAs === undefined ? found : ofClient;
      if (changed > 0) redacted._webSocketRedacted = (entry._webSocketRedacted ?? 0) + changed;
      return redacted;
    },
  };
}

/** The highest number that a placeholder of an entry, or of the header, has; 0 without one. */
export function highestNumber(part: Entry | CassetteHeader): number {
  return highestPlaceholder(JSON.stringify(part));
}

function redactHeader(header: CassetteHeader, redactor: Redactor): CassetteHeader {
  const program = ({ name, version }: { name: string; version?: string }) => ({
    name: redactText(name, redactor),
    ...(version === undefined ? {} : { version: redactText(version, redactor) }),
  });
  return {
    ...header,
    ...(header.client ? { client: program(header.client) } : {}),
    gateway: program(header.gateway),
    upstream: { ...header.upstream, url: redactor.url(header.upstream.url) },
  };
}

function addCounts(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a };
  for (const [kind, count] of Object.entries(b)) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

async function redactRequest(request: HarRequest, redactor: Redactor): Promise<HarRequest> {
  // Headers first: what stands in a credential's place there is then known in the URL and in the body.
  // HAR files of other programs have cookies and form fields a second time.
  const redacted: HarRequest = { ...request, cookies: [], headers: redactHeaders(request.headers, redactor) };
  redacted.url = redactor.url(request.url);
  if (redacted.url !== request.url) redacted.queryString = queryOf(redacted.url);
  if (request.postData) redacted.postData = await redactBodyFields(withoutParams(request.postData), redactor);
  if (request._trailers) redacted._trailers = redactHeaders(request._trailers, redactor);
  return redacted;
}

async function redactResponse(response: HarResponse, redactor: Redactor): Promise<HarResponse> {
  const redacted: HarResponse = { ...response, cookies: [], headers: redactHeaders(response.headers, redactor) };
  if (response.redirectURL) redacted.redirectURL = redactor.url(response.redirectURL);
  redacted.content = await redactBodyFields(response.content, redactor);
  if (response._trailers) redacted._trailers = redactHeaders(response._trailers, redactor);
  if (response._informational)
    redacted._informational = response._informational.map((interim) => {
      const statusText = redactText(interim.statusText, redactor);
      return { ...interim, statusText, headers: redactHeaders(interim.headers, redactor) };
    });
  return redacted;
}

function withoutParams<Fields extends object>(postData: Fields): Fields {
  if (!('params' in postData)) return postData;
  const { params: _, ...rest } = postData as Fields & { params: unknown };
  return rest as unknown as Fields;
}

function redactHeaders(headers: readonly HarHeader[], redactor: Redactor): HarHeader[] {
  return toHarHeaders(redactor.headers(fromHarHeaders(headers)));
}

function redactFacts(entry: Entry, redactor: Redactor): void {
  const text = (value: string): string => redactText(value, redactor);
  const { _end, _losses, _webSocketClose } = entry;
  if (_end?.detail) entry._end = { ..._end, detail: text(_end.detail) };
  if (_losses) entry._losses = _losses.map((loss) => ({ ...loss, path: text(loss.path), reason: text(loss.reason) }));
  if (_webSocketClose) entry._webSocketClose = { ..._webSocketClose, reason: text(_webSocketClose.reason) };
}

function redactText(text: string, redactor: Redactor): string {
  const { bytes, count } = redactor.body(toUtf8(text), 'text/plain');
  return count === 0 ? text : fromUtf8(bytes);
}

const JSON_LINES = 'application/x-ndjson';
const LINE_FEED = 10;

/**
 * Text messages of one direction are one stream of JSON lines, since secrets may be spread over the deltas of several; a
 * message with lines of its own, or with bytes, is looked at alone. Answers with the number of replacements.
 */
function redactMessages(entry: Entry, redactor: Redactor): number {
  let count = 0;
  const redacted = (entry._webSocketMessages ?? []).map((message) => {
    const alone = redactAlone(message, redactor);
    count += alone.count;
    return alone.message;
  });
  for (const direction of ['send', 'receive'] as const) {
    const joined = redacted.filter((message) => message.type === direction && isLine(message));
    const stream = redactor.stream(JSON_LINES);
    const safe = joined.flatMap(({ data }) => stream.push(toUtf8(`${data}\n`)));
    safe.push(...stream.end());
    if (stream.count() > 0) for (const [i, message] of joined.entries()) message.data = fromUtf8(withoutFeed(safe[i]!));
    count += stream.count();
  }
  if (entry._webSocketMessages) entry._webSocketMessages = redacted;
  return count;
}

function isLine({ opcode, data }: WebSocketMessage): boolean {
  return opcode === 1 && !/[\r\n]/.test(data);
}

function withoutFeed(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === LINE_FEED ? bytes.subarray(0, -1) : bytes;
}

function redactAlone(message: WebSocketMessage, redactor: Redactor): { message: WebSocketMessage; count: number } {
  if (isLine(message)) return { message: { ...message }, count: 0 };
  const isText = message.opcode === 1;
  const raw = isText ? toUtf8(message.data) : fromBase64(message.data);
  const { bytes, count } = redactor.body(raw, isText ? 'text/plain' : 'application/octet-stream');
  const data = isText ? fromUtf8(bytes) : toBase64(bytes);
  return { message: count === 0 ? { ...message } : { ...message, data }, count };
}

/** Far above every number that a recording gives: marks placeholders that were there before. */
const OLD = 1_000_000_000;

/**
 * A redactor counts from 1, and the placeholders that stand in a text already have those numbers for other values. They are
 * marked before a text is redacted and get their number back after it; the new ones begin at `first`.
 */
function numberedFrom(redactor: Redactor, first: () => number): Redactor {
  const mark = (n: number): number => n + OLD;
  const unmark = (n: number): number => (n >= OLD ? n - OLD : n + first() - 1);
  return {
    headers: (raw) =>
      redactor.headers(raw.map((text) => mapPlaceholders(text, mark))).map((text) => mapPlaceholders(text, unmark)),
    text: (text) => mapPlaceholders(redactor.text(mapPlaceholders(text, mark)), unmark),
    url: (url) => mapPlaceholders(redactor.url(mapPlaceholders(url, mark)), unmark),
    body(bytes, mimeType) {
      const { bytes: safe, count } = redactor.body(mapPlaceholderBytes(bytes, mark), mimeType);
      return count === 0 ? { bytes, count } : { bytes: mapPlaceholderBytes(safe, unmark), count };
    },
    stream(mimeType) {
      const stream = redactor.stream(mimeType);
      const shown = (chunks: Uint8Array[]): Uint8Array[] => chunks.map((chunk) => mapPlaceholderBytes(chunk, unmark));
      return {
        push: (chunk) => shown(stream.push(mapPlaceholderBytes(chunk, mark))),
        pushAll: (chunks) => shown(stream.pushAll(chunks.map((chunk) => mapPlaceholderBytes(chunk, mark)))),
        end: () => shown(stream.end()),
        count: () => stream.count(),
      };
    },
    counts: () => redactor.counts(),
  };
}

/** A header that is sure to hold a token, as whose value those of the named headers are replaced and learnt. */
const TOKEN_HEADER = 'x-auth-token';

function withNamedHeaders(redactor: Redactor, names: readonly string[]): Redactor {
  const named = new Set(names.map((name) => name.toLowerCase()));
  return {
    ...redactor,
    headers(raw) {
      const values = redactor.headers(
        raw.map((text, i) => (i % 2 === 0 && named.has(text.toLowerCase()) ? TOKEN_HEADER : text)),
      );
      return values.map((text, i) => (i % 2 === 0 ? raw[i]! : text));
    },
  };
}
