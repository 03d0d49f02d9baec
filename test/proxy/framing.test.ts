import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PROXY_LIMITS } from '../../src/proxy/limits.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { memoryRecorder } from '../helpers/memory-recorder.ts';
import { type RawServer, rawClient, rawServer } from '../helpers/raw-http.ts';

let upstream: RawServer;
let recorder: ReturnType<typeof memoryRecorder>;
let proxy: RunningProxy;

beforeEach(async () => {
  upstream = await rawServer();
  recorder = memoryRecorder();
  proxy = await startProxy({ upstream: upstream.url, recorder });
});
afterEach(async () => {
  await proxy.close(0);
  await upstream.close();
});

const POST = 'POST /v1/responses HTTP/1.1\r\nHost: x\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** A request of which the upstream must not see a byte, wherever it comes from. */
const SMUGGLED = 'GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a request whose end is not beyond doubt is refused, and nothing of it goes up', () => {
  test.each<[string, number, string]>([
    [
      'Transfer-Encoding beside Content-Length',
      400,
      `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['two lengths', 400, `${POST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`],
    ['the same length twice', 400, `${POST}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
    ['a list of lengths', 400, `${POST}Content-Length: 3, 3\r\n\r\nabc`],
    ['a length with a sign', 400, `${POST}Content-Length: +3\r\n\r\nabc`],
    ['a length in hexadecimal', 400, `${POST}Content-Length: 0x3\r\n\r\nabc`],
    ['a coding after chunked', 400, `${POST}Transfer-Encoding: chunked, identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n`],
    ['chunked twice', 400, `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a blank before the colon', 400, `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['lines that end with LF alone', 400, 'POST /v1/responses HTTP/1.1\nHost: x\nContent-Length: 3\n\nabc'],
    ['one line that ends with LF alone', 400, 'POST /v1/responses HTTP/1.1\r\nHost: x\nContent-Length: 3\r\n\r\nabc'],
    ['a line that goes on in the next', 400, `${POST}X-A: 1\r\n 2\r\nContent-Length: 3\r\n\r\nabc`],
    ['a CR in a value', 400, `${POST}X-A: 1\r2\r\nContent-Length: 3\r\n\r\nabc`],
    ['a NUL in a value', 400, `${POST}X-A: 1\u00002\r\nContent-Length: 3\r\n\r\nabc`],
    ['a chunk size that ends with LF alone', 400, `${POST}Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n`],
    [
      'a chunk size beyond all numbers',
      400,
      `${POST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n`,
    ],
  ])('%s: %i', async (_what, status, text) => {
    const client = await rawClient(proxy.port, `${text}${SMUGGLED}`);
    await client.closed;
    expect(client.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(client.received().match(/HTTP\/1\.1 /g)).toHaveLength(1);
    // Where chunks are bad, the head may have gone up before; a whole request has not.
    const requests = recorder.exchanges.flatMap(({ attempts }) => attempts.map(({ request }) => request));
    for (const request of requests) expect(request?.end?.how).not.toBe('complete');
  });

  test.each<[string, number, string]>([
    ['a coding that looks like chunked', 501, `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a coding before chunked', 501, `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`],
    ['no Host', 400, 'POST /v1/responses HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc'],
  ])('%s: %i', async (_what, status, text) => {
    const client = await rawClient(proxy.port, text);
    await client.closed;
    expect(client.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(recorder.exchanges.flatMap(({ attempts }) => attempts)).toEqual([]);
  });
});

describe('what is passed is framed anew, once', () => {
  test.each<[string, string, RegExp]>([
    [
      'chunk extensions',
      `${POST}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n`,
      /\r\n3\r\nabc\r\n0\r\n\r\n$/,
    ],
    [
      'a length that Connection names',
      `${POST}Connection: Content-Length\r\nContent-Length: 3\r\n\r\nabc`,
      /\r\ncontent-length: 3\r\n\r\nabc$/,
    ],
    [
      'a GET with a body',
      'GET /v1/models HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc',
      /\r\ncontent-length: 3\r\n\r\nabc$/,
    ],
    [
      'trailers of a request',
      `${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n`,
      /\r\n3\r\nabc\r\n0\r\n\r\n$/,
    ],
    [
      'two hosts and an absolute target',
      'GET http://other.test/v1/models HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n',
      /^GET \/v1\/models HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\nconnection: keep-alive\r\n\r\n$/,
    ],
  ])('%s', async (_what, text, expected) => {
    const client = await rawClient(proxy.port, text);
    const connection = await upstream.accept();
    const received = await connection.until(expected);
    expect(received.match(/content-length|transfer-encoding/gi) ?? []).toHaveLength(
      expected.source.includes('abc') ? 1 : 0,
    );
    connection.socket.write(OK);
    await client.until(/ok$/);
    expect((await recorder.closed(0)).outcome).toBe('complete');
  });
});

test('an answer of the upstream with a length and chunks is a 502', async () => {
  const client = await rawClient(proxy.port, 'GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
  const connection = await upstream.accept();
  connection.socket.write(
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  );
  await client.until(/HTTP\/1\.1 502 /);
  const { outcome, attempts } = await recorder.closed(0);
  expect(outcome).toBe('upstream-aborted');
  expect(attempts[0]?.response).toBeUndefined();
});

test('a request head of 1 MB is refused with 431, and the connection closed', async () => {
  const client = await rawClient(proxy.port, `${POST}X-Large: ${'x'.repeat(1024 * 1024)}\r\n\r\n`);
  await client.closed;
  expect(client.received()).toMatch(/^HTTP\/1\.1 431 /);
  expect(recorder.exchanges).toEqual([]);
});

test('a response head of 1 MB is a 502, and what came of it is no response', async () => {
  const client = await rawClient(proxy.port, 'GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
  const connection = await upstream.accept();
  connection.socket.write(`HTTP/1.1 200 OK\r\nX-Large: ${'x'.repeat(1024 * 1024)}\r\nContent-Length: 2\r\n\r\nok`);
  await client.until(/HTTP\/1\.1 502 [\s\S]*"upstream_head_too_large"/);
  const { outcome, attempts, end, clientResponse } = await recorder.closed(0);
  expect(outcome).toBe('upstream-error');
  expect(end).toMatchObject({ by: 'upstream', how: 'error' });
  expect(attempts).toEqual([{ request: expect.anything(), outcome: 'upstream-error' }]);
  expect(clientResponse?.head).toMatchObject({ status: 502 });
});

describe('Expect: 100-continue', () => {
  const head = `${POST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`;

  test('is answered by the proxy and not sent on', async () => {
    const client = await rawClient(proxy.port, head);
    expect(await client.until(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.socket.write('abc');
    const connection = await upstream.accept();
    expect(await connection.until(/abc$/)).not.toMatch(/expect/i);
    connection.socket.write(OK);
    await client.until(/200 OK[\s\S]*ok$/);
    expect((await recorder.closed(0)).clientRequest.body.toString()).toBe('abc');
  });

  test.each([401, 413, 417])(
    'the %i of an upstream that does not wait for the body reaches the client',
    async (status) => {
      const client = await rawClient(proxy.port, head);
      await client.until(/100 Continue\r\n\r\n/);
      client.socket.write('a');
      const connection = await upstream.accept();
      await connection.until(/\r\n\r\na$/);
      connection.socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`);
      expect(await client.until(/no$/)).toMatch(new RegExp(`^HTTP/1\\.1 100 Continue\r\n\r\nHTTP/1\\.1 ${status} `));
      // What is left of the body is not taken for a request.
      client.socket.write('bcGET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
      expect((await upstream.accept()).received()).toMatch(/^GET \/v1\/models /);
    },
  );

  test('a body that is too large is refused before it is sent', async () => {
    const length = PROXY_LIMITS.requestBytes + 1;
    const client = await rawClient(proxy.port, `${POST}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`);
    await client.closed;
    expect(client.received()).toMatch(/^HTTP\/1\.1 413 [\s\S]*"body_too_large"/);
    expect((await recorder.closed(0)).outcome).toBe('complete');
  });

  test('with a body that came all the same goes up once', async () => {
    const client = await rawClient(proxy.port, `${head}abc`);
    const connection = await upstream.accept();
    await connection.until(/\r\n\r\nabc$/);
    connection.socket.write(OK);
    await client.until(/100 Continue\r\n\r\nHTTP\/1\.1 200 OK[\s\S]*ok$/);
  });

  test('and its 100 is in the recording, on the side that got it', async () => {
    const client = await rawClient(proxy.port, head);
    await client.until(/100 Continue\r\n\r\n$/);
    client.socket.write('abc');
    (await upstream.accept()).socket.write(OK);
    await client.until(/ok$/);
    const { attempts, informational } = await recorder.closed(0);
    expect(informational).toEqual([{ status: 100, statusText: 'Continue', headers: [] }]);
    expect(attempts[0]?.informational).toBeUndefined();
  });

  test('any other expectation is a 417', async () => {
    const client = await rawClient(proxy.port, `${POST}Expect: miracles\r\nContent-Length: 3\r\n\r\nabc`);
    await client.until(/^HTTP\/1\.1 417 /);
    expect(recorder.exchanges).toEqual([]);
  });
});

test('an interim 100 that nobody asked for is a 502', async () => {
  const client = await rawClient(proxy.port, 'GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
  const connection = await upstream.accept();
  connection.socket.write(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
  expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 502 [\s\S]*"upstream_unasked"/);
  expect((await recorder.closed(0)).outcome).toBe('upstream-error');
});
