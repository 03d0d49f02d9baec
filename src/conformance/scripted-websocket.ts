import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { classify } from '../route/endpoints.ts';
import { readJson } from './json-object.ts';
import type { StreamEvent } from './provider/events.ts';
import type { Answer, BodyAnswer, EventsAnswer, ReceivedRequest } from './script.ts';

/** What is done with an upgrade: spoken to, answered 426, or never answered. */
export type WebSocketMode = 'accept' | 'refuse' | 'hang';

export interface UpgradeHandling {
  mode: WebSocketMode;
  /** The answer to a `response.create` whose `json` has the whole input, that of the responses before it included. */
  answer(request: Omit<ReceivedRequest, 'n' | 'nth'>): Answer;
  /** The answer to a `response.create` with `generate: false`: a response without output. */
  prewarm(model: string): readonly StreamEvent[];
  onUpgrade(target: string): void;
}

type Json = Record<string, unknown>;

const MESSAGE_BYTES = 64 * 1024 * 1024;
const TERMINAL = /^response\.(?:completed|failed|incomplete)$/;

/** Answers the upgrades of a server. Gives a function that ends all of them. */
export function serveUpgrades(server: Server, handling: UpgradeHandling): () => void {
  const open = new Set<Duplex>();
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: true,
    maxPayload: MESSAGE_BYTES,
  });
  const modes: Record<WebSocketMode, (request: IncomingMessage, transport: Duplex, first: Buffer) => void> = {
    accept: (request, transport, first) =>
      sockets.handleUpgrade(request, transport, first, (socket) => serveSocket(socket, request, handling)),
    refuse: (_request, transport) =>
      transport.end('HTTP/1.1 426 Upgrade Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
    hang: (_request, transport) => transport.resume(),
  };
  server.on('upgrade', (request, transport, first) => {
    handling.onUpgrade(request.url ?? '');
    open.add(transport);
    transport.on('error', () => transport.destroy());
    transport.once('close', () => open.delete(transport));
    modes[handling.mode](request, transport, first);
  });
  return () => {
    for (const transport of open) transport.destroy();
  };
}

/** Answers the messages of one connection, one after the other. */
function serveSocket(socket: WebSocket, upgrade: IncomingMessage, handling: UpgradeHandling): void {
  /** Input and output of each response on this connection, which is where the Responses API looks for them. */
  const known = new Map<string, unknown[]>();
  let busy = Promise.resolve();
  socket.on('error', () => socket.terminate());
  socket.on('message', (data) => {
    const raw = data as Buffer;
    busy = busy.then(() => answerMessage(socket, upgrade, raw, known, handling)).catch(() => socket.terminate());
  });
}

async function answerMessage(
  socket: WebSocket,
  upgrade: IncomingMessage,
  raw: Buffer,
  known: Map<string, unknown[]>,
  handling: UpgradeHandling,
): Promise<void> {
  const json = readJson(raw);
  if (json?.type !== 'response.create') return sendError(socket, 400, 'invalid_type', 'A response.create is due.');
  const { previous_response_id: previous } = json;
  const before = typeof previous === 'string' ? known.get(previous) : [];
  if (!before) return sendError(socket, 400, 'previous_response_not_found', `There is no response ${previous} here.`);
  const input = [...before, ...listOf(json.input)];
  const events =
    json.generate === false
      ? handling.prewarm(String(json.model))
      : await giveAnswer(socket, handling.answer(received(upgrade, raw, { ...json, input, stream: true })));
  if (json.generate === false) for (const event of events) send(socket, event);
  for (const { data } of events) {
    const response = (data as Json).response as Json | undefined;
    if (TERMINAL.test(String((data as Json).type)) && response)
      known.set(String(response.id), [...input, ...listOf(response.output)]);
  }
}

function received(upgrade: IncomingMessage, raw: Buffer, json: Json): Omit<ReceivedRequest, 'n' | 'nth'> {
  const url = upgrade.url ?? '/';
  return {
    // Scripts tell requests by what they ask for, however they came.
    ...classify('POST', url),
    method: 'GET',
    url,
    headers: upgrade.rawHeaders,
    raw,
    decoded: raw,
    json,
  };
}

const GIVERS: { [K in Answer['kind']]: (socket: WebSocket, answer: Extract<Answer, { kind: K }>) => unknown } = {
  events: giveEvents,
  body: (socket, answer) => giveError(socket, answer),
  // Bytes that make up no message.
  raw: (socket) => socket.terminate(),
  reset: (socket) => socket.terminate(),
  silence: () => {},
};

/** Sends an answer as messages; answers with the events that it had. */
async function giveAnswer(socket: WebSocket, answer: Answer): Promise<readonly StreamEvent[]> {
  if ('delayMs' in answer && answer.delayMs !== undefined) await wait(answer.delayMs);
  // The table's key is the answer's own kind, which TypeScript cannot follow through an index.
  await (GIVERS[answer.kind] as (socket: WebSocket, answer: Answer) => unknown)(socket, answer);
  return answer.kind === 'events' ? answer.events : [];
}

async function giveEvents(socket: WebSocket, answer: EventsAnswer): Promise<void> {
  for (const [index, event] of answer.events.entries()) {
    await answer.hold?.(index);
    send(socket, event);
    await nextTurn();
  }
  const whole = answer.events.some(({ data }) => TERMINAL.test(String((data as Json).type)));
  if (answer.ending === 'reset') socket.terminate();
  // A stream that ends too early over HTTP is a connection that ends too early here.
  else if (!whole && answer.ending !== 'open') socket.close(1011, 'ended early');
}

function send(socket: WebSocket, { data }: StreamEvent): void {
  socket.send(typeof data === 'string' ? data : JSON.stringify(data));
}

/** An error as OpenAI sends it over WebSocket: the HTTP status, the error, and the headers. */
function giveError(socket: WebSocket, { status, headers, body }: BodyAnswer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { error } = readJson(Buffer.from(text)) ?? { error: { message: text } };
  socket.send(JSON.stringify({ type: 'error', status, error, ...(headers ? { headers } : {}) }));
}

function sendError(socket: WebSocket, status: number, code: string, message: string): void {
  const error = { type: 'invalid_request_error', code, message, param: null };
  socket.send(JSON.stringify({ type: 'error', status, error }));
}

/** Input may be a plain string. */
function listOf(value: unknown): unknown[] {
  if (typeof value === 'string') return [{ type: 'message', role: 'user', content: value }];
  return Array.isArray(value) ? value : [];
}
