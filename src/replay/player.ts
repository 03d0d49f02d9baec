import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { RecordedExchange } from '../cassette/legs.ts';
import type { Redactor } from '../cassette/redact.ts';
import { LIMITS } from '../decode/limits.ts';
import { errorText } from '../protocols/errors.ts';
import { interimText } from '../util/headers.ts';
import type { Side } from '../util/types.ts';
import { type Answer, type InterimAnswer, planAnswer } from './answer.ts';
import { type ExchangeSource, sourceOfList } from './exchange-source.ts';
import { type Leftover, openLibrary } from './library.ts';
import { listen } from './listen.ts';
import type { OpenLive } from './live-connection.ts';
import { matchRequest, readBody } from './live-request.ts';
import type { Miss, Repeat } from './match.ts';
import { planMessages } from './message-answer.ts';
import { MISS_STATUS, missBody, missText } from './miss.ts';
import type { Recording } from './recording.ts';
import { type MatchLevel, type MatchRules, SOCKET_METHOD, type TargetBase } from './request.ts';
import { createSocketPlayer } from './socket-player.ts';

/** Recorded time, so many times faster, or no waiting at all (the writes stay apart). */
export type Speed = 'recorded' | number | 'instant';

export interface PlayerOptions {
  /** In memory, or a cassette that stays open as long as the player does. */
  exchanges: Iterable<RecordedExchange> | ExchangeSource;
  /** What to be: the recorded gateway (client legs), or its upstream (upstream legs). */
  as: 'gateway' | 'upstream';
  match: MatchLevel;
  repeat: Repeat;
  speed: Speed;
  host?: string;
  /** 0 or absent: a free one. */
  port?: number;
  /** Base URL of the recorded upstream; its path and query do not count in matching. */
  base?: TargetBase;
  /** Field rules of the user's own. */
  rules?: MatchRules;
  /** Redacts live requests before they are matched, as the recorded ones were. */
  redactor?: Pick<Redactor, 'headers' | 'body' | 'url'>;
  /** Answers a request that has no recording, in place of the miss; `body` is as it crossed the wire. */
  forward?(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void;
  /** Opens a WebSocket for the `response.create` messages that have no recording, in place of the miss. */
  forwardSocket?: OpenLive;
  onRequest?(event: PlayerEvent): void;
}

/** What became of one request. */
export type PlayerEvent = { method: string; target: string } & (
  | { kind: 'served'; recording: Recording; repeated: boolean }
  | { kind: 'missed'; miss: Miss }
  | { kind: 'forwarded'; miss: Miss }
  /** A bug: the client saw its connection closed. */
  | { kind: 'failed'; error: unknown }
);

export interface Player {
  /** Base URL for clients: `http://HOST:PORT/v1`. */
  readonly url: string;
  readonly port: number;
  /** Requests that got a recorded answer. */
  readonly served: number;
  readonly forwarded: number;
  readonly misses: readonly Miss[];
  /** Exchanges of which a request has not been asked for yet. */
  leftovers(): Leftover[];
  /** Requests in flight. */
  active(): number;
  /** Ends what is in flight and stops listening. */
  close(): Promise<void>;
}

/** Node's own limit is 16 KiB; the metadata headers of Codex and of gateways need more. */
const HEAD_BYTES = 64 * 1024;

/**
 * Serves a cassette over HTTP and resolves when it listens; rejects with the socket's error when it cannot. A request
 * without a recording is answered with an error and never leaves this process, unless `forward` takes it.
 */
export async function startPlayer(options: PlayerOptions): Promise<Player> {
  const side: Side = options.as === 'gateway' ? 'client' : 'upstream';
  const { base } = options;
  const source = 'exchanges' in options.exchanges ? options.exchanges : sourceOfList(options.exchanges);
  const library = await openLibrary(source, {
    level: options.match,
    repeat: options.repeat,
    side,
    ...(base && side === 'upstream' ? { base } : {}),
    ...(options.rules ? { rules: options.rules } : {}),
  });
  const misses: Miss[] = [];
  const counts = { served: 0, forwarded: 0, active: 0 };
  const closing = new AbortController();

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = performance.now();
    const body = await readBody(request);
    if (!body) return refuseTooLarge(response);
    const asked = await matchRequest(request, body, options.redactor);
    const gone = AbortSignal.any([closing.signal, signalOfClose(response)]);
    const result = library.find(asked);
    const event = { method: asked.method, target: asked.target };
    if ('hit' in result) {
      counts.served++;
      const recording = await result.hit.load();
      options.onRequest?.({ ...event, kind: 'served', recording, repeated: result.hit.repeated });
      return playAnswer(planAnswer(recording), response, paceOf(options.speed, started, gone), gone);
    }
    const miss = await result.miss();
    if (options.forward) {
      counts.forwarded++;
      options.onRequest?.({ ...event, kind: 'forwarded', miss });
      return options.forward(request, response, body);
    }
    misses.push(miss);
    options.onRequest?.({ ...event, kind: 'missed', miss });
    answerMiss(response, miss);
  };

  const server = createServer({ maxHeaderSize: HEAD_BYTES, noDelay: true, requestTimeout: 0 });
  server.on('request', (request, response) => {
    counts.active++;
    response.once('close', () => counts.active--);
    serve(request, response).catch((error: unknown) => {
      const isGone = closing.signal.aborted || response.destroyed || isReset(error);
      response.destroy();
      if (isGone) return;
      options.onRequest?.({ method: request.method ?? '', target: request.url ?? '', kind: 'failed', error });
    });
  });
  const sockets = createSocketPlayer({
    upgrade(target) {
      const { recorded, accepted } = library.upgradeAt(target);
      if (accepted) return { accepted: library.load(accepted) };
      library.find({ method: 'GET', target, body: undefined });
      return recorded ? 'refused' : undefined;
    },
    closing: closing.signal,
    pace: (started, gone) => paceOf(options.speed, started, AbortSignal.any([closing.signal, gone])),
    async find(target, wire) {
      const body = options.redactor?.body(wire, 'application/json').bytes ?? wire;
      const event = { method: SOCKET_METHOD, target: options.redactor?.url(target) ?? target };
      const result = library.find({ ...event, body });
      if ('hit' in result) {
        counts.served++;
        const recording = await result.hit.load();
        options.onRequest?.({ ...event, kind: 'served', recording, repeated: result.hit.repeated });
        return planMessages(recording);
      }
      const miss = await result.miss();
      if (options.forwardSocket) counts.forwarded++;
      else misses.push(miss);
      options.onRequest?.({ ...event, kind: options.forwardSocket ? 'forwarded' : 'missed', miss });
      return { miss: missText(miss) };
    },
    forward: options.forwardSocket,
    failed: (target, error) => options.onRequest?.({ method: SOCKET_METHOD, target, kind: 'failed', error }),
  });
  server.on('upgrade', (request, socket, first) => {
    socket.on('error', () => socket.destroy());
    // The redactor looks for their credentials in the messages.
    options.redactor?.headers(request.rawHeaders);
    sockets.upgrade(request, socket, first);
  });

  const { url, port } = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  return {
    url,
    port,
    get served() {
      return counts.served;
    },
    get forwarded() {
      return counts.forwarded;
    },
    misses,
    leftovers: library.leftovers,
    active: () => counts.active,
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Waits until a recorded moment has come. */
export type Pace = (ms: number) => Promise<unknown>;

/** The pace of an answer whose request came at `started` (of `performance.now`). Rejects when `signal` is aborted. */
export function paceOf(speed: Speed, started: number, signal: AbortSignal): Pace {
  // A turn of the event loop lets node flush one write before the next.
  if (speed === 'instant') return () => nextTurn(undefined, { signal });
  const factor = speed === 'recorded' ? 1 : speed;
  return (ms) => sleep(Math.max(0, started + ms / factor - performance.now()), undefined, { signal });
}

/** Writes an answer. Rejects when `gone` is aborted, which is when nobody listens any more. */
export async function playAnswer(
  answer: Answer,
  response: ServerResponse,
  pace: Pace,
  gone: AbortSignal,
): Promise<void> {
  const { head, writes, end } = answer;
  for (const interim of answer.informational) {
    await pace(interim.ms);
    playInterim(response, interim);
  }
  if (head) {
    await pace(head.ms);
    response.sendDate = false;
    response.writeHead(head.status, head.statusText, head.headers as string[]);
    response.flushHeaders();
  }
  for (const { ms, data } of writes) {
    await pace(ms);
    await writeFlushed(response, data, gone);
  }
  await pace(end.ms);
  if (!head || end.how !== 'end') return breakOff(response, end.how);
  response.addTrailers(answer.trailers);
  response.end();
}

/** Not for HTTP/1.0 (RFC 9110 section 15.2). An answer that waits for an earlier one of its connection has no socket yet. */
function playInterim(response: ServerResponse, { status, statusText, headers }: InterimAnswer): void {
  if (response.req.httpVersion !== '1.1') return;
  const write = (socket: Socket) => socket.write(interimText(status, statusText, headers), 'latin1');
  if (response.socket) write(response.socket);
  else response.once('socket', write);
}

/** Resolves when the bytes are with the system: backpressure, and no reset overtakes them. */
function writeFlushed(response: ServerResponse, data: Uint8Array, gone: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    gone.addEventListener('abort', reject, { once: true });
    response.write(data, (error) => {
      gone.removeEventListener('abort', reject);
      if (error) reject(error);
      else resolve();
    });
  });
}

function breakOff(response: ServerResponse, how: Answer['end']['how']): void {
  const { socket } = response;
  if (!socket) return;
  if (how === 'reset') socket.resetAndDestroy();
  else socket.end(() => socket.destroy());
}

/** Aborted when nobody listens to the response any more. */
export function signalOfClose(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

/** What node says when a request's body ends before it is whole. */
function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}

function answerMiss(response: ServerResponse, miss: Miss): void {
  const body = missBody(miss);
  response.writeHead(MISS_STATUS, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-tapedeck-miss': miss.reason,
  });
  response.end(body);
}

function refuseTooLarge(response: ServerResponse): void {
  const message = `The request body is over ${LIMITS.request.coded} bytes.`;
  response.writeHead(413, { 'content-type': 'application/json', connection: 'close' });
  response.end(errorText(null, { status: 413, code: 'body_too_large', message }));
}
