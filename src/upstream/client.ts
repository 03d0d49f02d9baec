import { rootCertificates } from 'node:tls';
import { Agent, buildConnector, Client, type Dispatcher } from 'undici';
import type { RawHeaders } from '../util/types.ts';
import { dispatchUpstream } from './dispatch.ts';
import { createHttp2Upstream } from './http2.ts';
import { markReused } from './repeat.ts';

export interface UpstreamOptions {
  /** PEM text of certificate authorities to trust besides the system's. */
  ca?: string;
  /** Milliseconds. */
  connectMs: number;
  headMs: number;
  idleMs: number;
  /** How long a connection without a request is kept; a `Keep-Alive: timeout` of the upstream takes its place. */
  keepAliveMs: number;
  /** So much earlier than such a timeout says. */
  keepAliveMarginMs: number;
  /** Bytes of a response head at most. */
  headBytes: number;
}

/** What is asked of a body that is sent as it comes: the part of a readable stream that undici and `pipe` use. */
export interface BodySource {
  on(event: 'error', listener: (error: Error) => void): unknown;
  resume(): void;
  pipe(target: NodeJS.WritableStream): unknown;
  unpipe(target: NodeJS.WritableStream): void;
}

/** One request to the upstream, headers in the order and case in which they are to be written. */
export interface UpstreamRequest {
  origin: string;
  /** Path and query. */
  path: string;
  method: string;
  headers: RawHeaders;
  body: Buffer | BodySource | null;
  /** Not on a connection that has been used before. */
  fresh?: boolean;
}

/**
 * What undici tells while a request runs. This is its lower handler interface: unlike the newer one it hands over the
 * raw header list without parsing it into an object, and `resume` and `false` are its backpressure.
 */
export interface UpstreamHandler {
  onConnect(abort: (error?: Error) => void): void;
  /** Also called for interim responses (RFC 9110 section 15.2). */
  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean;
  onData(chunk: Buffer): boolean;
  onComplete(rawTrailers: Buffer[] | null): void;
  onError(error: Error): void;
  /** The first byte of a response is there. */
  onResponseStarted?(): void;
}

export interface Upstream {
  send(request: UpstreamRequest, handler: UpstreamHandler): void;
  close(): Promise<void>;
}

/**
 * An upstream over undici, or over HTTP/2 where the upstream speaks nothing else; `dispatcher` replaces the network in
 * tests and replays.
 */
export function createUpstream(options: UpstreamOptions, dispatcher?: Dispatcher): Upstream {
  if (dispatcher)
    return { send: (request, handler) => dispatchUpstream(dispatcher, request, handler), close: async () => {} };
  const ca = options.ca === undefined ? undefined : [...rootCertificates, options.ca];
  const settings = {
    connect: createConnector(options.connectMs, ca),
    headersTimeout: options.headMs,
    bodyTimeout: options.idleMs,
    keepAliveTimeout: options.keepAliveMs,
    keepAliveTimeoutThreshold: options.keepAliveMarginMs,
    maxHeaderSize: options.headBytes,
    // One request a connection at a time: a stream of minutes must not hold up what is queued behind it.
    pipelining: 1,
  };
  const agent = new Agent(settings);
  const protocols = new Map<string, 'http/1.1' | 'h2'>();
  const http2 = createHttp2Upstream({ ...options, ca }, (origin) => protocols.delete(origin));
  const viaHttp1 = (request: UpstreamRequest, handler: UpstreamHandler) => {
    if (!request.fresh) return dispatchUpstream(agent, request, handler);
    const once = new Client(request.origin, settings);
    dispatchUpstream(once, request, handler);
    once.close();
  };
  return {
    send(request, handler) {
      const { origin } = request;
      const protocol = origin.startsWith('https:') ? protocols.get(origin) : 'http/1.1';
      if (protocol === 'h2') http2.send(request, handler);
      else if (protocol === 'http/1.1') viaHttp1(request, handler);
      else {
        viaHttp1(request, {
          onConnect(abort) {
            protocols.set(origin, 'http/1.1');
            handler.onConnect(abort);
          },
          onHeaders: (status, headers, resume, text) => handler.onHeaders(status, headers, resume, text),
          onData: (chunk) => handler.onData(chunk),
          onComplete: (trailers) => handler.onComplete(trailers),
          onResponseStarted: () => handler.onResponseStarted?.(),
          onError(error) {
            if (!refusesHttp1(error)) return handler.onError(error);
            protocols.set(origin, 'h2');
            http2.send(request, handler);
          },
        });
      }
    },
    close: async () => {
      http2.close();
      await agent.destroy();
    },
  };
}

/** Offers HTTP/1.1 alone, and tells errors of connections that have answered before. */
function createConnector(timeout: number, ca: string[] | undefined): buildConnector.connector {
  const connect = buildConnector({ timeout, ...(ca ? { ca } : {}) });
  return (options, callback) =>
    connect(options, (...result) => {
      const [, socket] = result;
      socket?.on('error', (error) => {
        if (socket.bytesRead > 0) markReused(error);
      });
      callback(...result);
    });
}

/** TLS alert 120 (RFC 7301 section 3.2): the upstream speaks none of the protocols offered, which was HTTP/1.1. */
function refusesHttp1(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';
}
