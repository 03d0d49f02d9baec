import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { createRedactor } from '../../src/cassette/redact.ts';
import { type Player, type PlayerEvent, type PlayerOptions, startPlayer } from '../../src/replay/player.ts';
import { rawClient } from '../helpers/raw-http.ts';
import { recorded } from '../helpers/recorded.ts';
import { CREATE, client, completed, created, recordedSocket, server } from '../helpers/recorded-socket.ts';
import { handshake, type SocketPeer } from '../helpers/websocket.ts';

let player: Player;
const events: PlayerEvent[] = [];
afterEach(() => player.close());

async function play(exchanges: RecordedExchange[], options: Partial<PlayerOptions> = {}): Promise<Player> {
  events.length = 0;
  const onRequest = (event: PlayerEvent) => void events.push(event);
  const fixed = { as: 'gateway', match: 'shape', repeat: 'none', speed: 'instant' } as const;
  player = await startPlayer({ exchanges, ...fixed, onRequest, ...options });
  return player;
}

async function connect(path = '/v1/responses'): Promise<SocketPeer & { headers: Record<string, unknown> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${player.port}${path}`);
  const peer = handshake(socket);
  const [response] = await once(socket, 'upgrade');
  await peer.open;
  return { ...peer, headers: response.headers };
}

const ask = (text: string, previous?: string) => ({
  ...CREATE,
  input: [{ type: 'message', role: 'user', content: text }],
  ...(previous ? { previous_response_id: previous } : {}),
});
const turn = (text: string, id: string, previous?: string) =>
  recordedSocket({ say: [client(ask(text, previous)), server(created(id)), server(completed(id))] });

describe('a cassette with WebSockets', () => {
  it('answers each response.create with the messages of its recording, on any connection', async () => {
    await play([turn('one', 'r1'), turn('two', 'r2', 'r1'), turn('three', 'r3')]);
    const first = await connect();
    expect(first.headers['x-codex-turn-state']).toBe('t');
    first.send(JSON.stringify(ask('one')));
    expect(JSON.parse(String(await first.next()))).toEqual(created('r1'));
    expect(JSON.parse(String(await first.next()))).toEqual(completed('r1'));
    const second = await connect('/responses');
    second.send(JSON.stringify(ask('three')));
    expect(JSON.parse(String(await second.next()))).toEqual(created('r3'));
    first.send(JSON.stringify(ask('two', 'r1')));
    expect(JSON.parse(String(await first.next()))).toEqual(created('r2'));
    expect(player.served).toBe(3);
    expect(player.leftovers()).toEqual([]);
    first.socket.terminate();
    second.socket.terminate();
  });

  it('matches as over HTTP: metadata is ignored, another previous response or prompt is not', async () => {
    await play([turn('one', 'r1')]);
    const peer = await connect();
    for (const other of [ask('another'), ask('one', 'r0')]) {
      peer.send(JSON.stringify(other));
      const message = JSON.parse(String(await peer.next()));
      expect(message).toMatchObject({ type: 'error', status: 400, error: { code: 'cassette_miss' } });
      expect(message.error.message).toMatch(/no recording of this WS \/v1\/responses\. Closest is exchange/);
    }
    peer.send(JSON.stringify({ ...ask('one'), client_metadata: { session_id: 's' } }));
    expect(JSON.parse(String(await peer.next()))).toEqual(created('r1'));
    expect(player.misses).toHaveLength(2);
    expect(events.map(({ kind }) => kind)).toEqual(['missed', 'missed', 'served']);
    peer.socket.terminate();
  });

  it('plays the upstream side to a gateway', async () => {
    await play([turn('one', 'r1')], { as: 'upstream', base: { basePath: '/v1', query: '' } });
    const peer = await connect();
    peer.send(JSON.stringify(ask('one')));
    expect(JSON.parse(String(await peer.next()))).toEqual(created('r1'));
    peer.socket.terminate();
  });

  it('plays text as text and binary as binary', async () => {
    await play([recordedSocket({ say: [client(CREATE), server(Buffer.from([1, 255])), server(completed())] })]);
    const peer = await connect();
    peer.send(JSON.stringify(CREATE));
    expect(await peer.nextFrame()).toEqual({ data: Buffer.from([1, 255]), binary: true });
    expect((await peer.nextFrame()).binary).toBe(false);
    peer.socket.terminate();
  });

  it.each([
    ['with a code', { by: 'upstream', code: 1011, reason: 'internal' }, 1011],
    ['without a code', { by: 'upstream', code: 1005, reason: '' }, 1005],
    ['abruptly', { by: 'upstream', code: 1006, reason: '' }, 1006],
  ] as const)('ends a connection as the upstream ended it: %s', async (_name, close, code) => {
    await play([recordedSocket({ say: [client(CREATE), server(created())], outcome: 'upstream-aborted', close })]);
    const peer = await connect();
    peer.send(JSON.stringify(CREATE));
    await peer.next();
    expect((await peer.closed).code).toBe(code);
  });

  it('leaves a connection open that the client ended', async () => {
    const close = { by: 'client', code: 1006, reason: '' } as const;
    await play([recordedSocket({ say: [client(CREATE), server(completed())], close })]);
    const peer = await connect();
    peer.send(JSON.stringify(CREATE));
    await peer.next();
    const pong = once(peer.socket, 'pong');
    peer.socket.ping();
    await pong;
    peer.socket.terminate();
  });

  it('compares what redaction left', async () => {
    const secret = ['sk', '-proj-', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'].join('');
    await play([turn('the key is [redacted:api-key#7]', 'r1')], { redactor: createRedactor() });
    const peer = await connect();
    peer.send(JSON.stringify(ask(`the key is ${secret}`)));
    expect(JSON.parse(String(await peer.next()))).toEqual(created('r1'));
    peer.socket.terminate();
  });
});

describe('an upgrade', () => {
  const upgrade = (target: string) =>
    `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n`;
  const status = async (target = '/v1/responses') => {
    const peer = await rawClient(player.port, upgrade(target));
    const text = await peer.until(/\r\n\r\n/);
    peer.socket.destroy();
    return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);
  };
  const refused = () =>
    recorded({
      method: 'GET',
      status: 426,
      requestHeaders: ['Upgrade', 'websocket', 'Connection', 'Upgrade'],
      answer: '{}',
    });

  it('is refused where the cassette has no WebSocket, or none of that path', async () => {
    await play([recorded({ body: {} })]);
    expect(await status()).toBe(426);
    await player.close();
    await play([turn('one', 'r1')]);
    expect(await status('/v1/models')).toBe(426);
    expect(await status()).toBe(101);
  });

  it('is refused and accepted in the order of the recording', async () => {
    await play([refused(), turn('one', 'r1')]);
    expect(await status()).toBe(426);
    expect(await status()).toBe(101);
  });

  it('is one that was played when it was refused', async () => {
    await play([refused()]);
    expect(player.leftovers()).toHaveLength(1);
    expect(await status()).toBe(426);
    expect(player.leftovers()).toEqual([]);
  });
});
