import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a gateway does to what goes through it; absent: nothing. */
export interface Flaws {
  /** The body of a request, as text. */
  request?(body: string): string;
  /** A read of an answer, as text. */
  answer?(part: string): string;
  /** A stream that broke off is ended as if it were whole, whenever this says so. */
  hidesEnd?(): boolean;
}

/**
 * A gateway that hands everything through, but for its flaws. When its provider cannot be reached it answers 502.
 * @param upstream base URL of the provider, with its `/v1`
 */
export async function startFlawedGateway(upstream: string, flaws: Flaws = {}): Promise<{ url: string; close(): void }> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const sent =
        flaws.request && !incoming.headers['content-encoding'] ? Buffer.from(flaws.request(`${body}`)) : body;
      const path = (incoming.url ?? '').replace(/^\/v1(?=\/)/, '');
      const headers = { ...passed(incoming.headers), 'content-length': sent.length };
      const forwarded = request(upstream + path, { method: incoming.method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, flaws.answer ? passed(answer.headers) : answer.headers);
        outgoing.flushHeaders();
        answer.on('data', (part: Buffer) => outgoing.write(flaws.answer ? flaws.answer(`${part}`) : part));
        answer.on('end', () => outgoing.end());
        answer.on('error', () => (flaws.hidesEnd?.() ? outgoing.end() : outgoing.destroy()));
      });
      forwarded.on('error', (error) => {
        if (outgoing.headersSent) return;
        outgoing.writeHead(502, { 'content-type': 'application/json' });
        outgoing.end(JSON.stringify({ error: { message: error.message, type: 'upstream_error' } }));
      });
      outgoing.on('close', () => forwarded.destroy());
      forwarded.end(sent);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What belongs to the message and not to the connection; its length may be another one now. */
function passed(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { connection, 'content-length': length, 'transfer-encoding': coding, ...rest } = headers;
  return rest;
}
