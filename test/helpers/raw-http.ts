import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP server whose connections a test answers byte by byte; nothing of HTTP is added. */
export interface RawServer {
  port: number;
  url: string;
  /** Resolves with the next connection once its request head (up to the blank line) has been read. */
  accept(): Promise<RawConnection>;
  close(): Promise<void>;
}

export interface RawConnection {
  socket: Socket;
  /** All that has been received so far, as latin1. */
  received(): string;
  /** Resolves when the received text matches. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves when the other side has closed or reset. */
  closed: Promise<void>;
}

function wrap(socket: Socket): RawConnection {
  let text = '';
  const checks = new Set<() => void>();
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (const check of checks) check();
  });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.once('end', () => resolve());
  });
  return {
    socket,
    closed,
    received: () => text,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!pattern.test(text)) return;
          checks.delete(check);
          resolve(text);
        };
        checks.add(check);
        closed.then(() => setImmediate(() => reject(new Error(`closed before ${pattern} in ${JSON.stringify(text)}`))));
        check();
      }),
  };
}

export async function rawServer(): Promise<RawServer> {
  const arrived: RawConnection[] = [];
  const waiting: ((connection: RawConnection) => void)[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const connection = wrap(socket);
    connection.until(/\r\n\r\n/).then(
      () => {
        const waiter = waiting.shift();
        if (waiter) waiter(connection);
        else arrived.push(connection);
      },
      () => {},
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/v1`,
    accept: () => {
      const connection = arrived.shift();
      return connection ? Promise.resolve(connection) : new Promise((resolve) => waiting.push(resolve));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A TCP client that writes a request as it is given. */
export async function rawClient(port: number, text: string | Buffer): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const connection = wrap(socket);
  socket.write(text);
  return connection;
}

/** A POST with the headers given, a right content-length and a body. */
export function post(path: string, headers: string[], body: string | Buffer): Buffer {
  const bytes = Buffer.from(body as string);
  const head = [`POST ${path} HTTP/1.1`, 'Host: client.test', ...headers, `Content-Length: ${bytes.length}`, '', ''];
  return Buffer.concat([Buffer.from(head.join('\r\n')), bytes]);
}
