import { createServer, type Socket } from 'node:net';
import { MessageReader } from './framing.ts';
import {
  CHAT_ANSWER,
  CHAT_END,
  CHAT_PATH,
  chatChunk,
  SMALL_ANSWER,
  STREAM_EVENTS,
  streamEvent,
  TARGETS,
} from './traffic.ts';

/**
 * The provider of the benchmark, a process of its own: sockets and prepared bytes, so that it is never what is measured.
 * Tells its parent `{ port }`, and on any message `{ sockets }`, how many connections are open.
 */

/** What one protocol is answered with. */
interface Answers {
  json: Buffer;
  /** One frame an event. */
  events: Buffer[];
  end: Buffer;
}

const STREAM_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_0001\r\ntransfer-encoding: chunked\r\n\r\n',
);
const STREAM_END = '0\r\n\r\n';

const RESPONSES: Answers = { json: whole(SMALL_ANSWER), events: frames(streamEvent), end: Buffer.from(STREAM_END) };
const CHAT: Answers = {
  json: whole(CHAT_ANSWER),
  events: frames(chatChunk),
  end: Buffer.concat([frame(CHAT_END), Buffer.from(STREAM_END)]),
};

function whole(text: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_0001\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

function frame(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`);
}

function frames(event: (n: number) => string): Buffer[] {
  return Array.from({ length: STREAM_EVENTS }, (_, n) => frame(event(n)));
}

interface Stream {
  socket: Socket;
  answers: Answers;
  next: number;
  last: number;
}

const streams = new Set<Stream>();
let ticking = false;

/** Writes one event to every stream that takes one, then lets the event loop turn. */
function tick(): void {
  ticking = false;
  for (const stream of streams) {
    const { socket, answers } = stream;
    if (socket.destroyed) streams.delete(stream);
    else if (stream.next === stream.last) {
      socket.write(answers.end);
      streams.delete(stream);
    } else if (!socket.writableNeedDrain) {
      socket.write(answers.events[stream.next % STREAM_EVENTS]!);
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

/** What a request asks for: by its target, or of Chat Completions by what it accepts. */
interface Asked {
  answers: Answers;
  stream: boolean;
  endless: boolean;
}

function readHead(head: string): Asked {
  const target = head.split(' ', 2)[1] ?? '';
  if (target === CHAT_PATH)
    return { answers: CHAT, stream: /\r\naccept: text\/event-stream/i.test(head), endless: false };
  return { answers: RESPONSES, stream: target !== TARGETS.json, endless: target === TARGETS.endless };
}

function answer(socket: Socket, { answers, stream, endless }: Asked): void {
  if (!stream) {
    socket.write(answers.json);
    return;
  }
  socket.write(STREAM_HEAD);
  streams.add({ socket, answers, next: 0, last: endless ? Number.POSITIVE_INFINITY : STREAM_EVENTS });
  tickSoon();
}

const sockets = new Set<Socket>();
const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy());
  let asked: Asked | undefined;
  const reader = new MessageReader({
    onHead(head) {
      asked = readHead(head);
    },
    onEnd: () => answer(socket, asked!),
  });
  socket.on('data', (chunk) => reader.push(chunk));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.send?.({ port: address?.port });
});
process.on('message', () => process.send?.({ sockets: sockets.size }));
process.on('disconnect', () => process.exit());
