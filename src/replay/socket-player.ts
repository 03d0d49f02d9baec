import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { errorText } from '../protocols/errors.ts';
import { beginsExchange } from '../protocols/responses/socket.ts';
import { headerPairs, headText } from '../util/headers.ts';
import { dropHandshake } from '../util/hop-by-hop.ts';
import type { RawHeaders } from '../util/types.ts';
import type { LiveConnection, OpenLive } from './live-connection.ts';
import { LiveSocket } from './live-socket.ts';
import type { MessageAnswer } from './message-answer.ts';
import type { Recording } from './recording.ts';
import { MESSAGE_BYTES, playMessages, upgradeHeaders } from './socket-answer.ts';

export interface SocketPlayerOptions {
  /** What was recorded of an upgrade of this target, which counts as played; undefined: nothing. */
  upgrade(target: string): { accepted: Promise<Recording> } | 'refused' | undefined;
  /** The answer to one `response.create`, which counts as played, or why there is none. */
  find(target: string, body: Uint8Array): Promise<MessageAnswer | { miss: string }>;
  /** Where what has no recording is sent; absent: a miss is an answer. */
  forward: OpenLive | undefined;
  /** Waits until a recorded moment after `started` has come; rejects when `gone` is aborted. */
  pace(started: number, gone: AbortSignal): (ms: number) => Promise<unknown>;
  closing: AbortSignal;
  /** A bug: the client sees its connection end. */
  failed(target: string, error: unknown): void;
}

export interface SocketPlayer {
  /**
   * Answers an upgrade: as the next recorded one of that target was answered, else as the live upstream does, else with 426.
   */
  upgrade(request: IncomingMessage, transport: Duplex, first: Buffer): void;
}

/** Serves the recorded exchanges of WebSockets: each `response.create` is answered with the messages of its recording. */
export function createSocketPlayer(options: SocketPlayerOptions): SocketPlayer {
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
  const accept = (upgrade: Upgrade, headers: string[], live?: LiveConnection) => {
    const { request, transport, first } = upgrade;
    heads.set(request, headers);
    let accepted = false;
    server.handleUpgrade(request, transport, first, (socket) => {
      accepted = true;
      serveSocket(socket, request, options, live);
    });
    // The client went while the upstream was asked.
    if (!accepted) live?.socket.terminate();
  };
  return {
    upgrade(request, transport, first) {
      const target = request.url ?? '/';
      const upgrade = { request, transport, first };
      const recorded = options.upgrade(target);
      if (typeof recorded === 'object') {
        recorded.accepted.then(
          ({ entry }) => accept(upgrade, headLines(upgradeHeaders(entry))),
          (error: unknown) => {
            transport.destroy();
            options.failed(target, error);
          },
        );
        return;
      }
      if (recorded || !options.forward) {
        refuse(transport);
        return;
      }
      options.forward(request).then(
        (live) => accept(upgrade, headLines(dropHandshake(live.headers)), live),
        () => refuse(transport),
      );
    },
  };
}

interface Upgrade {
  request: IncomingMessage;
  transport: Duplex;
  first: Buffer;
}

/** 426 is the one refusal on which Codex uses HTTP at once (measured with 0.122.0 and 0.169.0). */
function refuse(transport: Duplex): void {
  const message = 'The cassette has no WebSocket here; use HTTP.';
  const body = errorText('responses', { status: 426, code: 'upgrade_not_supported', message });
  const type = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`;
  transport.end(`HTTP/1.1 426 Upgrade Required\r\n${type}\r\nconnection: close\r\n\r\n${body}`);
}

function headLines(raw: RawHeaders): string[] {
  return headerPairs(raw).map(([name, value]) => `${name}: ${headText(value)}`);
}

/** One after the other, as the Responses API answers. */
function serveSocket(
  socket: WebSocket,
  request: IncomingMessage,
  options: SocketPlayerOptions,
  already?: LiveConnection,
): void {
  const target = request.url ?? '/';
  const { forward } = options;
  const live = forward && new LiveSocket(socket, () => forward(request), already);
  const gone = new AbortController();
  let busy: Promise<unknown> = Promise.resolve();
  socket.on('error', () => socket.terminate());
  socket.once('close', () => gone.abort());
  socket.on('message', (data, binary) => {
    const message = data as Buffer;
    if (binary || !beginsExchange(message)) {
      // It changes nothing where the answers are recorded.
      live?.tell(message, binary);
      return;
    }
    const started = performance.now();
    busy = busy
      .then(async () => {
        const found = await options.find(target, message);
        if ('messages' in found) return playMessages(socket, found, options.pace(started, gone.signal));
        return live ? live.ask(message) : socket.send(missMessage(found.miss));
      })
      .catch((error: unknown) => {
        // Whoever goes away ends an answer early; that it is over is told later than nothing more can be sent.
        if (!gone.signal.aborted && socket.readyState === socket.OPEN) options.failed(target, error);
        socket.terminate();
      });
  });
}

/** A miss in the shape in which the Responses API sends errors over WebSocket. */
function missMessage(message: string): string {
  const error = { type: 'invalid_request_error', code: 'cassette_miss', message, param: null };
  return JSON.stringify({ type: 'error', status: 400, error });
}
