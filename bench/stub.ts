import { createServer, type Socket } from 'node:net';
import { MessageReader } from './framing.ts';
import { SMALL_ANSWER, STREAM_EVENTS, streamEvent, TARGETS } from './traffic.ts';

/**
 * The provider of the benchmark, a process of its own: sockets and prepared bytes, so that it is never what is measured.
 * Tells its parent `{ port }`, and on any message `{ sockets }`, how many connections are open.
 */

const JSON_ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_0001\r\ncontent-length: ${Buffer.byteLength(SMALL_ANSWER)}\r\n\r\n${SMALL_ANSWER}`,
);
const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_0001\r\ntransfer-encoding: chunked\r\n\r\n',
);
const EVENT_FRAMES = Array.from({ length: STREAM_EVENTS }, (_, n) => {
  const text = streamEvent(n);
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`);
});
const STREAM_END = Buffer.from('0\r\n\r\n');

interface Stream {
  socket: Socket;
  next: number;
  last: number;
}

const streams = new Set<Stream>();
let ticking = false;

/** Writes one event to every stream that takes one, then lets the event loop turn. */
function tick(): void {
  ticking = false;
  for (const stream of streams) {
    const { socket } = stream;
    if (socket.destroyed) streams.delete(stream);
    else if (stream.next === stream.last) {
      socket.write(STREAM_END);
      streams.delete(stream);
    } else if (!socket.writableNeedDrain) {
      socket.write(EVENT_FRAMES[stream.next % STREAM_EVENTS]!);
      stream.next += 1;
    }
  }
  if (streams.size > 0) tickSoon();
}

function tickSoon(): void {
  if (ticking) return;
  ticking = true;
  setImmediate(tick);
}

function answer(socket: Socket, target: string): void {
  if (target === TARGETS.json) {
    socket.write(JSON_ANSWER);
    return;
  }
  socket.write(STREAM_HEAD);
  streams.add({ socket, next: 0, last: target === TARGETS.endless ? Number.POSITIVE_INFINITY : STREAM_EVENTS });
  tickSoon();
}

const sockets = new Set<Socket>();
const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy());
  let target = '';
  const reader = new MessageReader({
    onHead(head) {
      target = head.split(' ', 2)[1] ?? '';
    },
    onEnd: () => answer(socket, target),
  });
  socket.on('data', (chunk) => reader.push(chunk));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.send?.({ port: address?.port });
});
process.on('message', () => process.send?.({ sockets: sockets.size }));
process.on('disconnect', () => process.exit());
