import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RequestHead, ResponseHead } from '../../src/cassette/tap.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { memoryRecorder } from '../helpers/memory-recorder.ts';
import { post, type RawServer, rawClient, rawServer } from '../helpers/raw-http.ts';

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

const ok = (body: string, headers: string[] = []) =>
  ['HTTP/1.1 200 OK', ...headers, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');

test('a request reaches the upstream with header order, case and duplicates kept', async () => {
  const client = await rawClient(
    proxy.port,
    post('/v1/responses', ['X-B: 1', 'x-a: 2', 'X-B: 3', 'Authorization: Bearer made-up'], '{"model":"m"}'),
  );
  const connection = await upstream.accept();
  const text = await connection.until(/\{"model":"m"\}$/);
  connection.socket.write(ok('{}'));
  await client.until(/\{\}$/);
  expect(text.split('\r\n')).toEqual([
    'POST /v1/responses HTTP/1.1',
    `host: 127.0.0.1:${upstream.port}`,
    'connection: keep-alive',
    'X-B: 1',
    'x-a: 2',
    'X-B: 3',
    'Authorization: Bearer made-up',
    'content-length: 13',
    '',
    '{"model":"m"}',
  ]);
});

test('the tapped upstream request head is the one that was written', async () => {
  const client = await rawClient(proxy.port, post('/responses?x=1', ['X-B: 1'], 'abc'));
  const connection = await upstream.accept();
  const text = await connection.until(/abc$/);
  connection.socket.write(ok('{}'));
  await client.until(/\{\}$/);
  const exchange = await recorder.closed(0);
  const head = exchange.attempts[0]?.request?.head as RequestHead;
  expect(head.url).toBe(`http://127.0.0.1:${upstream.port}/v1/responses?x=1`);
  const lines: string[] = [];
  for (let i = 0; i < head.headers.length; i += 2) lines.push(`${head.headers[i]}: ${head.headers[i + 1]}`);
  expect(lines).toEqual(text.split('\r\n').slice(1, -2));
});

test('fields of the connection stay on their hop, both ways', async () => {
  const client = await rawClient(
    proxy.port,
    post(
      '/v1/responses',
      ['Connection: keep-alive, X-Hop', 'X-Hop: 1', 'Keep-Alive: timeout=9', 'TE: trailers', 'X-End: 1'],
      '{}',
    ),
  );
  const connection = await upstream.accept();
  const request = await connection.until(/\{\}$/);
  connection.socket.write(
    ok('{}', ['Connection: X-Secret-Hop', 'X-Secret-Hop: 1', 'Keep-Alive: timeout=1', 'X-Stay: 1']),
  );
  const response = await client.until(/\{\}$/);
  expect(request).not.toMatch(/x-hop|timeout=9|trailers/i);
  expect(request).toContain('X-End: 1');
  expect(response).not.toMatch(/secret-hop|timeout=1\r/i);
  expect(response).toContain('X-Stay: 1');
});

test('a response comes back with header order and case kept and no date added', async () => {
  const client = await rawClient(proxy.port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.write(ok('{"a":1}', ['X-Second: 2', 'x-first: 1', 'X-Second: 3']));
  const text = await client.until(/\{"a":1\}$/);
  const [head = ''] = text.split('\r\n\r\n');
  expect(head.split('\r\n').slice(0, 5)).toEqual([
    'HTTP/1.1 200 OK',
    'X-Second: 2',
    'x-first: 1',
    'X-Second: 3',
    'Content-Length: 7',
  ]);
  expect(head).not.toMatch(/^date:/im);
  const exchange = await recorder.closed(0);
  const written = exchange.clientResponse?.head as ResponseHead;
  expect(written.headers.slice(0, 8)).toEqual([
    'X-Second',
    '2',
    'x-first',
    '1',
    'X-Second',
    '3',
    'Content-Length',
    '7',
  ]);
});

test('the first event reaches the client before the upstream has sent the second', async () => {
  const client = await rawClient(proxy.port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
  await client.until(/text\/event-stream\r\n[\s\S]*\r\n\r\n/);
  connection.socket.write('7\r\ndata: 1\r\n');
  await client.until(/data: 1/);
  connection.socket.write('7\r\ndata: 2\r\n0\r\n\r\n');
  await client.until(/data: 2[\s\S]*0\r\n\r\n$/);
  const exchange = await recorder.closed(0);
  expect(exchange.outcome).toBe('complete');
  expect(exchange.attempts[0]?.response?.body.toString()).toBe('data: 1data: 2');
  expect(exchange.attempts[0]?.response?.chunks).toBe(2);
  expect(exchange.clientResponse?.body.toString()).toBe('data: 1data: 2');
});

test('a body of which a byte is missing is not waited for', async () => {
  const whole = post('/responses', [], 'abc');
  const client = await rawClient(proxy.port, whole.subarray(0, -1));
  const connection = await upstream.accept();
  await connection.until(/\r\n\r\nab$/);
  client.socket.write('c');
  await connection.until(/\r\n\r\nabc$/);
  connection.socket.write(ok('{}'));
  await client.until(/\{\}$/);
  const { attempts, clientRequest } = await recorder.closed(0);
  for (const leg of [clientRequest, attempts[0]!.request!]) {
    expect(leg.data.map(({ bytes }) => bytes.toString())).toEqual(['ab', 'c']);
    expect(leg.end).toMatchObject({ by: 'client', how: 'complete' });
  }
});

test('a body that came with its head goes up with it, and is tapped on both legs', async () => {
  const client = await rawClient(proxy.port, post('/responses', ['Content-Encoding: zstd'], 'abc'));
  const connection = await upstream.accept();
  const text = await connection.until(/abc$/);
  expect(text).toContain('\r\nContent-Encoding: zstd\r\n');
  connection.socket.write(ok('{}'));
  await client.until(/\{\}$/);
  const { attempts, clientRequest } = await recorder.closed(0);
  for (const leg of [clientRequest, attempts[0]!.request!]) {
    expect(leg.data.map(({ bytes }) => bytes.toString())).toEqual(['abc']);
    expect(leg.end).toMatchObject({ by: 'client', how: 'complete' });
  }
});

test('a chunked request body goes up chunked and is tapped on both legs', async () => {
  const head = 'POST /v1/responses HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  const client = await rawClient(proxy.port, `${head}3\r\nabc\r\n`);
  const connection = await upstream.accept();
  await connection.until(/abc/);
  client.socket.write('2\r\nde\r\n0\r\n\r\n');
  const text = await connection.until(/0\r\n\r\n$/);
  expect(text).toMatch(/transfer-encoding: chunked/);
  connection.socket.write(ok('{}'));
  await client.until(/\{\}$/);
  const exchange = await recorder.closed(0);
  expect(exchange.clientRequest.body.toString()).toBe('abcde');
  expect(exchange.clientRequest.end?.how).toBe('complete');
  expect(exchange.attempts[0]?.request?.body.toString()).toBe('abcde');
  expect(exchange.attempts[0]?.request?.end?.how).toBe('complete');
});

test('a GET without a body passes, and any other path too', async () => {
  const client = await rawClient(proxy.port, 'GET /v1/models?client_version=1 HTTP/1.1\r\nHost: x\r\n\r\n');
  const connection = await upstream.accept();
  expect(connection.received()).toMatch(/^GET \/v1\/models\?client_version=1 HTTP\/1.1\r\n/);
  expect(connection.received()).not.toMatch(/content-length|transfer-encoding/i);
  connection.socket.write(ok('{"models":[]}'));
  await client.until(/\{"models":\[\]\}$/);
  client.socket.write('DELETE /v1/anything/else HTTP/1.1\r\nHost: x\r\n\r\n');
  await connection.until(/DELETE \/v1\/anything\/else HTTP/);
  connection.socket.write('HTTP/1.1 204 No Content\r\n\r\n');
  await client.until(/204 No Content/);
  expect((await recorder.closed(1)).outcome).toBe('complete');
});

test('the body of a HEAD answer stays absent', async () => {
  const client = await rawClient(proxy.port, 'HEAD /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
  const connection = await upstream.accept();
  connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
  const text = await client.until(/\r\n\r\n/);
  expect(text).toMatch(/Content-Length: 5/);
  expect((await recorder.closed(0)).outcome).toBe('complete');
});

test('trailers pass', async () => {
  const client = await rawClient(proxy.port, post('/v1/responses', ['TE: trailers'], '{}'));
  const connection = await upstream.accept();
  connection.socket.write(
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n',
  );
  expect(await client.until(/X-Sum: 7\r\n\r\n$/)).toContain('2\r\nok\r\n');
});

test('an interim response is passed and not taken for the answer', async () => {
  const client = await rawClient(proxy.port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.write(
    'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nlink: </y>\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n',
  );
  // Nothing of the answer is there yet.
  await client.until(/\r\n\r\n$/);
  connection.socket.write(`HTTP/1.1 102\r\n\r\n${ok('{"a":1}')}`);
  const text = await client.until(/\{"a":1\}$/);
  expect(text).toMatch(
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/x>\r\nlink: <\/y>\r\n\r\nHTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
  );
  const { outcome, attempts, informational } = await recorder.closed(0);
  expect(outcome).toBe('complete');
  expect(attempts[0]?.response?.head).toMatchObject({ status: 200 });
  const links = ['Link', '</x>', 'link', '</y>'];
  expect(attempts[0]?.informational).toEqual([
    { status: 103, statusText: 'Early Hints', headers: [...links, 'Connection', 'X-Hop', 'X-Hop', '1'] },
    { status: 102, statusText: '', headers: [] },
  ]);
  expect(informational).toEqual([
    { status: 103, statusText: 'Early Hints', headers: links },
    { status: 102, statusText: 'Processing', headers: [] },
  ]);
});

test('a WebSocket upgrade is answered 426 at once', async () => {
  const client = await rawClient(
    proxy.port,
    'GET /v1/responses HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  );
  await client.closed;
  expect(client.received()).toMatch(/^HTTP\/1.1 426 Upgrade Required\r\n[\s\S]*"upgrade_not_supported"/);
});

test('a slow client holds the upstream back', async () => {
  const client = await rawClient(proxy.port, post('/v1/responses', [], '{}'));
  client.socket.pause();
  const connection = await upstream.accept();
  connection.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
  const block = Buffer.alloc(1024 * 1024, 'x');
  // Far more than all socket buffers on the way together: without backpressure the proxy would swallow it all.
  const blocks = 256;
  let written = 0;
  const stalled = new Promise<void>((resolve) => {
    const pump = () => {
      while (written < blocks) {
        written += 1;
        if (connection.socket.write(block)) continue;
        let progressed = false;
        connection.socket.once('drain', () => {
          progressed = true;
          pump();
        });
        setTimeout(() => progressed || resolve(), 300);
        return;
      }
      resolve();
    };
    pump();
  });
  await stalled;
  expect(written).toBeLessThan(blocks / 2);
  client.socket.destroy();
  expect((await recorder.closed(0)).outcome).toBe('client-aborted');
});
