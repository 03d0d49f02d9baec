import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { PROXY_LIMITS } from './limits.ts';
import { announcedTooLarge } from './request-body.ts';

/** @param continued the client has been told to send its body */
export type Accept = (request: IncomingMessage, response: ServerResponse, continued: boolean) => void;

/** The server before the exchanges, which does not listen yet. */
export function createProxyServer(accept: Accept): Server {
  const server = createServer({ maxHeaderSize: PROXY_LIMITS.headBytes, noDelay: true, requestTimeout: 0 });
  server.keepAliveTimeout = PROXY_LIMITS.keepAliveMs;
  server.on('request', (request, response) => accept(request, response, false));
  // The client holds the body back until it gets a 100 (RFC 9110 section 10.1.1): what will be refused need not be sent.
  server.on('checkContinue', (request, response) => {
    const continued = !announcedTooLarge(request);
    if (continued) response.writeContinue();
    accept(request, response, continued);
  });
  return server;
}
