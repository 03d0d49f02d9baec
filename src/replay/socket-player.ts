import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { isOverWebSocket } from '../cassette/messages.ts';
import { beginsExchange } from '../protocols/responses/socket.ts';
import { headerPairs, headText } from '../util/headers.ts';
import { dropHopByHop } from '../util/hop-by-hop.ts';
import type { Matcher, Miss, Recording } from './match.ts';
import { planMessages } from './message-answer.ts';
import { missText } from './miss.ts';
import { routeOf, SOCKET_METHOD, type TargetBase } from './request.ts';

export interface SocketPlayerOptions {
  matcher: Matcher;
  /** All recordings, in recorded order. */
  recordings: readonly Recording[];
  base: TargetBase | undefined;
  /** Finds the answer to one `response.create`, and counts it. */
  find(target: string, body: Uint8Array): Recording | Miss;
  /** Waits until a recorded moment after `started` has come; rejects when `gone` is aborted. */
  pace(started: number, gone: AbortSignal): (ms: number) => Promise<unknown>;
  closing: AbortSignal;
  /** A bug: the client sees its connection end. */
  failed(target: string, error: unknown): void;
}

export interface SocketPlayer {
  /** Whether an upgrade of that target is to be accepted, going by what is to be played next. */
  offers(target: string): boolean;
  accept(request: IncomingMessage, transport: Duplex, first: Buffer): void;
}

/** As the proxy takes, and Codex sends. */
const MESSAGE_BYTES = 64 * 1024 * 1024;

/** Serves the recorded exchanges of WebSockets: each `response.create` is answered with the messages of its recording. */
export function createSocketPlayer(options: SocketPlayerOptions): SocketPlayer {
  const { recordings, matcher, base } = options;
  const routeTo = (target: string) => routeOf({ method: SOCKET_METHOD, target, body: undefined }, undefined);
  const recordedRoute = ({ entry }: Recording) =>
    routeOf({ method: SOCKET_METHOD, target: entry.request.url, body: undefined }, base);
  const atRoute = (list: readonly Recording[], target: string) =>
    list.filter((one) => isUpgrade(one) && recordedRoute(one) === routeTo(target));
  const heads = new WeakMap<IncomingMessage, string[]>();
  const settings: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    perMessageDeflate: true,
    maxPayload: MESSAGE_BYTES,
    closeTimeout: 1000,
  };
  const server = new WebSocketServer(settings);
  server.on('headers', (lines, request) => lines.push(...(heads.get(request) ?? [])));
  options.closing.addEventListener('abort', () => {
    for (const socket of server.clients) socket.terminate();
  });
  return {
    offers(target) {
      // The next upgrade that was recorded decides: it may have been refused, and another one accepted.
      const next = atRoute(matcher.leftovers(), target)[0] ?? atRoute(recordings, target).findLast(isOverSocket);
      return next !== undefined && isOverSocket(next);
    },
    accept(request, transport, first) {
      const target = request.url ?? '/';
      const next = [...atRoute(matcher.leftovers(), target), ...atRoute(recordings, target)].find(isOverSocket);
      heads.set(request, next ? answerHead(next) : []);
      server.handleUpgrade(request, transport, first, (socket) => serveSocket(socket, target, options));
    },
  };
}

function isOverSocket({ entry }: Recording): boolean {
  return isOverWebSocket(entry);
}

/** An upgrade, accepted or not. */
function isUpgrade({ entry }: Recording): boolean {
  if (isOverWebSocket(entry)) return true;
  return entry.request.headers.some(({ name, value }) => name.toLowerCase() === 'upgrade' && /websocket/i.test(value));
}

/** Header lines of the recorded answer that are not those of its handshake. */
function answerHead({ entry }: Recording): string[] {
  const raw = entry.response.headers.flatMap(({ name, value }) => [name, value]);
  return headerPairs(dropHopByHop(raw))
    .filter(([name]) => !name.toLowerCase().startsWith('sec-websocket-'))
    .map(([name, value]) => `${name}: ${headText(value)}`);
}

/** One after the other, as the Responses API answers. */
function serveSocket(socket: WebSocket, target: string, options: SocketPlayerOptions): void {
  const gone = new AbortController();
  let busy: Promise<unknown> = Promise.resolve();
  socket.on('error', () => socket.terminate());
  socket.once('close', () => gone.abort());
  socket.on('message', (data, binary) => {
    const message = data as Buffer;
    // Whatever else a client sends changes nothing: its answers are recorded.
    if (binary || !beginsExchange(message)) return;
    const started = performance.now();
    busy = busy
      .then(() => answer(socket, options.find(target, message), options.pace(started, gone.signal)))
      .catch((error: unknown) => {
        if (!gone.signal.aborted) options.failed(target, error);
        socket.terminate();
      });
  });
}

async function answer(
  socket: WebSocket,
  found: Recording | Miss,
  pace: (ms: number) => Promise<unknown>,
): Promise<void> {
  if (!('entry' in found)) {
    socket.send(missMessage(found));
    return;
  }
  const { messages, close } = planMessages(found);
  for (const { ms, data, binary } of messages) {
    await pace(ms);
    await send(socket, data, binary);
  }
  if (!close) return;
  await pace(messages.at(-1)?.ms ?? 0);
  if (close.code === 1006) socket.terminate();
  else if (close.code === 1005) socket.close();
  else socket.close(close.code, close.reason);
}

/** Resolves when the message is with the system. */
function send(socket: WebSocket, data: Uint8Array, binary: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(data, { binary }, (error) => (error ? reject(error) : resolve()));
  });
}

/** A miss in the shape in which the Responses API sends errors over WebSocket. */
function missMessage(miss: Miss): string {
  const error = { type: 'invalid_request_error', code: 'cassette_miss', message: missText(miss), param: null };
  return JSON.stringify({ type: 'error', status: 400, error });
}
