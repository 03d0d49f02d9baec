import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { validateExchange } from '../../src/validate/exchange.ts';
import { diskRecorder } from '../helpers/disk-recorder.ts';
import { memoryRecorder } from '../helpers/memory-recorder.ts';
import { post, type RawConnection, type RawServer, rawClient, rawServer } from '../helpers/raw-http.ts';

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

const GET = 'GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n';
const PUT = 'PUT /v1/anything HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';
const POST = post('/v1/responses', [], '{}');
const ok = (body: string, ...headers: string[]) =>
  ['HTTP/1.1 200 OK', ...headers, `Content-Length: ${body.length}`, '', body].join('\r\n');

const requestsOn = (connection: RawConnection) => connection.received().match(/ HTTP\/1\.1\r\n/g)?.length;

/** A client and an upstream connection over which one request has been answered. */
async function usedConnection(...headers: string[]): Promise<{ client: RawConnection; first: RawConnection }> {
  const client = await rawClient(proxy.port, GET);
  const first = await upstream.accept();
  first.socket.write(ok('one', ...headers));
  await client.until(/one$/);
  return { client, first };
}

/** How an upstream gives a connection up after the first byte of the second request. */
const ENDINGS: [string, (connection: RawConnection) => void][] = [
  ['closed', ({ socket }) => socket.destroy()],
  ['reset', ({ socket }) => socket.resetAndDestroy()],
];

const onSecondRequest = (connection: RawConnection, then: () => void) => connection.socket.once('data', then);

describe('a connection that the upstream gives up when the second request comes', () => {
  const repeated = ENDINGS.flatMap(([how, end]) =>
    [GET, PUT].map((request) => [how, request.split(' ', 1)[0]!, request, end] as const),
  );
  test.each(repeated)('%s: a %s is sent once more on a new connection', async (_how, _method, request, end) => {
    const { client, first } = await usedConnection();
    onSecondRequest(first, () => end(first));
    client.socket.write(request);
    const second = await upstream.accept();
    second.socket.write(ok('two'));
    await client.until(/HTTP\/1\.1 200 OK[\s\S]*two$/);
    const { attempts, outcome } = await recorder.closed(1);
    expect(outcome).toBe('complete');
    expect(attempts.map((attempt) => attempt.outcome)).toEqual(['upstream-aborted', 'complete']);
    expect(attempts[0]?.response).toBeUndefined();
    expect(attempts[1]?.request?.head.headers).toEqual(attempts[0]?.request?.head.headers);
    expect(second.received()).toBe(first.received().slice(first.received().indexOf('\r\n\r\n') + 4));
  });

  test.each(ENDINGS)('%s: a POST is not, since the upstream may have begun to work on it', async (_how, end) => {
    const { client, first } = await usedConnection();
    onSecondRequest(first, () => end(first));
    client.socket.write(POST);
    await client.until(/HTTP\/1\.1 502 [\s\S]*\}$/);
    const { attempts, outcome } = await recorder.closed(1);
    expect(outcome).toBe('upstream-aborted');
    expect(attempts).toHaveLength(1);
    // A second POST would have come before this one.
    client.socket.write(GET);
    expect((await upstream.accept()).received()).toMatch(/^GET /);
  });

  test('a body that is not at hand any more is not sent again', async () => {
    const { client, first } = await usedConnection();
    client.socket.write('PUT /v1/anything HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n{');
    await first.until(/PUT [\s\S]*\{$/);
    first.socket.destroy();
    client.socket.write('  }');
    await client.until(/HTTP\/1\.1 502 /);
    expect((await recorder.closed(1)).attempts).toHaveLength(1);
  });

  test('a second failure is told', async () => {
    const { client, first } = await usedConnection();
    onSecondRequest(first, () => first.socket.destroy());
    client.socket.write(GET);
    (await upstream.accept()).socket.destroy();
    await client.until(/HTTP\/1\.1 502 [\s\S]*"upstream_closed"/);
    const { attempts } = await recorder.closed(1);
    expect(attempts.map((attempt) => attempt.outcome)).toEqual(['upstream-aborted', 'upstream-aborted']);
  });

  test('after the first byte of an answer nothing is sent again', async () => {
    const { client, first } = await usedConnection();
    onSecondRequest(first, () => first.socket.end('HTTP/1.1 2'));
    client.socket.write(GET);
    await client.until(/HTTP\/1\.1 502 /);
    expect((await recorder.closed(1)).attempts).toHaveLength(1);
  });
});

test('a new connection that is closed without an answer is told', async () => {
  const client = await rawClient(proxy.port, GET);
  (await upstream.accept()).socket.destroy();
  await client.until(/HTTP\/1\.1 502 /);
  expect((await recorder.closed(0)).attempts).toHaveLength(1);
});

test('over TLS a connection counts as used when it has answered, not by its handshake', async () => {
  const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');
  const answers = ['', ok('one'), '', ok('two')];
  const server = createServer({ cert: pem('server.pem'), key: pem('server.key') }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', () => {
      const answer = answers.shift();
      if (answer) socket.write(answer);
      else socket.destroy();
    });
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  await proxy.close(0);
  const { port } = server.address() as AddressInfo;
  proxy = await startProxy({ upstream: `https://localhost:${port}/v1`, ca: pem('ca.pem'), recorder });
  const client = await rawClient(proxy.port, GET);
  await client.until(/HTTP\/1\.1 502 /);
  client.socket.write(GET);
  await client.until(/one$/);
  client.socket.write(GET);
  await client.until(/two$/);
  expect(recorder.exchanges.map(({ attempts }) => attempts.length)).toEqual([1, 1, 2]);
  await proxy.close(0);
  server.close();
});

test('a connection that was closed before the request was written costs no attempt, not even of a POST', async () => {
  const { client, first } = await usedConnection();
  first.socket.destroy();
  client.socket.write(POST);
  const second = await upstream.accept();
  second.socket.write(ok('two'));
  await client.until(/HTTP\/1\.1 200 OK[\s\S]*two$/);
  expect(requestsOn(first)).toBe(1);
  expect((await recorder.closed(1)).attempts).toHaveLength(1);
});

test.each([
  ['Keep-Alive: timeout=2', 'Connection: keep-alive'],
  ['Connection: close', 'X-Other: 1'],
])('a connection that the upstream will soon close is not used again: %s', async (...headers) => {
  const { client, first } = await usedConnection(...headers);
  client.socket.write(POST);
  const second = await upstream.accept();
  second.socket.write(ok('two'));
  await client.until(/two$/);
  expect(requestsOn(first)).toBe(1);
});

describe('a client', () => {
  test('is told how long its connection is kept, longer than it keeps it itself', async () => {
    const { client } = await usedConnection();
    expect(client.received()).toMatch(/\r\nConnection: keep-alive\r\nKeep-Alive: timeout=100\r\n/);
  });

  test('that says Connection: close gets its answer and then the end', async () => {
    const client = await rawClient(proxy.port, GET.replace('Host', 'Connection: close\r\nHost'));
    (await upstream.accept()).socket.write(ok('one'));
    await client.closed;
    expect(client.received()).toMatch(/\r\nConnection: close\r\n\r\none$/);
  });

  test('that speaks HTTP/1.0 gets a body that ends with the connection, and no interim response', async () => {
    const client = await rawClient(proxy.port, 'GET /v1/models HTTP/1.0\r\n\r\n');
    const connection = await upstream.accept();
    connection.socket.write(
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\n',
    );
    await client.closed;
    expect(client.received()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(client.received()).not.toMatch(/transfer-encoding/i);
    expect(client.received()).toMatch(/\r\n\r\none$/);
  });

  test('that pipelines two requests gets the answers in its order', async () => {
    const client = await rawClient(proxy.port, Buffer.concat([POST, Buffer.from(GET)]));
    const both = [await upstream.accept(), await upstream.accept()];
    const [forPost, forGet] = both.sort((a) => (a.received().startsWith('POST') ? -1 : 1)) as [
      RawConnection,
      RawConnection,
    ];
    forGet.socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </get>\r\n\r\n${ok('for GET')}`);
    forPost.socket.write(ok('for POST'));
    const text = await client.until(/for GET$/);
    expect(text.indexOf('for POST')).toBeLessThan(text.indexOf('103 Early Hints'));
    expect(text.indexOf('103 Early Hints')).toBeLessThan(text.indexOf('for GET'));
    for (const index of [0, 1]) expect((await recorder.closed(index)).outcome).toBe('complete');
  });
});

test('both attempts are in the cassette, and it is valid', async () => {
  const disk = await diskRecorder(upstream.url);
  await proxy.close(0);
  proxy = await startProxy({ upstream: upstream.url, recorder: disk.recorder });
  const { client, first } = await usedConnection();
  onSecondRequest(first, () => first.socket.destroy());
  client.socket.write(GET);
  (await upstream.accept()).socket.write(ok('{"object":"list","data":[]}', 'Content-Type: application/json'));
  await client.until(/"data":\[\]\}$/);
  await proxy.close(0);
  const [, exchange] = await disk.exchanges();
  expect(exchange?.attempts.map((entry) => [entry._attempt, entry._outcome, entry.response.status])).toEqual([
    [1, 'upstream-aborted', 0],
    [2, 'complete', 200],
  ]);
  expect(exchange?.attempts[0]?._end).toMatchObject({ by: 'upstream', how: 'closed' });
  expect(validateExchange(exchange!, { profiles: ['tolerant'] })).toEqual([]);
});
