import { type EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

type Change = (text: string) => string[];

/** What a gateway for WebSockets does wrong. */
export interface SocketFault {
  /** What becomes of a message on its way upstream; all as they are by default. */
  up?: Change;
  /** Of a message for the client. */
  down?: Change;
  /** Ends the client's connection, with this code, behind a message of which this is true. */
  endsAfter?: [test: (text: string) => boolean, code: number];
  /** Cuts the upstream's connection behind a message of which this is true. */
  hangsUpAfter?(text: string): boolean;
  /** The code that the client's connection is closed with when the upstream's is. */
  closesWith?: number;
  /** Header lines of the answer to the client's upgrade. */
  headers?: string[];
  /** Refuses every upgrade with this status. */
  refuses?: number;
  /** Asks upstream with a POST, and hands the answer on as one message of type `error`. */
  overHttp?: boolean;
  /** Answers the client's close frame with bytes that are no frame. */
  garblesEnd?: boolean;
  /** Told of every upgrade. */
  seen?(headers: Record<string, unknown>): void;
}

const asItIs: Change = (text) => [text];

/** A gateway that relays WebSockets message by message, each over a connection of its own upstream, but for its fault. */
export async function startSocketGateway(upstream: string, fault: SocketFault = {}): Promise<string> {
  const { up = asItIs, down = asItIs, endsAfter, closesWith } = fault;
  const http = createServer();
  const server = new WebSocketServer({ noServer: true });
  server.on('headers', (lines) => lines.push(...(fault.headers ?? ['x-codex-turn-state: t'])));
  http.on('upgrade', (request, transport, first) => {
    fault.seen?.(request.headers);
    if (fault.refuses !== undefined) {
      transport.end(`HTTP/1.1 ${fault.refuses} No\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno`);
      return;
    }
    server.handleUpgrade(request, transport, first, (client) => {
      client.on('error', () => {});
      if (fault.garblesEnd) {
        const { _receiver: receiver } = client as unknown as { _receiver: EventEmitter };
        receiver.prependListener('conclude', () => transport.write(Buffer.from([0xf0, 0])));
      }
      const live = new WebSocket(upstream.replace(/^http/, 'ws').replace(/\/v1$/, request.url ?? ''));
      const opened = once(live, 'open');
      opened.catch(() => fault.overHttp || client.terminate());
      live.on('error', () => {});
      client.on('message', async (data, binary) => {
        if (fault.overHttp) {
          const answer = await fetch(`${upstream}/responses`, { method: 'POST', body: String(data) });
          client.send(JSON.stringify({ type: 'error', status: answer.status }));
          return;
        }
        await opened.catch(() => {});
        for (const text of binary ? [] : up(String(data))) live.send(text);
      });
      live.on('message', (data, binary) => {
        for (const text of binary ? [] : down(String(data))) client.send(text);
        if (endsAfter?.[0](String(data))) client.close(endsAfter[1]);
        if (fault.hangsUpAfter?.(String(data))) live.close(1001);
      });
      client.on('close', () => live.terminate());
      live.on('close', (code, reason) => end(client, closesWith ?? code, reason.toString()));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1`;
}

function end(socket: WebSocket, code: number, reason: string): void {
  if (code === 1006) socket.terminate();
  else if (code === 1005) socket.close();
  else socket.close(code, reason);
}
