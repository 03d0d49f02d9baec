import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { UpstreamHandler, UpstreamRequest } from './client.ts';

/** What of a dispatcher sends a request. */
interface Dispatching {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): unknown;
}

/** Sends a request by way of a dispatcher of undici's, or of what takes its place. */
export function dispatchUpstream(dispatcher: Dispatching, request: UpstreamRequest, handler: UpstreamHandler): void {
  const options: Dispatcher.DispatchOptions = {
    origin: request.origin,
    path: request.path,
    method: request.method as Dispatcher.HttpMethod,
    headers: request.headers as string[],
    body: request.body as Buffer | Readable | null,
  };
  dispatcher.dispatch(options, handler as Dispatcher.DispatchHandler);
}
