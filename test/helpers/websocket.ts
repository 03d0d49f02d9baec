import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** One end of a WebSocket whose messages a test takes one by one. */
export interface SocketPeer {
  socket: WebSocket;
  open: Promise<void>;
  closed: Promise<{ code: number; reason: string }>;
  /** A string goes as text; bytes as binary unless told otherwise. */
  send(data: string | Buffer, binary?: boolean): void;
  /** The next message; rejects when the connection ends before. */
  next(): Promise<Buffer>;
  nextFrame(): Promise<{ data: Buffer; binary: boolean }>;
}

/** Collects the messages of a socket from now on. */
export function handshake(socket: WebSocket): SocketPeer {
  const arrived: { data: Buffer; binary: boolean }[] = [];
  const waiting: (() => void)[] = [];
  const open = socket.readyState === socket.OPEN ? Promise.resolve() : once(socket, 'open').then(() => {});
  open.catch(() => {});
  socket.on('error', () => {});
  const wake = () => {
    for (const waiter of waiting.splice(0)) waiter();
  };
  let over: { code: number; reason: string } | undefined;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => {
      over = { code, reason: reason.toString() };
      resolve(over);
      wake();
    });
  });
  socket.on('message', (data, binary) => {
    arrived.push({ data: data as Buffer, binary });
    wake();
  });
  const nextFrame = async () => {
    for (;;) {
      const frame = arrived.shift();
      if (frame) return frame;
      if (over) throw new Error(`closed with ${over.code} before the next message`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return {
    socket,
    open,
    closed,
    send: (data, binary = typeof data !== 'string') => socket.send(data, { binary }),
    nextFrame,
    next: async () => (await nextFrame()).data,
  };
}

/** The server's end, with the upgrade it was asked by. */
export type ServedPeer = SocketPeer & { request: IncomingMessage };

/** An upstream that accepts every WebSocket and leaves it to the test. */
export interface TestSocketServer {
  port: number;
  url: string;
  accept(): Promise<ServedPeer>;
  /** Header lines to add to the next answers. */
  answerWith(lines: string[]): void;
  chooseProtocol(name: string): void;
  /** Upgrades so far. */
  upgrades(): number;
  close(): Promise<void>;
}

export async function serveSockets(): Promise<TestSocketServer> {
  const arrived: ServedPeer[] = [];
  const waiting: (() => void)[] = [];
  let lines: string[] = [];
  let protocol: string | false = false;
  let upgrades = 0;
  const http = createServer();
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate: true,
    maxPayload: 0,
    handleProtocols: () => protocol,
  });
  server.on('headers', (headers) => headers.push(...lines));
  server.on('connection', (socket, request) => {
    upgrades += 1;
    arrived.push({ ...handshake(socket), request });
    for (const waiter of waiting.splice(0)) waiter();
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/v1`,
    async accept() {
      while (arrived.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      return arrived.shift()!;
    },
    answerWith(added) {
      lines = added;
    },
    chooseProtocol(name) {
      protocol = name;
    },
    upgrades: () => upgrades,
    async close() {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
