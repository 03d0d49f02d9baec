import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { RequestHead, ResponseHead } from '../../src/cassette/tap.ts';
import { type ProxyOptions, type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { headerValue } from '../../src/util/headers.ts';
import { memoryRecorder } from '../helpers/memory-recorder.ts';
import { type RawServer, rawClient, rawServer } from '../helpers/raw-http.ts';
import {
  handshake,
  type ServedPeer,
  type SocketPeer,
  serveSockets,
  type TestSocketServer,
} from '../helpers/websocket.ts';

let recorder: ReturnType<typeof memoryRecorder>;
let upstream: TestSocketServer;
let proxy: RunningProxy;
const cleanups: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  recorder = memoryRecorder();
  upstream = await serveSockets();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  await upstream.close();
});

async function start(options: Partial<ProxyOptions> = {}): Promise<RunningProxy> {
  proxy = await startProxy({ upstream: upstream.url, recorder, ...options });
  cleanups.push(() => proxy.close(0));
  return proxy;
}

/** A client at the proxy with the upstream's end of the same connection. */
async function connect(options: WebSocket.ClientOptions = {}): Promise<{ client: SocketPeer; server: ServedPeer }> {
  const client = handshake(new WebSocket(`ws://127.0.0.1:${proxy.port}/v1/responses`, options));
  const server = await upstream.accept();
  await client.open;
  return { client, server };
}

const CREATE = '{"type":"response.create","model":"m","input":[]}';
const COMPLETED = '{"type":"response.completed","response":{"id":"resp_1"}}';

describe('the handshake', () => {
  test('goes up with the client’s headers, and the upstream’s come back', async () => {
    upstream.answerWith(['x-codex-turn-state: ts_1', 'X-Other: 2']);
    await start();
    const client = new WebSocket(`ws://127.0.0.1:${proxy.port}/responses?a=1`, {
      headers: { Authorization: 'Bearer made-up', 'openai-beta': 'responses_websockets=2026-02-06' },
    });
    const answered = once(client, 'upgrade');
    const server = await upstream.accept();
    const [response] = await answered;
    expect(server.request.url).toBe('/v1/responses?a=1');
    const { rawHeaders } = server.request;
    expect(rawHeaders).toContain('Authorization');
    expect(headerValue(rawHeaders, 'authorization')).toBe('Bearer made-up');
    expect(headerValue(rawHeaders, 'openai-beta')).toBe('responses_websockets=2026-02-06');
    expect(headerValue(rawHeaders, 'host')).toBe(`127.0.0.1:${upstream.port}`);
    expect(headerValue(rawHeaders, 'sec-websocket-extensions')).toMatch(/^permessage-deflate/);
    expect(rawHeaders.filter((name) => /^sec-websocket-key$/i.test(name))).toHaveLength(1);
    expect(response.headers).toMatchObject({ 'x-codex-turn-state': 'ts_1', 'x-other': '2' });
    client.terminate();
    await server.closed;
  });

  test('each hop has a handshake of its own, and both are recorded as they were', async () => {
    await start();
    const { client, server } = await connect();
    client.send(CREATE);
    await server.next();
    server.send(COMPLETED);
    await client.next();
    const exchange = await recorder.closed(0);
    const sent = exchange.attempts[0]!.request!.head as RequestHead;
    expect(sent.url).toBe(`http://127.0.0.1:${upstream.port}/v1/responses`);
    expect(sent.headers).toEqual(server.request.rawHeaders);
    const key = headerValue((exchange.clientRequest.head as RequestHead).headers, 'sec-websocket-key');
    expect(key).toBeDefined();
    expect(headerValue(sent.headers, 'sec-websocket-key')).not.toBe(key);
    const written = exchange.clientResponse!.head as ResponseHead;
    expect(written.status).toBe(101);
    expect(headerValue(written.headers, 'sec-websocket-accept')).toBeDefined();
    client.socket.terminate();
    await server.closed;
  });

  test('a key of the user’s takes the place of the client’s credentials', async () => {
    await start({ upstreamKey: 'made-up-own' });
    const { client, server } = await connect({ headers: { authorization: 'Bearer made-up', 'x-api-key': 'made-up' } });
    expect(headerValue(server.request.rawHeaders, 'authorization')).toBe('Bearer made-up-own');
    expect(headerValue(server.request.rawHeaders, 'x-api-key')).toBeUndefined();
    client.socket.terminate();
    await server.closed;
  });

  test('a subprotocol that the upstream chooses is the client’s', async () => {
    upstream.chooseProtocol('realtime');
    await start();
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/v1/responses`, ['other', 'realtime']);
    const client = handshake(socket);
    const server = await upstream.accept();
    await client.open;
    expect(socket.protocol).toBe('realtime');
    expect(headerValue(server.request.rawHeaders, 'sec-websocket-protocol')).toBe('other,realtime');
    socket.terminate();
    await server.closed;
  });

  test('goes to a TLS upstream with an authority of the user’s', async () => {
    const folder = new URL('../../fixtures/tls/', import.meta.url);
    const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
    const server = createTlsServer({ cert: read('server.pem'), key: read('server.key') });
    const sockets = new WebSocketServer({ server });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data}!`)));
    await start({ upstream: `https://localhost:${(server.address() as AddressInfo).port}/v1`, ca: read('ca.pem') });
    const client = handshake(new WebSocket(`ws://127.0.0.1:${proxy.port}/v1/responses`));
    await client.open;
    client.send('hi');
    expect((await client.next()).toString()).toBe('hi!');
    client.socket.terminate();
    for (const socket of sockets.clients) socket.terminate();
  });
});

describe('a refusal', () => {
  const upgrade = (target: string, version = '13') =>
    `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: ${version}\r\n\r\n`;

  let silent: RawServer;
  beforeEach(async () => {
    silent = await rawServer();
    cleanups.push(() => silent.close());
  });

  async function refused(target = '/v1/responses', version?: string): Promise<string> {
    const client = await rawClient(proxy.port, upgrade(target, version));
    await client.closed;
    return client.received();
  }

  test('by the upstream, whatever its status, is 426 with JSON', async () => {
    await start({ upstream: silent.url });
    const answer = refused();
    const connection = await silent.accept();
    connection.socket.write('HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 4\r\nX-A: 1\r\n\r\nnope');
    expect(await answer).toMatch(/^HTTP\/1.1 426 Upgrade Required\r\n[\s\S]*application\/json[\s\S]*status 405/);
    const exchange = await recorder.closed(0);
    expect(exchange.attempts[0]?.response?.head).toMatchObject({ status: 405, statusText: 'Method Not Allowed' });
    expect(exchange.attempts[0]?.response?.body.toString()).toBe('nope');
    expect(exchange.clientResponse?.head).toMatchObject({ status: 426 });
    expect(exchange.outcome).toBe('complete');
    await connection.closed;
  });

  test('by nobody is 426 after the limit, and the connection is given up', async () => {
    await start({ upstream: silent.url, upgradeMs: 50 });
    const answer = refused();
    const connection = await silent.accept();
    expect(await answer).toMatch(/^HTTP\/1.1 426 /);
    await connection.closed;
    expect(await recorder.closed(0)).toMatchObject({ outcome: 'timeout', end: { by: 'upstream', how: 'timeout' } });
  });

  test('of the connection is 426', async () => {
    const { url } = silent;
    await silent.close();
    cleanups.pop();
    await start({ upstream: url });
    expect(await refused()).toMatch(/^HTTP\/1.1 426 /);
    expect((await recorder.closed(0)).outcome).toBe('refused');
  });

  test('of an answer that is no handshake is 426', async () => {
    await start({ upstream: silent.url });
    const answer = refused();
    const connection = await silent.accept();
    connection.socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n',
    );
    expect(await answer).toMatch(/^HTTP\/1.1 426 /);
    await connection.closed;
  });

  test.each([
    ['another path', '/v1/models', '13'],
    ['another version', '/v1/responses', '8'],
  ])('of %s is ours', async (_name, target, version) => {
    await start();
    expect(await refused(target, version)).toMatch(/^HTTP\/1.1 426 /);
    expect(upstream.upgrades()).toBe(0);
    const exchange = await recorder.closed(0);
    expect(exchange.attempts).toEqual([]);
  });

  test('is at once when WebSocket is switched off', async () => {
    await start({ webSocket: false });
    expect(await refused()).toMatch(/^HTTP\/1.1 426 /);
    expect(upstream.upgrades()).toBe(0);
  });

  test('needs nobody when the client goes away first', async () => {
    await start({ upstream: silent.url });
    const client = await rawClient(proxy.port, upgrade('/v1/responses'));
    const connection = await silent.accept();
    client.socket.resetAndDestroy();
    await connection.closed;
    expect(await recorder.closed(0)).toMatchObject({ outcome: 'client-aborted', end: { by: 'client' } });
  });
});

describe('messages', () => {
  const sizes = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];

  test.each([
    ['compressed', true],
    ['not compressed', false],
  ])('pass whole, in order and both ways at once, %s', async (_name, perMessageDeflate) => {
    await start();
    const { client, server } = await connect({ perMessageDeflate });
    const messages = sizes.map((size, i) => randomBytes(Math.ceil(size / 2) + i).toString('hex'));
    for (const text of messages) {
      client.send(text);
      server.send(`down ${text}`);
    }
    for (const text of messages) {
      expect((await server.next()).toString()).toBe(text);
      expect((await client.next()).toString()).toBe(`down ${text}`);
    }
    client.socket.terminate();
    await server.closed;
  });

  test('pass as text or as binary, as they came', async () => {
    await start();
    const { client, server } = await connect();
    client.send(Buffer.from([0, 255]));
    expect(await server.nextFrame()).toEqual({ data: Buffer.from([0, 255]), binary: true });
    server.send(Buffer.from('text'), false);
    expect(await client.nextFrame()).toEqual({ data: Buffer.from('text'), binary: false });
    client.socket.terminate();
    await server.closed;
    const exchange = await recorder.closed(0);
    expect(exchange.clientRequest.data).toEqual([{ bytes: Buffer.from([0, 255]), binary: true }]);
    expect(exchange.clientResponse?.data).toEqual([{ bytes: Buffer.from('text'), binary: false }]);
  });

  test('pass whole when they come in fragments', async () => {
    await start();
    const { client, server } = await connect({ perMessageDeflate: false });
    client.socket.send('{"type":', { fin: false });
    client.socket.ping();
    client.socket.send('"response.create"', { fin: false });
    client.socket.send('}', { fin: true });
    expect((await server.next()).toString()).toBe('{"type":"response.create"}');
    client.socket.terminate();
    await server.closed;
  });

  test('of 32 MiB pass; over the limit the connection is closed with 1009 on both sides', async () => {
    await start();
    const { client, server } = await connect();
    const large = Buffer.alloc(32 * 1024 * 1024, '{"a":1} ');
    client.send(large);
    expect((await server.next()).equals(large)).toBe(true);
    server.send(large);
    expect((await client.next()).equals(large)).toBe(true);
    client.send(Buffer.alloc(64 * 1024 * 1024 + 1));
    expect((await server.closed).code).toBe(1009);
    expect((await client.closed).code).toBe(1009);
    expect((await recorder.closed(0)).webSocketClose).toMatchObject({ by: 'tapedeck', code: 1009 });
  }, 30_000);

  test('are held back where the other side does not read', async () => {
    proxy = await startProxy({ upstream: upstream.url });
    cleanups.push(() => proxy.close(0));
    const { client, server } = await connect({ perMessageDeflate: false });
    client.socket.pause();
    const block = randomBytes(1024 * 1024);
    let sent = 0;
    const stalled = new Promise<void>((resolve) => {
      const pump = () => {
        if (sent >= 256) return resolve();
        sent += 1;
        let left = false;
        server.socket.send(block, { compress: false }, () => {
          left = true;
          pump();
        });
        setTimeout(() => left || resolve(), 500);
      };
      pump();
    });
    await stalled;
    expect(sent).toBeLessThan(128);
    client.socket.resume();
    for (let i = 0; i < sent; i++) expect((await client.next()).length).toBe(block.length);
    client.socket.terminate();
    await server.closed;
  }, 20_000);

  test('ping and pong: each hop answers, and a ping is passed', async () => {
    await start();
    const { client, server } = await connect();
    const pinged = once(server.socket, 'ping');
    const ponged = once(client.socket, 'pong');
    client.socket.ping('hello');
    expect(String((await pinged)[0])).toBe('hello');
    expect(String((await ponged)[0])).toBe('hello');
    const beat = once(client.socket, 'pong');
    server.socket.pong('beat');
    expect(String((await beat)[0])).toBe('beat');
    client.socket.terminate();
    await server.closed;
  });
});

describe('the end', () => {
  test.each([
    ['client', 1000, 'done'],
    ['client', 1005, ''],
    ['client', 4321, 'own'],
    ['upstream', 1011, 'internal'],
    ['upstream', 1005, ''],
    ['upstream', 1013, 'é'.repeat(61)],
  ] as const)('by the %s with %i reaches the other side', async (by, code, reason) => {
    await start();
    const { client, server } = await connect();
    const [closer, other] = by === 'client' ? [client, server] : [server, client];
    if (code === 1005) closer.socket.close();
    else closer.socket.close(code, reason);
    expect(await other.closed).toEqual({ code, reason });
    const exchange = await recorder.closed(0);
    expect(exchange).toMatchObject({ outcome: 'complete', webSocketClose: { by, code, reason } });
    await closer.closed;
  });

  test.each(['client', 'upstream'] as const)('that is abrupt at the %s is abrupt at the other side', async (by) => {
    await start();
    const { client, server } = await connect();
    client.send(CREATE);
    await server.next();
    const [closer, other] = by === 'client' ? [client, server] : [server, client];
    (closer.socket as WebSocket & { _socket: Socket })._socket.destroy();
    expect((await other.closed).code).toBe(1006);
    const exchange = await recorder.closed(0);
    expect(exchange).toMatchObject({
      outcome: by === 'client' ? 'client-aborted' : 'upstream-aborted',
      end: { by, how: 'closed' },
      webSocketClose: { by, code: 1006, reason: '' },
    });
  });

  test('that is abrupt comes after what was sent before it', async () => {
    await start();
    const { client, server } = await connect();
    const large = randomBytes(1024 * 1024).toString('hex');
    client.socket.pause();
    server.socket.send(large, { compress: false }, () =>
      (server.socket as WebSocket & { _socket: Socket })._socket.destroy(),
    );
    await server.closed;
    client.socket.resume();
    expect((await client.next()).toString()).toBe(large);
    expect((await client.closed).code).toBe(1006);
  });

  test('of a hundred clients in the middle of a stream leaves no socket open at the upstream', async () => {
    await start();
    const pairs = [];
    for (let i = 0; i < 100; i++) pairs.push(await connect());
    for (const { client } of pairs) client.send(CREATE);
    for (const { server } of pairs) {
      await server.next();
      for (let n = 0; n < 20; n++) server.send(`{"type":"response.output_text.delta","delta":"${n}"}`);
    }
    for (const [i, { client }] of pairs.entries()) {
      await client.next();
      const socket = (client.socket as WebSocket & { _socket: Socket })._socket;
      if (i % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    for (const { server } of pairs) expect((await server.closed).code).toBe(1006);
    expect(recorder.exchanges.map(({ outcome }) => outcome)).toEqual(pairs.map(() => 'client-aborted'));
    expect(proxy.active()).toBe(0);
  });

  test('of the proxy waits for what is under way, and closes what is idle with 1001', async () => {
    await start();
    const idle = await connect();
    const busy = await connect();
    busy.client.send(CREATE);
    await busy.server.next();
    expect(proxy.active()).toBe(1);
    const closing = proxy.close(10_000);
    expect(await idle.client.closed).toMatchObject({ code: 1001 });
    busy.server.send(COMPLETED);
    expect((await busy.client.next()).toString()).toBe(COMPLETED);
    expect(await busy.client.closed).toMatchObject({ code: 1001 });
    expect(await busy.server.closed).toMatchObject({ code: 1001 });
    await closing;
  });

  test('of the proxy at once cuts off what is under way', async () => {
    await start();
    const { client, server } = await connect();
    client.send(CREATE);
    await server.next();
    await proxy.close(0);
    expect((await client.closed).code).toBe(1006);
    expect((await server.closed).code).toBe(1006);
    expect((await recorder.closed(0)).outcome).toBe('client-aborted');
  });
});

describe('exchanges', () => {
  test('each response.create is one, and its events up to the terminal one belong to it', async () => {
    await start();
    const { client, server } = await connect();
    const say = async (text: string) => {
      client.send(text);
      await server.next();
    };
    const hear = async (text: string) => {
      server.send(text);
      await client.next();
    };
    await say('{"type":"response.create","generate":false}');
    await hear('{"type":"response.created","response":{"id":"r1"}}');
    await hear('{"type":"response.completed","response":{"id":"r1"}}');
    await hear('{"type":"codex.rate_limits"}');
    await say('{ "previous_response_id":"r1", "type":"response.create"}');
    await hear('{"type":"error","status":400}');
    await say('{"type":"response.create"}');
    await hear('{"type":"response.created","response":{"id":"r3"}}');
    await say('{"type":"response.cancel"}');
    server.socket.close(1011);
    await client.closed;
    const exchanges = await Promise.all([0, 1, 2].map((i) => recorder.closed(i)));
    const texts = (leg: { data: { bytes: Buffer }[] } | undefined) => leg?.data.map(({ bytes }) => bytes.toString());
    expect(exchanges.map(({ outcome }) => outcome)).toEqual(['complete', 'complete', 'upstream-aborted']);
    expect(exchanges.map((one) => texts(one.clientRequest)?.length)).toEqual([1, 1, 2]);
    expect(texts(exchanges[0]?.clientResponse)).toHaveLength(2);
    expect(texts(exchanges[1]?.clientResponse)).toEqual([
      '{"type":"codex.rate_limits"}',
      '{"type":"error","status":400}',
    ]);
    expect(new Set(exchanges.map(({ start }) => start.connection)).size).toBe(1);
    for (const one of exchanges) {
      expect(one.attempts[0]?.request?.data).toEqual(one.clientRequest.data);
      expect(one.attempts[0]?.response?.data).toEqual(one.clientResponse?.data);
    }
    expect(exchanges.map(({ webSocketClose }) => webSocketClose?.code)).toEqual([undefined, undefined, 1011]);
  });

  test('wait while the recorder has no room', async () => {
    let giveRoom = () => {};
    let full: Promise<void> | undefined;
    await start({ recorder: { ...recorder, room: () => full } });
    const { client, server } = await connect();
    full = new Promise((resolve) => {
      giveRoom = () => {
        full = undefined;
        resolve();
      };
    });
    client.send('first');
    await server.next();
    let came = false;
    const second = server.next().then(() => {
      came = true;
    });
    client.send('second');
    // What the upstream sends passes all the same, and by then the second message would have passed, too.
    server.send('down');
    await client.next();
    expect(came).toBe(false);
    giveRoom();
    await second;
    client.socket.terminate();
    await server.closed;
  });
});
