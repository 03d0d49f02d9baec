import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Json } from './hop.ts';

/** What a hop does to one WebSocket that goes through it. */
export interface SocketHooks {
  /** Most bytes of one message; without it there is no limit that matters. */
  limit?: number;
  /** A message of the client: what goes on, undefined for nothing. */
  up?(message: Json): Json | undefined;
  /** A message of the other side: what the client gets, a text as it is; a number closes the connection with this code. */
  down?(message: Json): (Json | string | Buffer)[] | number;
}

/** What a hop does to upgrades. */
export interface UpgradeHooks {
  /** The status and the body with which every upgrade is refused. */
  refuse?: number;
  /** Changes the headers of the upgrade in place. */
  headers?(headers: Record<string, string>): void;
  /** Hooks of a connection of its own. */
  connection?(): SocketHooks;
}

const NO_LIMIT = 256 * 1024 * 1024;

/** Carries WebSockets between the clients of a server and the same path at `target`. Gives a function that ends them all. */
export function carryUpgrades(server: Server, target: URL, { refuse, headers, connection }: UpgradeHooks): () => void {
  const sockets = new Set<WebSocket>();
  server.on('upgrade', (request: IncomingMessage, transport: Duplex, first: Buffer) => {
    transport.on('error', () => transport.destroy());
    if (refuse !== undefined) {
      transport.end(`HTTP/1.1 ${refuse} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
      return;
    }
    const sent = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !/^(?:host|connection|upgrade|sec-websocket-)/.test(name)),
    ) as Record<string, string>;
    headers?.(sent);
    const upstream = new WebSocket(`ws://${target.host}${request.url}`, { headers: sent, maxPayload: NO_LIMIT });
    sockets.add(upstream);
    upstream.on('error', () => transport.destroy());
    upstream.on('unexpected-response', (_request, response) => {
      response.resume();
      transport.end(`HTTP/1.1 ${response.statusCode} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    });
    upstream.on('open', () => {
      const hooks = connection?.() ?? {};
      new WebSocketServer({ noServer: true, maxPayload: hooks.limit ?? NO_LIMIT }).handleUpgrade(
        ...[request, transport, first],
        (client) => {
          sockets.add(client);
          relay(client, upstream, hooks);
        },
      );
    });
  });
  return () => {
    for (const socket of sockets) socket.terminate();
  };
}

function relay(client: WebSocket, upstream: WebSocket, { up, down }: SocketHooks): void {
  client.on('error', () => upstream.terminate());
  upstream.on('error', () => client.terminate());
  client.on('close', () => upstream.terminate());
  upstream.on('close', (code) => client.close(code >= 3000 || (code >= 1000 && code < 1004) ? code : 1011));
  client.on('message', (data) => {
    const message = up ? up(JSON.parse(String(data)) as Json) : String(data);
    if (message !== undefined) upstream.send(typeof message === 'string' ? message : JSON.stringify(message));
  });
  upstream.on('message', (data) => {
    const said = down ? down(JSON.parse(String(data)) as Json) : [String(data)];
    if (typeof said === 'number') client.close(said);
    else
      for (const one of said)
        client.send(typeof one === 'string' || Buffer.isBuffer(one) ? one : JSON.stringify(one), {
          binary: Buffer.isBuffer(one),
        });
  });
}
