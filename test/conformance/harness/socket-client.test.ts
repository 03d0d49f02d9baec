import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { openSocket } from '../../../src/conformance/harness/socket-client.ts';

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A WebSocket to a server that does this with whoever comes. */
async function connect(serve: (socket: WebSocket) => void, timeoutMs: number) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  server.on('connection', serve);
  const socket = await openSocket(
    new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    [],
    timeoutMs,
  );
  closing.push(() => {
    socket.close();
    server.close();
  });
  return socket;
}

it('does not wait for an end without end where other messages come', async () => {
  const socket = await connect((other) => {
    const timer = setInterval(() => other.send('{"type":"ping"}'), 10);
    other.on('close', () => clearInterval(timer));
  }, 100);
  await expect(socket.until(/^end$/)).rejects.toThrow('the end of the answer over WebSocket did not come within');
});

it('takes whatever comes for a message', async () => {
  const socket = await connect((other) => {
    for (const text of ['null', '1', 'no JSON', '{"type":"end"}']) other.send(text);
  }, 5000);
  expect(await socket.until(/^end$/)).toEqual([{}, {}, {}, { type: 'end' }]);
});
