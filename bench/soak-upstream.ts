import { createServer, type ServerResponse } from 'node:http';
import { EVENTS_PER_SECOND, readSoakRequest, soakEvents } from './soak-stream.ts';

/**
 * The provider of the soak test, a process of its own: answers each request with the stream that it names, event by event in
 * time. Tells its parent `{ port }`, and on any message `{ bytes, streams }`: what it has written, and how many streams are open.
 */

interface Stream {
  response: ServerResponse;
  events: Iterator<Buffer>;
  begun: number;
  written: number;
}

const streams = new Set<Stream>();
let bytes = 0;

/** Writes what is due: events come evenly, and the streams are apart by when they began. */
function tick(): void {
  const now = performance.now();
  for (const stream of streams) {
    while (streams.has(stream) && stream.written < ((now - stream.begun) * EVENTS_PER_SECOND) / 1000) writeNext(stream);
  }
}

function writeNext(stream: Stream): void {
  stream.written += 1;
  const { value, done } = stream.events.next();
  if (done) {
    streams.delete(stream);
    stream.response.end();
    return;
  }
  bytes += value.length;
  stream.response.write(value);
}

const server = createServer((request, response) => {
  const body: Buffer[] = [];
  request.on('data', (chunk: Buffer) => body.push(chunk));
  request.on('end', () => {
    const { seed, events } = readSoakRequest(Buffer.concat(body).toString());
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const stream = { response, events: soakEvents(seed, events), begun: performance.now(), written: 0 };
    streams.add(stream);
    response.on('close', () => streams.delete(stream));
  });
});
setInterval(tick, 10);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.send?.({ port: address?.port });
});
process.on('message', () => process.send?.({ bytes, streams: streams.size }));
process.on('disconnect', () => process.exit());
