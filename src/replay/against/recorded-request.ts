import type { Entry } from '../../cassette/format.ts';
import { legOf, type RecordedExchange } from '../../cassette/legs.ts';
import { createOf, isOverWebSocket, messagesOf } from '../../cassette/messages.ts';
import { fromHarHeaders, headerPairs, headerValue, headText } from '../../util/headers.ts';
import { dropHandshake, dropHopByHop, offeredProtocols } from '../../util/hop-by-hop.ts';
import type { RawHeaders } from '../../util/types.ts';
import { upgradeOf } from '../recording.ts';

/** A recorded request as it is to be sent again. */
export interface SentRequest {
  method: string;
  /** Path and query, as the client asked for them. */
  target: string;
  headers: string[];
  body: Uint8Array | undefined;
  /** Asks for a WebSocket, and says this on it. */
  socket?: SocketScript;
}

/** What a client says over a WebSocket. */
export interface SocketScript {
  /** Joins the exchanges of one connection; undefined: it has this one alone. */
  connection: string | undefined;
  /** Subprotocols, in the client's order. */
  protocols: string[];
  /** In recorded order; empty where the upgrade was refused. */
  messages: ScriptedMessage[];
  /** How the client ended the connection after this exchange; undefined: it did not. */
  close: { code: number; reason: string } | undefined;
}

export interface ScriptedMessage {
  data: Uint8Array;
  binary: boolean;
  /** So many messages of the server came before it. */
  after: number;
}

/** What a recording does not hold. */
export interface Credentials {
  /** In place of the client's key; absent: one that no provider accepts. */
  key?: string;
  /** More headers; each takes the place of recorded ones of its name. */
  headers?: RawHeaders;
}

/** Gateways that want a key, but take any, get this one. */
export const NO_KEY = 'tapedeck-no-key';

const REDACTED = /\[redacted:[\w.-]+#\d+\]/g;

/** Written by whoever sends the request, or no business of another connection. */
const LEFT_OUT = new Set(['host', 'content-length', 'expect']);
const LEFT_OUT_DECODED = new Set([...LEFT_OUT, 'content-encoding']);

/** Headers that carry a key, and how. */
const KEY_HEADERS: Readonly<Record<string, (key: string) => string>> = {
  authorization: (key) => `Bearer ${key}`,
  'x-api-key': (key) => key,
  'api-key': (key) => key,
};

/**
 * The client request of an exchange: the bytes that crossed the wire, or, where redaction made them unknowable, the decoded text
 * without its coding; headers in recorded order and case, with the key put in.
 * @returns why it cannot be sent where it cannot
 */
export function planRequest(exchange: RecordedExchange, credentials: Credentials): SentRequest | string {
  const entry = exchange.client;
  if (entry.request._incomplete) return 'the request did not arrive whole';
  if (upgradeOf({ exchange, entry }) !== undefined) return planUpgrade(exchange, credentials);
  const { body } = legOf(exchange, 'client-request')!;
  if (body && !body.wire && !body.decoded) return 'the cassette does not hold the body of the request';
  const recorded = fromHarHeaders(entry.request.headers.filter(({ name }) => !name.startsWith(':')));
  const kept = dropHopByHop(recorded, body?.wire ? LEFT_OUT : LEFT_OUT_DECODED);
  return {
    method: entry.request.method,
    target: targetOf(entry, credentials.key ?? NO_KEY),
    headers: withCredentials(kept, exchange, credentials),
    body: body?.wire ?? body?.decoded,
  };
}

function planUpgrade(exchange: RecordedExchange, credentials: Credentials): SentRequest | string {
  const { client: entry } = exchange;
  if (entry._webSocketCut) return 'the cassette does not hold all of its messages';
  const messages = scriptOf(entry);
  if (!messages) return 'nothing was asked for over its WebSocket';
  const recorded = fromHarHeaders(entry.request.headers);
  const { _webSocketClose: close } = entry;
  return {
    method: entry.request.method,
    target: targetOf(entry, credentials.key ?? NO_KEY),
    headers: withCredentials(dropHandshake(dropHopByHop(recorded, LEFT_OUT)), exchange, credentials),
    body: undefined,
    socket: {
      connection: entry._connection,
      protocols: offeredProtocols(headerValue(recorded, 'sec-websocket-protocol')),
      messages,
      close: close?.by === 'client' ? { code: close.code, reason: close.reason } : undefined,
    },
  };
}

/** Undefined where a connection was made and nothing asked. */
function scriptOf(entry: Entry): ScriptedMessage[] | undefined {
  if (!isOverWebSocket(entry)) return [];
  const sent = messagesOf(entry, entry, 'send');
  const create = createOf(sent);
  const received = messagesOf(entry, entry, 'receive');
  return (
    create &&
    sent.map(({ ms, data, binary }) => {
      // What the server said before it was asked is played after that.
      const after = ms <= create.ms ? 0 : received.filter((one) => one.ms < ms).length;
      return { data, binary, after };
    })
  );
}

function targetOf({ request: { url } }: Entry, key: string): string {
  const target = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '') || '/';
  return target.replace(REDACTED, encodeURIComponent(key));
}

function withCredentials(recorded: RawHeaders, exchange: RecordedExchange, credentials: Credentials): string[] {
  const { key, headers: more = [] } = credentials;
  const replaced = new Set(headerPairs(more).map(([name]) => name.toLowerCase()));
  const pairs = headerPairs(recorded).flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase();
    if (replaced.has(lower)) return [];
    const write = KEY_HEADERS[lower];
    if (write && (key !== undefined || value.includes('[redacted:'))) return [[name, write(key ?? NO_KEY)]];
    // A cookie, say: there is nothing that it could be.
    return value.includes('[redacted:') ? [] : [[name, headText(value)]];
  });
  const hasKey = [...pairs, ...headerPairs(more)].some(([name]) => name.toLowerCase() in KEY_HEADERS);
  if (key !== undefined && !hasKey) pairs.push(keyHeader(exchange, key));
  return [...pairs.flat(), ...more];
}

function keyHeader({ protocol }: RecordedExchange, key: string): [string, string] {
  const name = protocol === 'messages' ? 'x-api-key' : 'authorization';
  return [name, KEY_HEADERS[name]!(key)];
}
