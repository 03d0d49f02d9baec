// A gateway that hands everything through and calls every stream plain text: `node mislabelling-gateway.mjs PORT UPSTREAM`, the
// upstream with its /v1.
import { createServer, request } from 'node:http';

const [, , port, upstream] = process.argv;

createServer((incoming, outgoing) => {
  const path = incoming.url.replace(/^\/v1(?=\/)/, '');
  const forwarded = request(upstream + path, { method: incoming.method, headers: incoming.headers }, (answer) => {
    const streamed = /event-stream/.test(answer.headers['content-type'] ?? '');
    outgoing.writeHead(answer.statusCode, { ...answer.headers, ...(streamed ? { 'content-type': 'text/plain' } : {}) });
    outgoing.flushHeaders();
    answer.pipe(outgoing);
    // A stream that breaks off is broken off.
    answer.on('error', () => outgoing.destroy());
    answer.on('close', () => answer.complete || outgoing.destroy());
  });
  forwarded.on('error', () => outgoing.destroy());
  outgoing.on('close', () => forwarded.destroy());
  incoming.pipe(forwarded);
}).listen(Number(port), '127.0.0.1');
