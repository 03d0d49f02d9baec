import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import type { RawHeaders } from '../util/types.ts';

export interface UpstreamOptions {
  /** PEM text of certificate authorities to trust besides the system's. */
  ca?: string;
  /** Milliseconds. */
  connectMs: number;
  headMs: number;
  idleMs: number;
  /** Bytes of a response head at most. */
  headBytes: number;
}

/** One request to the upstream, headers in the order and case in which they are to be written. */
export interface UpstreamRequest {
  origin: string;
  /** Path and query. */
  path: string;
  method: string;
  headers: RawHeaders;
  body: Dispatcher.DispatchOptions['body'];
}

/**
 * What undici tells while a request runs. This is its lower handler interface: unlike the newer one it hands over the
 * raw header list without parsing it into an object, and `resume` and `false` are its backpressure.
 */
export interface UpstreamHandler {
  onConnect(abort: (error?: Error) => void): void;
  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean;
  onData(chunk: Buffer): boolean;
  onComplete(rawTrailers: Buffer[] | null): void;
  onError(error: Error): void;
}

export interface Upstream {
  send(request: UpstreamRequest, handler: UpstreamHandler): void;
  close(): Promise<void>;
}

/** An upstream over undici; `dispatcher` replaces the network in tests and replays. */
export function createUpstream(options: UpstreamOptions, dispatcher?: Dispatcher): Upstream {
  const agent =
    dispatcher ??
    new Agent({
      connect: {
        timeout: options.connectMs,
        ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
      },
      headersTimeout: options.headMs,
      bodyTimeout: options.idleMs,
      maxHeaderSize: options.headBytes,
      // One request a connection at a time: a stream of minutes must not hold up what is queued behind it.
      pipelining: 1,
    });
  return {
    send(request, handler) {
      const { origin, path, method, body } = request;
      const dispatch: Dispatcher.DispatchOptions = {
        origin,
        path,
        method: method as Dispatcher.HttpMethod,
        headers: request.headers as string[],
        body: body ?? null,
      };
      agent.dispatch(dispatch, handler as Dispatcher.DispatchHandler);
    },
    close: () => (dispatcher ? Promise.resolve() : agent.destroy()),
  };
}
