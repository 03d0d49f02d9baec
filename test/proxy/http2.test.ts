import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RequestHead } from '../../src/cassette/tap.ts';
import { type ProxyOptions, type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { validateExchange } from '../../src/validate/exchange.ts';
import { diskRecorder } from '../helpers/disk-recorder.ts';
import { memoryRecorder } from '../helpers/memory-recorder.ts';
import { post, rawClient } from '../helpers/raw-http.ts';
import { type RawHttp2Server, rawHttp2Server } from '../helpers/raw-http2.ts';

const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');

let recorder: ReturnType<typeof memoryRecorder>;
let proxy: RunningProxy | undefined;
let server: Http2SecureServer | undefined;
let raw: RawHttp2Server | undefined;

beforeEach(() => {
  recorder = memoryRecorder();
});
afterEach(async () => {
  await proxy?.close(0);
  server?.close();
  await raw?.close();
  proxy = undefined;
  server = undefined;
  raw = undefined;
});

const startTo = async (upstream: string, options: Partial<ProxyOptions> = {}) => {
  proxy = await startProxy({ upstream, ca: pem('ca.pem'), ...options });
  return proxy;
};

/** An upstream that speaks HTTP/2 alone, and the proxy before it. */
const start = async (
  onStream: (stream: ServerHttp2Stream, headers: Record<string, string | string[] | undefined>) => void,
  options: Partial<ProxyOptions> = { recorder },
) => {
  // What waits to be sent counts; node refuses streams beyond 10 MB of it.
  server = createSecureServer({ cert: pem('server.pem'), key: pem('server.key'), maxSessionMemory: 1000 });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return startTo(`https://localhost:${(server.address() as AddressInfo).port}/v1`, options);
};

const startRaw = async (options: Partial<ProxyOptions> = { recorder }) => {
  raw = await rawHttp2Server();
  const { port } = await startTo(raw.url, options);
  return { port, upstream: raw };
};

const JSON_POST = (body = '{"model":"m"}') =>
  post('/v1/responses', ['Authorization: Bearer made-up', 'X-B: 1', 'X-B: 2'], body);

describe('an upstream that speaks HTTP/2 alone', () => {
  test('gets the request in the form of HTTP/2 and is recorded as such', async () => {
    let seen: unknown;
    const { port } = await start((stream, headers) => {
      seen = Object.fromEntries(Object.entries(headers));
      stream.respond({ ':status': 200, 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] });
      stream.end('{"ok":true}');
    });
    const client = await rawClient(port, JSON_POST());
    const text = await client.until(/\{"ok":true\}/);
    expect(seen).toEqual({
      ':method': 'POST',
      ':scheme': 'https',
      ':authority': expect.stringMatching(/^localhost:\d+$/),
      ':path': '/v1/responses',
      authorization: 'Bearer made-up',
      'x-b': '1, 2',
      'content-length': '13',
    });
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*set-cookie: a=1\r\nset-cookie: b=2\r\n/);
    const { attempts, outcome, clientResponse } = await recorder.closed(0);
    expect(outcome).toBe('complete');
    expect(attempts).toHaveLength(1);
    const request = attempts[0]?.request;
    const head = request?.head as RequestHead;
    expect(head.httpVersion).toBe('2');
    expect(head.url).toMatch(/^https:\/\/localhost:\d+\/v1\/responses$/);
    expect(head.headers).toEqual(['authorization', 'Bearer made-up', 'x-b', '1', 'x-b', '2', 'content-length', '13']);
    expect(request?.body.toString()).toBe('{"model":"m"}');
    expect(request?.end).toMatchObject({ by: 'client', how: 'complete' });
    expect(attempts[0]?.response?.head).toMatchObject({ httpVersion: '2', status: 200, statusText: '' });
    expect(clientResponse?.head).toMatchObject({ httpVersion: '1.1', status: 200 });
  });

  test('streams: the first event reaches the client before the second is sent', async () => {
    const opened = deferred<ServerHttp2Stream>();
    const { port } = await start((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      stream.write('data: 1\n\n');
      opened.resolve(stream);
    });
    const client = await rawClient(port, JSON_POST());
    await client.until(/data: 1/);
    (await opened.promise).end('data: 2\n\n');
    await client.until(/data: 2[\s\S]*0\r\n\r\n$/);
    const { attempts } = await recorder.closed(0);
    expect(attempts[0]?.response?.data.map(({ bytes }) => bytes.toString())).toEqual(['data: 1\n\n', 'data: 2\n\n']);
  });

  test('gets a large chunked body byte by byte, also as the first request of all', async () => {
    const body = Buffer.alloc(1024 * 1024, 'tapedeck');
    const { port } = await start((stream, headers) => {
      const hash = createHash('sha256');
      stream.on('data', (chunk) => hash.update(chunk));
      stream.on('end', () => {
        stream.respond({ ':status': 200 });
        stream.end(`${headers['content-length'] ?? 'no length'} ${hash.digest('hex')}`);
      });
    });
    const client = await rawClient(
      port,
      'POST /v1/responses HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    for (let i = 0; i < body.length; i += 65_536) {
      client.socket.write(`10000\r\n${body.toString('latin1', i, i + 65_536)}\r\n`, 'latin1');
    }
    client.socket.write('0\r\n\r\n');
    await client.until(new RegExp(`no length ${createHash('sha256').update(body).digest('hex')}`));
    const { attempts } = await recorder.closed(0);
    expect(attempts[0]?.request?.body.equals(body)).toBe(true);
    expect(attempts[0]?.request?.end?.how).toBe('complete');
  });

  test('may answer before the request is complete; the rest of it is read', async () => {
    const { port } = await start((stream) => {
      stream.respond({ ':status': 413 });
      stream.end('too much');
    });
    const client = await rawClient(port, 'POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc');
    expect(await client.until(/too much/)).toMatch(/^HTTP\/1\.1 413 /);
    client.socket.write('defghij');
    client.socket.write('GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until(/too much[\s\S]*too much/);
  });

  test('has its trailers, its interim responses and its errors passed', async () => {
    const { port } = await start((stream) => {
      stream.additionalHeaders({ ':status': 100 });
      stream.additionalHeaders({ ':status': 103, link: '</x>' });
      stream.respond({ ':status': 429, 'retry-after': '7' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
      stream.end('slow down');
    });
    const client = await rawClient(port, JSON_POST());
    const text = await client.until(/x-sum: 7\r\n\r\n$/);
    expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/x>\r\n\r\nHTTP\/1\.1 429 [\s\S]*retry-after: 7\r\n/);
    const { outcome, attempts, informational } = await recorder.closed(0);
    expect(outcome).toBe('complete');
    expect(attempts[0]?.informational).toMatchObject([{ status: 100 }, { status: 103, headers: ['link', '</x>'] }]);
    expect(informational).toEqual([{ status: 103, statusText: 'Early Hints', headers: ['link', '</x>'] }]);
  });

  test('gets many requests over one connection', async () => {
    const all = 20;
    const held: ServerHttp2Stream[] = [];
    const sessions = new Set<unknown>();
    const { port } = await start((stream) => {
      sessions.add(stream.session);
      held.push(stream);
      if (held.length < all) return;
      for (const waiting of held) {
        waiting.respond({ ':status': 200 });
        waiting.end('{}');
      }
    });
    const clients = await Promise.all(Array.from({ length: all }, () => rawClient(port, JSON_POST())));
    await Promise.all(clients.map((client) => client.until(/\{\}/)));
    expect(sessions.size).toBe(1);
  });

  test('is not asked for more streams at once than it allows', async () => {
    const sessions = new Set<unknown>();
    const held: ServerHttp2Stream[] = [];
    const { port } = await start((stream) => {
      sessions.add(stream.session);
      held.push(stream);
      stream.respond({ ':status': 200 });
      stream.write('{}');
    });
    server?.updateSettings({ maxConcurrentStreams: 1 });
    for (let i = 0; i < 3; i += 1) await (await rawClient(port, JSON_POST())).until(/\{\}/);
    expect(sessions.size).toBe(3);
    for (const stream of held) stream.end();
  });

  test('serves one client while another one does not read', async () => {
    // More than the buffers of all sockets on the way.
    const large = Buffer.alloc(32 * 1024 * 1024, 'x');
    const { port } = await start((stream, headers) => {
      stream.respond({ ':status': 200 });
      stream.end(headers[':path'] === '/v1/large' ? large : 'small');
    }, {});
    const slow = await rawClient(port, 'GET /v1/large HTTP/1.1\r\nHost: x\r\n\r\n');
    await slow.until(/\r\n\r\n/);
    slow.socket.pause();
    const other = await rawClient(port, 'GET /v1/small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await other.until(/small/);
    expect(proxy?.active()).toBe(1);
  });

  test('is told when a client leaves that did not read', async () => {
    const closed = deferred<number | undefined>();
    const { port } = await start((stream) => {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(32 * 1024 * 1024));
      stream.on('close', () => closed.resolve(stream.rstCode));
    }, {});
    const client = await rawClient(port, 'GET /v1/large HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until(/\r\n\r\n/);
    client.socket.pause();
    client.socket.destroy();
    expect(await closed.promise).toBe(8);
  });

  test('is not asked for a WebSocket: an upgrade is a 426', async () => {
    const { port } = await startRaw();
    const client = await rawClient(
      port,
      'GET /v1/responses HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
    );
    await client.closed;
    expect(client.received()).toMatch(/^HTTP\/1\.1 426 /);
  });

  test('that sends a head over the limit is a 502', async () => {
    const { port, upstream } = await startRaw();
    const client = await rawClient(port, JSON_POST());
    const connection = await upstream.accept();
    connection.largeHead(await connection.request(), 10);
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 502 [\s\S]*"upstream_head_too_large"/);
    expect((await recorder.closed(0)).outcome).toBe('upstream-error');
  });

  test('that is silent is given up: 504 before the head, broken off after it', async () => {
    let answer = false;
    const { port } = await start(
      (stream) => {
        if (!answer) return;
        stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
        stream.write('data: 1\n\n');
      },
      { recorder, headMs: 60, idleMs: 60 },
    );
    const first = await rawClient(port, JSON_POST());
    expect(await first.until(/\}$/)).toMatch(/^HTTP\/1\.1 504 [\s\S]*"upstream_timeout"/);
    answer = true;
    const second = await rawClient(port, JSON_POST());
    await second.until(/data: 1/);
    await second.closed;
    expect(second.received()).not.toMatch(/0\r\n\r\n$/);
    expect((await recorder.closed(1)).outcome).toBe('timeout');
  });

  test('is told when the client leaves', async () => {
    const { port, upstream } = await startRaw();
    const client = await rawClient(port, JSON_POST());
    const connection = await upstream.accept();
    const stream = await connection.request();
    connection.head(stream);
    connection.data(stream, 'data: 1\n\n');
    await client.until(/data: 1/);
    client.socket.destroy();
    expect(await connection.reset(stream)).toBe(8);
    expect((await recorder.closed(0)).outcome).toBe('client-aborted');
  });
});

describe('an upstream that breaks off over HTTP/2', () => {
  test.each([
    ['a reset with CANCEL', 8, /CANCEL/],
    ['a reset with INTERNAL_ERROR', 2, /INTERNAL_ERROR/],
  ])('%s in the middle of a stream stays a truncated stream', async (_what, code, detail) => {
    const { port, upstream } = await startRaw();
    const client = await rawClient(port, JSON_POST());
    const connection = await upstream.accept();
    const stream = await connection.request();
    connection.head(stream);
    connection.data(stream, 'data: 1\n\n');
    await client.until(/data: 1/);
    connection.sendReset(stream, code);
    await client.closed;
    expect(client.received()).not.toMatch(/0\r\n\r\n$/);
    const { outcome, attempts, end } = await recorder.closed(0);
    expect(outcome).toBe('upstream-aborted');
    expect(end).toMatchObject({ by: 'upstream', how: 'reset', detail: expect.stringMatching(detail) });
    expect(attempts[0]?.response?.body.toString()).toBe('data: 1\n\n');
  });

  test.each<[string, 'destroy' | 'goaway', string]>([
    ['its connection closed', 'destroy', 'closed'],
    ['a GOAWAY with an error', 'goaway', 'reset'],
  ])('%s in the middle of a stream stays a truncated stream', async (_what, way, how) => {
    const { port, upstream } = await startRaw();
    const client = await rawClient(port, JSON_POST());
    const connection = await upstream.accept();
    const stream = await connection.request();
    connection.head(stream);
    connection.data(stream, 'data: 1\n\n');
    await client.until(/data: 1/);
    if (way === 'destroy') connection.socket.destroy();
    else connection.goaway(stream, 2);
    await client.closed;
    expect(client.received()).not.toMatch(/0\r\n\r\n$/);
    expect(await recorder.closed(0)).toMatchObject({ outcome: 'upstream-aborted', end: { by: 'upstream', how } });
  });

  test('a GOAWAY that announces the end lets what runs run, and the next request takes a new connection', async () => {
    const { port, upstream } = await startRaw();
    const client = await rawClient(port, JSON_POST());
    const first = await upstream.accept();
    const stream = await first.request();
    first.head(stream);
    first.data(stream, 'data: 1\n\n');
    await client.until(/data: 1/);
    first.goaway(stream, 0);
    const other = await rawClient(port, JSON_POST());
    const second = await upstream.accept();
    const next = await second.request();
    second.head(next);
    second.data(next, 'elsewhere', true);
    await other.until(/elsewhere/);
    first.data(stream, 'data: 2\n\n', true);
    await client.until(/data: 2[\s\S]*0\r\n\r\n$/);
    expect((await recorder.closed(0)).outcome).toBe('complete');
    await first.closed;
  });

  test.each<[string, (connection: Awaited<ReturnType<RawHttp2Server['accept']>>, stream: number) => void]>([
    ['a GOAWAY that leaves it out', (connection) => connection.goaway(0, 0)],
    ['REFUSED_STREAM', (connection, stream) => connection.sendReset(stream, 7)],
  ])('a POST that was not looked at is sent once more: %s', async (_what, refuse) => {
    const { port, upstream } = await startRaw();
    const client = await rawClient(port, JSON_POST());
    const first = await upstream.accept();
    refuse(first, await first.request());
    const second = await upstream.accept();
    const stream = await second.request();
    second.head(stream);
    second.data(stream, '{"ok":true}', true);
    expect(await client.until(/\{"ok":true\}/)).toMatch(/^HTTP\/1\.1 200 /);
    const { attempts, outcome } = await recorder.closed(0);
    expect(outcome).toBe('complete');
    expect(attempts.map((attempt) => attempt.outcome)).toEqual(['refused', 'complete']);
    expect(attempts.map((attempt) => attempt.request?.body.toString())).toEqual(['{"model":"m"}', '{"model":"m"}']);
  });

  test('a request that is refused twice is a 502', async () => {
    const { port, upstream } = await startRaw();
    const client = await rawClient(port, JSON_POST());
    for (let i = 0; i < 2; i += 1) {
      const connection = await upstream.accept();
      connection.sendReset(await connection.request(), 7);
    }
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 502 [\s\S]*"upstream_refused"/);
    expect((await recorder.closed(0)).attempts.map((attempt) => attempt.outcome)).toEqual(['refused', 'refused']);
  });

  test.each([
    ['POST', 1],
    ['GET', 2],
  ])('a %s on a connection that is gone before the answer makes %i attempts', async (method, attempts) => {
    const { port, upstream } = await startRaw();
    const client = await rawClient(port, JSON_POST());
    const first = await upstream.accept();
    const answered = await first.request();
    first.head(answered);
    first.data(answered, 'one', true);
    await client.until(/one/);
    client.socket.write(method === 'GET' ? 'GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n' : JSON_POST());
    await first.request();
    first.socket.destroy();
    if (attempts === 2) {
      const second = await upstream.accept();
      const stream = await second.request();
      second.head(stream);
      second.data(stream, 'two', true);
      await client.until(/two/);
    } else await client.until(/HTTP\/1\.1 502 /);
    expect((await recorder.closed(1)).attempts).toHaveLength(attempts);
  });
});

test('the cassette says HTTP/2 of the upstream side alone, and is valid', async () => {
  const upstream = await rawHttp2Server();
  raw = upstream;
  const disk = await diskRecorder(upstream.url);
  const running = await startTo(upstream.url, { recorder: disk.recorder });
  const client = await rawClient(running.port, 'GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n');
  const connection = await upstream.accept();
  const stream = await connection.request();
  connection.head(stream);
  connection.data(stream, '{"object":"list","data":[]}', true);
  await client.until(/"data":\[\]\}/);
  await running.close(0);
  const [exchange] = await disk.exchanges();
  const versions = [exchange!.client, ...exchange!.attempts].map((entry) => [
    entry.request.httpVersion,
    entry.response.httpVersion,
  ]);
  expect(versions).toEqual([
    ['HTTP/1.1', 'HTTP/1.1'],
    ['HTTP/2', 'HTTP/2'],
  ]);
  expect(validateExchange(exchange!, { profiles: ['tolerant'] })).toEqual([]);
});

test('an upstream that offers both is spoken to over HTTP/1.1', async () => {
  server = createSecureServer(
    { cert: pem('server.pem'), key: pem('server.key'), allowHTTP1: true },
    (request, response) => response.end(request.httpVersion),
  );
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = await startTo(`https://localhost:${(server.address() as AddressInfo).port}/v1`, { recorder });
  const client = await rawClient(port, JSON_POST());
  await client.until(/\r\n\r\n1\.1$/);
  expect((await recorder.closed(0)).attempts[0]?.response?.head.httpVersion).toBe('1.1');
});

function deferred<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
