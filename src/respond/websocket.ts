import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { headerPairs } from '../util/headers.ts';
import type { RawHeaders } from '../util/types.ts';
import { parseResponseHead, type WrittenHead } from './http.ts';

/** What the client's upgrade is answered with besides the fields of the handshake. */
export interface UpgradeAnswer {
  headers: RawHeaders;
  /** The subprotocol chosen; empty: none. */
  protocol: string;
}

/** Does the client's half of WebSocket handshakes. */
export interface Acceptor {
  /**
   * Answers an upgrade that `isHandshake` holds to be one with 101. Gives the socket, paused, with the head as it was
   * written; undefined when the client has gone, or asked for what cannot be (then it has been told).
   */
  accept(
    request: IncomingMessage,
    transport: Duplex,
    first: Buffer,
    answer: UpgradeAnswer,
  ): { socket: WebSocket; head: WrittenHead } | undefined;
}

/** @param limits bytes of one message, and milliseconds for a closing handshake */
export function createAcceptor(limits: { messageBytes: number; closeMs: number }): Acceptor {
  const answers = new WeakMap<IncomingMessage, UpgradeAnswer & { written: string[] }>();
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: true,
    maxPayload: limits.messageBytes,
    closeTimeout: limits.closeMs,
    handleProtocols: (_offered, request) => answers.get(request)?.protocol || false,
  };
  const server = new WebSocketServer(options);
  server.on('headers', (lines, request) => {
    const answer = answers.get(request);
    if (!answer) return;
    for (const [name, value] of headerPairs(answer.headers)) lines.push(`${name}: ${value}`);
    answer.written = lines;
  });
  return {
    accept(request, transport, first, answer) {
      const waiting = { ...answer, written: [] as string[] };
      answers.set(request, waiting);
      let accepted: WebSocket | undefined;
      // Without `verifyClient` the whole handshake is done before this returns.
      server.handleUpgrade(request, transport, first, (socket) => {
        socket.pause();
        accepted = socket;
      });
      return accepted && { socket: accepted, head: parseResponseHead(waiting.written.join('\r\n')) };
    },
  };
}

/** Whether a request is a WebSocket handshake as RFC 6455 section 4.2.1 wants it. */
export function isHandshake({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '') &&
    headers['sec-websocket-version'] === '13'
  );
}

/**
 * Answers an upgrade with 426 (or another status) and a JSON document, and closes. 426 is the one refusal on which Codex falls back to HTTP at
 * once; any other status costs it seven attempts and 6.4 s (measured with 0.122.0 and 0.169.0).
 */
export function refuseUpgrade(
  transport: Duplex,
  text: string,
  status = '426 Upgrade Required',
): { head: WrittenHead; body: Buffer } {
  return answerUpgrade(transport, status, ['content-type', 'application/json'], Buffer.from(text));
}

/**
 * Answers an upgrade with something else than 101, and closes.
 * @param status code and reason
 * @param headers without those of the connection, and without a length
 */
export function answerUpgrade(
  transport: Duplex,
  status: string,
  headers: RawHeaders,
  body: Buffer,
): { head: WrittenHead; body: Buffer } {
  const fields = [...headerPairs(headers), ['content-length', String(body.length)], ['connection', 'close']];
  const head = [`HTTP/1.1 ${status}`, ...fields.map(([name, value]) => `${name}: ${value}`)].join('\r\n');
  transport.on('error', () => transport.destroy());
  transport.end(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]), () => transport.destroy());
  return { head: parseResponseHead(head), body };
}
