import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sendToGateway } from '../../../src/replay/against/send.ts';

/** A server that answers each connection with these bytes and then ends it. */
async function startServer(answer: string, end: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(answer, () => end(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const REQUEST = { method: 'POST', target: '/', headers: ['content-type', 'application/json'], body: undefined };
const CHUNK = 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n';
const ENDS: [name: string, end: (socket: Socket) => void][] = [
  ['ends', (socket) => socket.end()],
  ['is destroyed', (socket) => socket.destroy()],
  ['is reset', (socket) => socket.resetAndDestroy()],
];

describe.each(ENDS)('an answer whose connection %s', (_name, end) => {
  it.each(['close', 'keep-alive'])('before its last chunk is broken (connection: %s)', async (connection) => {
    const url = await startServer(`HTTP/1.1 200 OK\r\nconnection: ${connection}\r\n${CHUNK}`, end);
    const { status, body, broken } = await sendToGateway(url, REQUEST);
    expect([status, String(body && new TextDecoder().decode(body))]).toEqual([200, 'hello']);
    expect(broken).toMatch(/\w/);
  });
});

it('an answer to its last chunk is whole', async () => {
  const url = await startServer(`HTTP/1.1 200 OK\r\n${CHUNK}0\r\n\r\n`, (socket) => socket.end());
  expect(await sendToGateway(url, REQUEST)).toMatchObject({ status: 200, broken: undefined });
});

it('an answer that does not end is broken off, and nothing is kept of what is over', async () => {
  let open = 0;
  const server = createServer((socket) => {
    open += 1;
    socket.on('error', () => {}).on('close', () => (open -= 1));
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const more = () => !socket.destroyed && socket.write('5\r\n: hi\n\r\n', more);
      more();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { status, body, broken } = await sendToGateway(url, REQUEST, 1000);
  expect(status).toBe(200);
  expect(body!.length).toBeLessThanOrEqual(1000);
  expect(broken).toBe('the answer is over 1000 bytes');
  await vi.waitFor(() => expect(open).toBe(0));
});

it('the gateway is asked past whatever the global dispatcher is', async () => {
  const before = getGlobalDispatcher();
  const nobody = new MockAgent();
  nobody.disableNetConnect();
  setGlobalDispatcher(nobody);
  onTestFinished(() => setGlobalDispatcher(before));
  const url = await startServer(`HTTP/1.1 200 OK\r\n${CHUNK}0\r\n\r\n`, (socket) => socket.end());
  expect(await sendToGateway(url, REQUEST)).toMatchObject({ status: 200, broken: undefined });
});
