import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { EntryEnd } from '../cassette/format.ts';
import type { Recorder } from '../cassette/tap.ts';
import { createAcceptor } from '../respond/websocket.ts';
import { parseBaseUrl } from '../route/base-url.ts';
import { findHop } from '../translate/hops.ts';
import { createUpstream } from '../upstream/client.ts';
import { watchSentHeads } from '../upstream/sent-head.ts';
import { listenError } from '../util/listen-error.ts';
import type { Outcome } from '../util/types.ts';
import { type CarrySetup, carryExchange, newExchange } from './carry.ts';
import { createClientKey, refuseKey, refuseKeyOfUpgrade, showsKey } from './client-key.ts';
import type { Exchange } from './exchange.ts';
import { type Accept, createProxyServer } from './http-server.ts';
import { PROXY_LIMITS } from './limits.ts';
import type { PipelineSetup, Running } from './pipeline.ts';
import { createRouter, type Router } from './router.ts';
import { createTranslation, type TranslationOptions } from './translated/setup.ts';
import { type RunningSocket, runUpgrade, type SocketSetup } from './websocket.ts';

export interface ProxyOptions {
  /** Base URL of the provider; what may stand in it is described at `parseBaseUrl`. */
  upstream: string;
  host?: string;
  /** 0 or absent: a free one. */
  port?: number;
  requestCoding?: 'pass' | 'decode';
  /** Key that replaces the client's credentials. */
  upstreamKey?: string;
  /** Key that clients have to show; it does not go upstream. Without it every client is served. */
  clientKey?: string;
  /** PEM text of certificate authorities to trust upstream besides the system's. */
  ca?: string;
  /** Hands WebSockets through where the upstream accepts them (the default); else every upgrade is answered 426. */
  webSocket?: boolean;
  /** Where an upgrade is refused by the upstream, the client gets its answer (or none) as it is, instead of 426. */
  refusalsAsTheyAre?: boolean;
  /** Translates for a provider that may speak another protocol; without it everything is handed through. */
  translation?: TranslationOptions;
  recorder?: Recorder;
  /** Takes the place of the network. */
  dispatcher?: Dispatcher;
  /** Milliseconds; the defaults are in `PROXY_LIMITS`. */
  connectMs?: number;
  headMs?: number;
  idleMs?: number;
  upgradeMs?: number;
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
  const router = createRouter(base);
  const { recorder } = options;
  const clientKey = options.clientKey === undefined ? undefined : createClientKey(options.clientKey);
  const isStranger = ({ rawHeaders }: IncomingMessage) => clientKey !== undefined && !showsKey(rawHeaders, clientKey);
  const upstream = createUpstream(
    {
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      connectMs: options.connectMs ?? PROXY_LIMITS.connectMs,
      headMs: options.headMs ?? PROXY_LIMITS.headMs,
      idleMs: options.idleMs ?? PROXY_LIMITS.idleMs,
      headBytes: PROXY_LIMITS.headBytes,
      keepAliveMs: PROXY_LIMITS.upstreamKeepAliveMs,
      keepAliveMarginMs: PROXY_LIMITS.upstreamKeepAliveMarginMs,
    },
    options.dispatcher,
  );
  const setup: CarrySetup = {
    upstream,
    translation: options.translation && createTranslation(base, options.translation, findHop),
    credentials: clientKey || options.upstreamKey !== undefined ? { key: options.upstreamKey } : undefined,
    requestCoding: options.requestCoding ?? 'pass',
  };
  const running = new Set<{ exchange: Running | undefined }>();
  const unwatch = recorder ? watchSentHeads() : () => {};

  const begin = (request: IncomingMessage, response: ServerResponse, continued: boolean) => {
    const exchange = beginExchange(request, request.method ?? 'GET', router);
    openTap(exchange, request, recorder);
    if (continued) exchange.tap?.informational(exchange.clock(), CONTINUE);
    // Emptied at the end: the tables that a busy Set grows out of would hold the exchange until a full garbage collection.
    const place: { exchange: Running | undefined } = { exchange: undefined };
    running.add(place);
    const onEnd = (outcome: Outcome, end: EntryEnd) => {
      running.delete(place);
      place.exchange = undefined;
      options.onExchange?.(exchange, outcome, end);
    };
    place.exchange = carryExchange(setup, exchange, request, response, onEnd);
    if (!running.has(place)) place.exchange = undefined;
  };
  const accept: Accept = (request, response, continued) => {
    // Nothing of a stranger is recorded.
    if (isStranger(request)) return refuseKey(response, router(request.method ?? 'GET', request.url ?? '/').protocol);
    // The recorder's queue before the disk is full: new requests wait, nothing is dropped.
    const room = recorder?.room();
    if (room) room.then(() => response.destroyed || begin(request, response, continued));
    else begin(request, response, continued);
  };
  const server = createProxyServer(accept);
  const sockets = new Set<RunningSocket>();
  const socketSetup = webSocketSetup(options, setup, router);
  server.on('upgrade', (request, socket, first) => {
    socket.on('error', () => socket.destroy());
    if (isStranger(request)) return refuseKeyOfUpgrade(socket);
    const start = () => {
      const running = runUpgrade(socketSetup, request, socket as Socket, first);
      sockets.add(running);
      running.over.then(() => sockets.delete(running));
    };
    const room = recorder?.room();
    if (room) room.then(start);
    else start();
  });

  const address = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${host}:${address.port}/v1`,
    host: address.address,
    port: address.port,
    active: () => [...sockets].reduce((sum, socket) => sum + socket.active, running.size),
    async close(drainMs = PROXY_LIMITS.drainMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      for (const socket of sockets) socket.drain();
      const timer = setTimeout(() => {
        for (const { exchange } of running) exchange?.stop();
        for (const socket of sockets) socket.stop();
        server.closeAllConnections();
      }, drainMs);
      await closed;
      // What is known of an end is known a little after the connection is down.
      await Promise.all([...sockets].map(({ over }) => over));
      clearTimeout(timer);
      unwatch();
      await upstream.close();
    },
  };
}

/** As node writes it. */
const CONTINUE = { status: 100, statusText: 'Continue', headers: [] };

/** 16 hex digits. Node draws the bytes of many UUIDs at once; asking for eight alone costs a system call. */
function randomHex(): string {
  const uuid = randomUUID();
  return uuid.slice(0, 8) + uuid.slice(-8);
}

/** @param method that the endpoint is classified by */
function beginExchange(request: IncomingMessage, method: string, router: Router): Exchange {
  const startedAt = Date.now();
  const zero = performance.now();
  const clock = () => performance.now() - zero;
  return newExchange(request, method, router, { startedAt, seed: `${startedAt}-${randomHex()}`, clock });
}

function openTap(exchange: Exchange, request: IncomingMessage, recorder: Recorder | undefined): void {
  const { startedAt, seed, protocol, method, target } = exchange;
  const head = { method, url: target, httpVersion: request.httpVersion, headers: request.rawHeaders };
  exchange.tap = recorder?.open({ startedAt, seed, protocol, request: head });
}

function webSocketSetup(options: ProxyOptions, { credentials }: PipelineSetup, router: Router): SocketSetup {
  const { messageBytes, closeMs, backlogBytes, compressBytes } = PROXY_LIMITS;
  const upgradeMs = options.upgradeMs ?? PROXY_LIMITS.upgradeMs;
  // What takes the place of the network takes HTTP requests alone.
  // Messages are not translated over WebSocket: a client that is refused uses HTTP.
  const offered = options.webSocket !== false && options.dispatcher === undefined && options.translation === undefined;
  const ca = options.ca === undefined ? {} : { ca: options.ca };
  return {
    acceptor: createAcceptor({ messageBytes, closeMs }),
    upstream: offered ? { ...ca, upgradeMs, messageBytes, closeMs, backlogBytes, compressBytes } : undefined,
    credentials,
    recorder: options.recorder,
    refusalsAsTheyAre: options.refusalsAsTheyAre ?? false,
    // An upgrade is a GET to where a POST would go.
    begin: (request) => beginExchange(request, 'POST', router),
    onEnd: (exchange, outcome, end) => options.onExchange?.(exchange, outcome, end),
  };
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port)));
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}
