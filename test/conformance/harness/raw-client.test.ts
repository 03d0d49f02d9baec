import { createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { sendRaw } from '../../../src/conformance/harness/raw-client.ts';
import { fromUtf8 } from '../../../src/util/bytes.ts';

const servers: { close(): void }[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that writes a text to whoever says something, and then does what it is told with the connection. */
async function serve(text: string, then: (socket: Socket) => void): Promise<URL> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write(text, () => then(socket)));
  });
  servers.push({
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`);
}

const TWO = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 404 Not Found\r\n\r\n';

it('counts every answer, and keeps what was said for the evidence', async () => {
  const url = await serve(TWO, (socket) => socket.end());
  const { statuses, closed, observed } = await sendRaw(url, 'POST /v1/x HTTP/1.1\r\nhost: h\r\n\r\n{}', 5000);
  expect({ statuses, closed }).toEqual({ statuses: [200, 404], closed: true });
  expect(observed.request).toEqual({ method: 'POST', url: '/v1/x', httpVersion: 'HTTP/1.1', headers: ['host', 'h'] });
  expect(fromUtf8(observed.requestBody)).toBe('{}');
  expect(observed.response).toMatchObject({ status: 200, headers: ['content-length', '2'] });
});

it('judges by what came where the other side waits for more', async () => {
  const url = await serve('HTTP/1.1 400 Bad Request\r\n\r\n', () => {});
  const { statuses, closed, observed } = await sendRaw(url, 'X / HTTP/1.1\r\n\r\n', 200);
  expect({ statuses, closed, outcome: observed.outcome }).toEqual({
    statuses: [400],
    closed: false,
    outcome: 'timeout',
  });
});

const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n';

it.each([
  ['chunked coding', 'transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', [200, 404]],
  ['chunked coding with trailers', 'transfer-encoding: chunked\r\n\r\n0\r\nx-a: b\r\n\r\n', [200, 404]],
  ['a length of bytes, and an empty line behind', 'content-length: 4\r\n\r\n\u00e9\u00e9\r\n', [200, 404]],
  ['a status line within it', 'content-length: 20\r\n\r\nx\nHTTP/1.1 500 Oh no\n', [200, 404]],
  ['the end of the connection', '\r\nall of this, \r\n', [200]],
])('knows where a body ends by %s', async (_how, rest, due) => {
  const interim = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n';
  const url = await serve(`${interim}HTTP/1.1 200 OK\r\n${rest}${NOT_FOUND}`, (socket) => socket.end());
  const { statuses } = await sendRaw(url, 'GET / HTTP/1.1\r\n\r\n', 5000);
  expect(statuses).toEqual(due);
});
