import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { EntryEnd } from '../cassette/format.ts';
import type { Recorder } from '../cassette/tap.ts';
import { TapedeckError } from '../errors.ts';
import { errorText } from '../protocols/errors.ts';
import { parseBaseUrl, upstreamUrl } from '../route/base-url.ts';
import { classify } from '../route/endpoints.ts';
import { createUpstream } from '../upstream/client.ts';
import { watchSentHeads } from '../upstream/sent-head.ts';
import type { Outcome } from '../util/types.ts';
import type { Exchange } from './exchange.ts';
import { PROXY_LIMITS } from './limits.ts';
import { type PipelineSetup, type Running, runExchange } from './pipeline.ts';

export interface ProxyOptions {
  /** Base URL of the provider; what may stand in it is described at `parseBaseUrl`. */
  upstream: string;
  host?: string;
  /** 0 or absent: a free one. */
  port?: number;
  requestCoding?: 'pass' | 'decode';
  /** Key that replaces the client's credentials. */
  upstreamKey?: string;
  /** PEM text of certificate authorities to trust upstream besides the system's. */
  ca?: string;
  recorder?: Recorder;
  /** Takes the place of the network. */
  dispatcher?: Dispatcher;
  /** Milliseconds; the defaults are in `PROXY_LIMITS`. */
  connectMs?: number;
  headMs?: number;
  idleMs?: number;
  /** Told once for each exchange when it is over. */
  onExchange?(exchange: Exchange, outcome: Outcome, end: EntryEnd): void;
}

export interface RunningProxy {
  /** Base URL for clients: `http://HOST:PORT/v1`. */
  url: string;
  host: string;
  port: number;
  /** How many exchanges are in flight. */
  active(): number;
  /** Takes no more requests, waits up to `drainMs` for those in flight, then ends them. */
  close(drainMs?: number): Promise<void>;
}

/**
 * Starts the proxy and resolves when it listens. Throws `usage` for an upstream that is no URL and `port-unavailable`
 * for a port that cannot be had.
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const base = parseBaseUrl(options.upstream);
  const { recorder } = options;
  const upstream = createUpstream(
    {
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      connectMs: options.connectMs ?? PROXY_LIMITS.connectMs,
      headMs: options.headMs ?? PROXY_LIMITS.headMs,
      idleMs: options.idleMs ?? PROXY_LIMITS.idleMs,
    },
    options.dispatcher,
  );
  const setup: PipelineSetup = {
    upstream,
    credentials: options.upstreamKey === undefined ? undefined : { key: options.upstreamKey },
    requestCoding: options.requestCoding ?? 'pass',
  };
  const running = new Set<Running>();
  const unwatch = recorder ? watchSentHeads() : () => {};

  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const exchange = openExchange(request, base, recorder);
    const entry: { running?: Running } = {};
    let over = false;
    entry.running = runExchange(setup, exchange, request, response, (outcome, end) => {
      over = true;
      if (entry.running) running.delete(entry.running);
      options.onExchange?.(exchange, outcome, end);
    });
    if (!over) running.add(entry.running);
  };
  const server = createServer({ maxHeaderSize: PROXY_LIMITS.headBytes, noDelay: true, requestTimeout: 0 });
  server.keepAliveTimeout = PROXY_LIMITS.keepAliveMs;
  server.on('request', (request, response) => {
    // The recorder's queue before the disk is full: new requests wait, nothing is dropped.
    const room = recorder?.room();
    if (room) room.then(() => response.destroyed || begin(request, response));
    else begin(request, response);
  });
  server.on('upgrade', refuseUpgrade);

  const address = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${host}:${address.port}/v1`,
    host: address.address,
    port: address.port,
    active: () => running.size,
    async close(drainMs = PROXY_LIMITS.drainMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => {
        for (const exchange of running) exchange.stop();
        server.closeAllConnections();
      }, drainMs);
      await closed;
      clearTimeout(timer);
      unwatch();
      await upstream.close();
    },
  };
}

function openExchange(
  request: IncomingMessage,
  base: ReturnType<typeof parseBaseUrl>,
  recorder: Recorder | undefined,
): Exchange {
  const startedAt = Date.now();
  const zero = performance.now();
  const seed = `${startedAt}-${randomBytes(8).toString('hex')}`;
  const method = request.method ?? 'GET';
  const target = request.url ?? '/';
  const { endpoint, protocol } = classify(method, target);
  const head = { method, url: target, httpVersion: request.httpVersion, headers: request.rawHeaders };
  return {
    startedAt,
    seed,
    clock: () => performance.now() - zero,
    endpoint,
    protocol,
    method,
    target,
    headers: request.rawHeaders,
    upstream: upstreamUrl(base, target),
    tap: recorder?.open({ startedAt, seed, protocol, request: head }),
  };
}

/**
 * 426 is the one refusal on which Codex falls back to HTTP at once; any other status costs it seven attempts and 6.4 s
 * (measured with 0.122.0 and 0.169.0).
 */
function refuseUpgrade(_request: IncomingMessage, socket: Duplex): void {
  const message = 'WebSocket is not offered here; use HTTP.';
  const body = errorText('responses', { status: 426, code: 'upgrade_not_supported', message });
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 426 Upgrade Required\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)));
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

const LISTEN_PROBLEMS: Record<string, [message: string, hint: string]> = {
  EADDRINUSE: ['is already in use', 'Choose another with --port, or leave --port out to take a free one.'],
  EACCES: ['may not be used by this user', 'Choose one above 1023 with --port.'],
  EADDRNOTAVAIL: ['is not an address of this machine', 'Give --host an address of this machine, such as 127.0.0.1.'],
};

/** The error of a port or an address that cannot be listened on. */
export function listenError(cause: NodeJS.ErrnoException, host: string, port: number): TapedeckError {
  const [what, hint] = LISTEN_PROBLEMS[cause.code ?? ''] ?? [
    `cannot be listened on (${cause.message})`,
    'Check --host.',
  ];
  return new TapedeckError('port-unavailable', `${host}:${port} ${what}.`, { hint, cause });
}
