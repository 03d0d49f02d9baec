import { eventChunks, type Leg, legOf, type RecordedExchange } from '../cassette/legs.ts';
import { createOf } from '../cassette/messages.ts';
import { parseJson } from '../decode/json.ts';
import { type Fields, fieldsOf, listOf, nameOf, textOf } from '../report/fields.ts';
import { readTimeline } from '../report/timeline.ts';
import { classify } from '../route/endpoints.ts';
import { fromUtf8 } from '../util/bytes.ts';
import { fromHarHeaders, headerPairs } from '../util/headers.ts';
import { sha256Hex } from '../util/sha256.ts';

/** What of an exchange tells to which other one it belongs. */
export interface Sketch {
  /** What kind of request it is; a request joins one of its own kind alone. */
  kind: string;
  /** Unix milliseconds. */
  startedAt: number;
  endedAt: number;
  /** Values of headers that name a single request. */
  requestIds: ReadonlySet<string>;
  /** Of the session: headers, `prompt_cache_key`. */
  sessions: ReadonlySet<string>;
  callIds: ReadonlySet<string>;
  /** What the user said last, without white space, or the end of it; undefined where nobody said anything. */
  lastUser: string | undefined;
  /** All strings of the body, without white space, joined, or the end of that: what `lastUser` is looked for in. */
  said: string;
  /** Hashes of the longer strings of the body. */
  leaves: ReadonlySet<string>;
  /** Ids and texts of the answer, by hash. */
  answer: ReadonlySet<string>;
}

const REQUEST_IDS = [
  'x-client-request-id',
  'x-request-id',
  'request-id',
  'x-correlation-id',
  'traceparent',
  'idempotency-key',
];
const SESSIONS = ['session_id', 'session-id', 'thread_id', 'thread-id', 'x-session-id', 'x-claude-code-session-id'];
const CALL_IDS = new Set(['call_id', 'tool_call_id', 'tool_use_id']);
/** Strings that every request of a protocol has are of no use. */
const SHORTEST_LEAF = 12;
/** What was said last stands near the end of a body, and is all that is looked for. */
const LONGEST_SAID = 2 * 1024 * 1024;
const LONGEST_ASKED = 64 * 1024;

/** The sketch of what a tap saw on its client's side. */
export function sketchOf(exchange: RecordedExchange): Sketch {
  const { client } = exchange;
  const { method, url } = client.request;
  const headers = headerPairs(fromHarHeaders(client.request.headers)).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ]);
  const body = fieldsOf(requestJson(legOf(exchange, 'client-request')));
  const strings = stringsOf(body);
  const startedAt = Date.parse(client.startedDateTime);
  const valuesOf = (names: readonly string[]) =>
    headers.flatMap(([name, value]) => (names.includes(name!) ? [value!] : []));
  const texts = strings.map(({ text }) => squeeze(text));
  const lastUser = squeeze(lastUserText(body) ?? '').slice(-LONGEST_ASKED);
  return {
    kind: kindOf(client._connection === undefined ? method : 'POST', url),
    startedAt,
    endedAt: startedAt + Math.max(client.time, client._end?.ms ?? 0),
    requestIds: new Set(valuesOf(REQUEST_IDS).filter((value) => value.length >= 8)),
    sessions: new Set([...valuesOf(SESSIONS), ...[nameOf(body.prompt_cache_key)].filter((key) => key !== undefined)]),
    callIds: new Set(strings.filter(({ key, inUse }) => CALL_IDS.has(key) || inUse).map(({ text }) => text)),
    lastUser: lastUser === '' ? undefined : lastUser,
    said: texts.join('\n').slice(-LONGEST_SAID),
    leaves: new Set(texts.filter((text) => text.length >= SHORTEST_LEAF).map(shortHash)),
    answer: answerKeys(legOf(exchange, 'client-response')),
  };
}

/** The JSON of a request; over a WebSocket that of its `response.create`. Undefined for anything else. */
export function requestJson(leg: Leg | undefined): unknown {
  const create = leg?.messages && createOf(leg.messages);
  const text = leg?.messages ? create && fromUtf8(create.data) : leg?.body?.text;
  const parsed = text === undefined ? undefined : parseJson(text);
  return parsed?.ok ? parsed.value : undefined;
}

function kindOf(method: string, url: string): string {
  const { endpoint } = classify(method, url);
  if (endpoint === 'other') return `${method} ${url.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*$/, '')}`;
  if (endpoint === 'models') return endpoint;
  return endpoint === 'messages.count_tokens' ? endpoint : 'generate';
}

interface FoundString {
  key: string;
  text: string;
  /** It is the id of a tool call that stands in the conversation. */
  inUse: boolean;
}

function stringsOf(value: unknown): FoundString[] {
  const found: FoundString[] = [];
  const walk = (node: unknown, key: string, owner: Fields) => {
    if (typeof node === 'string') {
      const inUse = key === 'id' && (owner.type === 'tool_use' || owner.type === 'function');
      found.push({ key, text: node, inUse });
    } else if (Array.isArray(node)) for (const item of node) walk(item, key, owner);
    else if (typeof node === 'object' && node !== null) {
      for (const [name, member] of Object.entries(node)) walk(member, name, node as Fields);
    }
  };
  walk(value, '', {});
  return found;
}

/** White space is what gateways change when they join texts. */
export function squeeze(text: string): string {
  return text.replace(/\s+/g, '');
}

function shortHash(text: string): string {
  return sha256Hex(text).slice(0, 16);
}

/** The last text of role user, in any of the three protocols. */
function lastUserText(body: Fields): string | undefined {
  if (typeof body.input === 'string') return body.input;
  const turns = [...listOf(body.input), ...listOf(body.messages)].map(fieldsOf).reverse();
  for (const { role, content } of turns) {
    if (role !== 'user') continue;
    const text =
      typeof content === 'string'
        ? content
        : listOf(content)
            .map((part) => textOf(fieldsOf(part).text))
            .filter(Boolean)
            .at(-1);
    if (text) return text;
  }
  return undefined;
}

function answerKeys(leg: Leg | undefined): Set<string> {
  const keys = new Set<string>();
  const add = (value: unknown) => {
    for (const { text } of stringsOf(value)) if (text.length >= SHORTEST_LEAF) keys.add(shortHash(text));
  };
  const whole = leg?.body?.text;
  const parsed = whole === undefined || leg?.messages ? undefined : parseJson(whole);
  if (parsed?.ok) add(parsed.value);
  else if (leg) for (const { json } of readTimeline(eventChunks(leg)).events) add(json);
  return keys;
}
