import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProxyOptions, type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { memoryRecorder } from '../helpers/memory-recorder.ts';
import { post, type RawServer, rawClient, rawServer } from '../helpers/raw-http.ts';

let upstream: RawServer;
let recorder: ReturnType<typeof memoryRecorder>;
let proxy: RunningProxy | undefined;

beforeEach(async () => {
  upstream = await rawServer();
  recorder = memoryRecorder();
});
afterEach(async () => {
  await proxy?.close(0);
  await upstream.close();
});

const start = async (options: Partial<ProxyOptions> = {}) => {
  proxy = await startProxy({ upstream: upstream.url, recorder, ...options });
  return proxy;
};

const SSE_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('an upstream that cannot be reached', () => {
  const cases: [path: string, shape: RegExp][] = [
    [
      '/v1/responses',
      /\{"error":\{"message":"Nothing listens at the upstream .*","type":"server_error","param":null,"code":"upstream_refused"\}\}$/,
    ],
    ['/v1/chat/completions', /\{"error":\{.*"code":"upstream_refused"\}\}$/],
    [
      '/v1/messages',
      /\{"type":"error","error":\{"type":"api_error","message":"Nothing listens at the upstream .*"\}\}$/,
    ],
  ];
  test.each(cases)('%s: 502 in the shape of the protocol', async (path, shape) => {
    const { url } = upstream;
    await upstream.close();
    const { port } = await start({ upstream: url });
    const client = await rawClient(port, post(path, [], '{"model":"m"}'));
    const text = await client.until(/\}$/);
    expect(text).toMatch(/^HTTP\/1.1 502 /);
    expect(text).toMatch(shape);
    const exchange = await recorder.closed(0);
    expect(exchange.outcome).toBe('refused');
    expect(exchange.clientRequest.body.toString()).toBe('{"model":"m"}');
    expect(exchange.attempts[0]?.outcome).toBe('refused');
    expect(exchange.clientResponse?.end).toMatchObject({ by: 'tapedeck', how: 'complete' });
    upstream = await rawServer();
  });

  test('an unknown host is named', async () => {
    const { port } = await start({ upstream: 'http://no-such-host.invalid/v1' });
    const client = await rawClient(port, post('/v1/responses', [], '{}'));
    expect(await client.until(/\}$/)).toMatch(/502[\s\S]*host name[\s\S]*no-such-host\.invalid/);
  });
});

test('a reason phrase that may not be sent does not cost the answer', async () => {
  const { port } = await start();
  const client = await rawClient(port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.write(Buffer.from('HTTP/1.1 200 re\xe7u\r\nContent-Length: 2\r\n\r\nok', 'latin1'));
  expect(await client.until(/ok$/)).toMatch(/^HTTP\/1\.1 200 re\?u\r\n/);
  expect((await recorder.closed(0)).outcome).toBe('complete');
});

test('a 304 that names the length of what it stands for is whole', async () => {
  const { port } = await start();
  const client = await rawClient(port, 'GET /v1/models HTTP/1.1\r\nHost: x\r\nIf-None-Match: "1"\r\n\r\n');
  const connection = await upstream.accept();
  connection.socket.write('HTTP/1.1 304 Not Modified\r\nContent-Length: 55\r\nETag: "1"\r\n\r\n');
  expect(await client.until(/\r\n\r\n$/)).toMatch(/^HTTP\/1\.1 304 [\s\S]*Content-Length: 55/);
  expect((await recorder.closed(0)).outcome).toBe('complete');
});

test.each([
  ['as large as that of a request is passed', 60_000, /^HTTP\/1\.1 200 /],
  ['that is larger is named', 70_000, /^HTTP\/1\.1 502 [\s\S]*response head [\s\S]*larger/],
])('a response head %s', async (_name, padding, expected) => {
  const { port } = await start();
  const client = await rawClient(port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.write(`HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(padding)}\r\nContent-Length: 2\r\n\r\nok`);
  expect(await client.until(/(?:ok|\})$/)).toMatch(expected);
});

test('a connection closed before the response head is a 502', async () => {
  const { port } = await start();
  const client = await rawClient(port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.end();
  expect(await client.until(/\}$/)).toMatch(/^HTTP\/1.1 502 [\s\S]*closed the connection before the response/);
  expect((await recorder.closed(0)).outcome).toBe('upstream-aborted');
});

test('a reset in the middle of a stream stays a truncated stream', async () => {
  const { port } = await start();
  const client = await rawClient(port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.write(`${SSE_HEAD}7\r\ndata: 1\r\n`);
  await client.until(/data: 1/);
  connection.socket.resetAndDestroy();
  await client.closed;
  expect(client.received()).not.toMatch(/0\r\n\r\n$/);
  const exchange = await recorder.closed(0);
  expect(exchange.outcome).toBe('upstream-aborted');
  expect(exchange.end?.by).toBe('upstream');
  expect(exchange.attempts[0]?.response?.end).toMatchObject({ by: 'upstream', how: 'reset' });
  expect(exchange.clientResponse?.end).toMatchObject({ by: 'tapedeck', how: 'closed' });
});

// For undici the second one is a response that does not match HTTP/1.1.
test.each(['', 'Connection: close\r\n'])(
  'a stream that ends without its last chunk is not completed (%j)',
  async (header) => {
    const { port } = await start();
    const client = await rawClient(port, post('/v1/responses', [], '{}'));
    const connection = await upstream.accept();
    connection.socket.end(`${SSE_HEAD.replace('\r\n', `\r\n${header}`)}7\r\ndata: 1\r\n`);
    await client.closed;
    expect(client.received()).toContain('data: 1');
    expect(client.received()).not.toMatch(/0\r\n\r\n$/);
    const { outcome, attempts } = await recorder.closed(0);
    expect(outcome).toBe('upstream-aborted');
    expect(attempts[0]?.response?.end).toMatchObject({ by: 'upstream', how: 'closed' });
  },
);

test('a body shorter than its content-length is not completed', async () => {
  const { port } = await start();
  const client = await rawClient(port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc');
  await client.closed;
  expect(client.received()).toMatch(/Content-Length: 10\r\n[\s\S]*abc$/);
  expect((await recorder.closed(0)).outcome).toBe('upstream-aborted');
});

test('a head that does not come in time is a 504', async () => {
  const { port } = await start({ headMs: 100 });
  const client = await rawClient(port, post('/v1/responses', [], '{}'));
  await upstream.accept();
  expect(await client.until(/\}$/)).toMatch(/^HTTP\/1.1 504 [\s\S]*no response head in time/);
  expect((await recorder.closed(0)).outcome).toBe('timeout');
});

test('a stream that goes quiet is broken off', async () => {
  const { port } = await start({ idleMs: 100 });
  const client = await rawClient(port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.write(`${SSE_HEAD}7\r\ndata: 1\r\n`);
  await client.closed;
  expect(client.received()).not.toMatch(/0\r\n\r\n$/);
  const exchange = await recorder.closed(0);
  expect(exchange.outcome).toBe('timeout');
  expect(exchange.end?.detail).toMatch(/nothing more for too long/);
});

test('an answer that is not HTTP is a 502', async () => {
  const { port } = await start();
  const client = await rawClient(port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.end('SSH-2.0-OpenSSH\r\n');
  expect(await client.until(/\}$/)).toMatch(/^HTTP\/1.1 502 /);
  expect((await recorder.closed(0)).outcome).toBe('upstream-error');
});

describe('a client that goes away', () => {
  test('in the middle of a stream closes the upstream at once', async () => {
    const { port } = await start();
    const client = await rawClient(port, post('/v1/responses', [], '{}'));
    const connection = await upstream.accept();
    connection.socket.write(`${SSE_HEAD}7\r\ndata: 1\r\n`);
    await client.until(/data: 1/);
    client.socket.destroy();
    await connection.closed;
    const exchange = await recorder.closed(0);
    expect(exchange.outcome).toBe('client-aborted');
    expect(exchange.end?.by).toBe('client');
  });

  test('before the response head closes the upstream at once', async () => {
    const { port } = await start();
    const client = await rawClient(port, post('/v1/responses', [], '{}'));
    const connection = await upstream.accept();
    await connection.until(/\{\}$/);
    client.socket.resetAndDestroy();
    await connection.closed;
    expect((await recorder.closed(0)).outcome).toBe('client-aborted');
  });

  test('in the middle of its own request is not blamed on the upstream', async () => {
    const { port } = await start();
    const client = await rawClient(port, 'POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc');
    const connection = await upstream.accept();
    await connection.until(/abc$/);
    client.socket.destroy();
    await connection.closed;
    const exchange = await recorder.closed(0);
    expect(exchange.outcome).toBe('client-aborted');
    expect(exchange.clientRequest.end?.how).toBe('closed');
  });

  test.each<[string, string, string, 'complete' | 'client-aborted']>([
    ['/v1/responses', 'the last event', 'data: {"type":"response.completed","response":{"id":"r"}}\n\n', 'complete'],
    [
      '/v1/responses',
      'the last event with CRLF',
      'event: response.completed\r\ndata: {"type":"response.completed"}\r\n\r\n',
      'complete',
    ],
    [
      '/v1/responses',
      'half of the last event',
      'data: {"type":"response.completed","response":{"id":"r"}}\n',
      'client-aborted',
    ],
    ['/v1/responses', 'another event', 'data: {"type":"response.created"}\n\n', 'client-aborted'],
    ['/v1/chat/completions', 'the last event', 'data: {"choices":[]}\n\ndata: [DONE]\n\n', 'complete'],
    ['/v1/messages', 'the last event', 'event: message_stop\ndata: {"type":"message_stop"}\n\n', 'complete'],
    ['/v1/messages', 'an event of another protocol', 'data: [DONE]\n\n', 'client-aborted'],
  ])('from %s after %s', async (path, _what, text, outcome) => {
    const { port } = await start();
    const client = await rawClient(port, post(path, [], '{}'));
    const connection = await upstream.accept();
    connection.socket.write(SSE_HEAD);
    // In three reads, as large last events come.
    for (const part of [text.slice(0, 9), text.slice(9, 30), text.slice(30)].filter(Boolean)) {
      connection.socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
      await client.until(new RegExp(part.replace(/[^\w]/g, '\\$&')));
    }
    client.socket.destroy();
    await connection.closed;
    expect((await recorder.closed(0)).outcome).toBe(outcome);
  });

  test('by closing only its own half is taken for gone', async () => {
    const { port } = await start();
    const client = await rawClient(port, post('/v1/responses', [], '{}'));
    const connection = await upstream.accept();
    client.socket.end();
    await connection.closed;
    expect((await recorder.closed(0)).outcome).toBe('client-aborted');
  });
});

test('closing the proxy ends what is in flight', async () => {
  const running = await start();
  const client = await rawClient(running.port, post('/v1/responses', [], '{}'));
  const connection = await upstream.accept();
  connection.socket.write(`${SSE_HEAD}7\r\ndata: 1\r\n`);
  await client.until(/data: 1/);
  expect(running.active()).toBe(1);
  await running.close(0);
  proxy = undefined;
  await connection.closed;
  const exchange = await recorder.closed(0);
  expect(exchange.end).toMatchObject({ by: 'tapedeck', detail: 'the proxy was stopped' });
});

test('a port that is taken is an error with a hint', async () => {
  const { port } = await start();
  await expect(startProxy({ upstream: upstream.url, port })).rejects.toMatchObject({
    code: 'port-unavailable',
    exitCode: 74,
    message: `127.0.0.1:${port} is already in use.`,
  });
});

test('an upstream that is no URL is a usage error', async () => {
  await expect(startProxy({ upstream: 'nonsense' })).rejects.toMatchObject({ code: 'usage' });
});
