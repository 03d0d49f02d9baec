import type { Entry, WebSocketClose, WebSocketMessage } from '../../src/cassette/format.ts';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import type { Outcome } from '../../src/util/types.ts';
import { recorded } from './recorded.ts';

/** An exchange over a WebSocket, as far as a test cares. */
export interface SocketSpec {
  /** What the client and the server say, in order; an object is said as JSON, bytes as a binary message. 10 ms lie between two. */
  say: readonly { from: 'client' | 'server'; data: object | string | Uint8Array }[];
  connection?: string;
  headers?: readonly string[];
  outcome?: Outcome;
  by?: 'client' | 'upstream';
  close?: WebSocketClose;
}

export function client(data: object | string | Uint8Array): SocketSpec['say'][number] {
  return { from: 'client', data };
}

export function server(data: object | string | Uint8Array): SocketSpec['say'][number] {
  return { from: 'server', data };
}

/** Passed through, with both of its sides. */
export function recordedSocket(spec: SocketSpec): RecordedExchange {
  const outcome = spec.outcome ?? 'complete';
  const last = spec.say.length * 10;
  const end = { by: spec.by ?? 'upstream', ms: last, how: outcome === 'complete' ? 'complete' : 'closed' } as const;
  const upgrade = ['upgrade', 'websocket', 'connection', 'Upgrade', ...(spec.headers ?? [])];
  const side = {
    method: 'GET',
    status: 101,
    requestHeaders: upgrade,
    headers: ['x-codex-turn-state', 't'],
    end,
    outcome,
  };
  const exchange = recorded(side, [{ ...side, url: 'http://127.0.0.1:4000/v1/responses' }]);
  const [upstream] = exchange.attempts as [Entry];
  const started = Date.parse(exchange.client.startedDateTime);
  const shared = { _connection: spec.connection ?? 'c1', ...(spec.close ? { _webSocketClose: spec.close } : {}) };
  const messages = spec.say.map((one, n) => message(one, started + n * 10));
  for (const entry of [exchange.client, upstream]) entry.response.content = { mimeType: '', size: 0 };
  Object.assign(exchange.client, shared, { _webSocketMessages: messages });
  Object.assign(upstream, shared, { _webSocketSameAs: 'client' });
  return exchange;
}

function message({ from, data }: SocketSpec['say'][number], unixMs: number): WebSocketMessage {
  const head = { type: from === 'client' ? 'send' : 'receive', time: unixMs / 1000 } as const;
  if (data instanceof Uint8Array) return { ...head, opcode: 2, data: Buffer.from(data).toString('base64') };
  return { ...head, opcode: 1, data: typeof data === 'string' ? data : JSON.stringify(data) };
}

export const CREATE = {
  type: 'response.create',
  model: 'm',
  input: [{ type: 'message', role: 'user', content: 'hi' }],
};

export function created(id = 'r'): object {
  return { type: 'response.created', response: { id, object: 'response', status: 'in_progress', output: [] } };
}

/** `response.completed` with one message in its output. */
export function completed(id = 'r', text = 'ok'): object {
  const item = {
    type: 'message',
    id: `msg_${id}`,
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  };
  return { type: 'response.completed', response: { id, object: 'response', status: 'completed', output: [item] } };
}

/** `response.output_item.done` of that message, which is what Codex reads. */
export function itemDone(id = 'r', text = 'ok'): object {
  const [item] = (completed(id, text) as { response: { output: object[] } }).response.output;
  return { type: 'response.output_item.done', output_index: 0, item };
}

/** `response.output_item.added` before it. */
export function itemAdded(id = 'r'): object {
  const { item } = itemDone(id) as { item: object };
  return { type: 'response.output_item.added', output_index: 0, item: { ...item, status: 'in_progress', content: [] } };
}

/** `response.completed` of a response without output. */
export function completedEmpty(id = 'r'): object {
  return { type: 'response.completed', response: { id, object: 'response', status: 'completed', output: [] } };
}

export function socketError(status: number, code: string, headers?: Record<string, string>): object {
  const error = { type: 'invalid_request_error', code, message: `${code}!`, param: null };
  return { type: 'error', status, error, ...(headers ? { headers } : {}) };
}
