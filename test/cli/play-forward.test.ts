import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { createForwarder, type Forwarder } from '../../src/cli/play-forward.ts';
import { type Player, type PlayerEvent, startPlayer } from '../../src/replay/player.ts';
import { readAll, temporaryFolder } from '../helpers/cassette-files.ts';
import { recorded } from '../helpers/recorded.ts';
import { CREATE, client, completed, created, recordedSocket, server } from '../helpers/recorded-socket.ts';
import { handshake, type SocketPeer, serveSockets, type TestSocketServer } from '../helpers/websocket.ts';

let upstream: TestSocketServer;
let folder: string;
let forwarder: Forwarder;
let player: Player;
let events: PlayerEvent['kind'][];

beforeEach(async () => {
  folder = temporaryFolder();
  upstream = await serveSockets();
});
afterEach(async () => {
  await player.close();
  await forwarder.close();
  await upstream.close();
});

/** Plays exchanges, and sends what they do not hold to the upstream. */
async function play(exchanges: RecordedExchange[], url = upstream.url): Promise<void> {
  events = [];
  forwarder = createForwarder(join(folder, 'tape.har'), { upstream: url }, []);
  const { forward, forwardSocket } = forwarder;
  const fixed = { as: 'gateway', match: 'shape', repeat: 'none', speed: 'instant' } as const;
  const onRequest = ({ kind }: PlayerEvent) => void events.push(kind);
  player = await startPlayer({ exchanges, ...fixed, forward, forwardSocket, onRequest });
}

async function connect(headers: Record<string, string> = {}): Promise<SocketPeer & { head: Record<string, unknown> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${player.port}/v1/responses`, { headers });
  const peer = handshake(socket);
  const [response] = await once(socket, 'upgrade');
  await peer.open;
  return { ...peer, head: response.headers };
}

/** The exchanges that were recorded on the way, in which the recorder tells of everything that has ended. */
async function recordedNow(): Promise<RecordedExchange[]> {
  await player.close();
  const summary = await forwarder.close();
  return summary ? (await readAll(summary.path, { pristine: true })).exchanges : [];
}

const create = (text: string, previous?: string) => ({
  ...CREATE,
  input: [{ type: 'message', role: 'user', content: text }],
  ...(previous ? { previous_response_id: previous } : {}),
});
const turn = (text: string, id: string) =>
  recordedSocket({ say: [client(create(text)), server(created(id)), server(completed(id))] });
const ask = (peer: SocketPeer, message: object) => peer.send(JSON.stringify(message));
const next = async (peer: SocketPeer) => JSON.parse(String(await peer.next()));

describe('a response.create without a recording', () => {
  it('is sent to the upstream, and its messages come back and are recorded', async () => {
    await play([turn('one', 'r1')]);
    const peer = await connect({ 'session-id': 's1' });
    ask(peer, create('one'));
    expect([await next(peer), await next(peer)]).toEqual([created('r1'), completed('r1')]);
    expect(upstream.upgrades()).toBe(0);

    ask(peer, create('two', 'r1'));
    const provider = await upstream.accept();
    expect(provider.request.headers['session-id']).toBe('s1');
    expect(await next(provider)).toEqual(create('two', 'r1'));
    ask(provider, created('live'));
    expect(await next(peer)).toEqual(created('live'));
    peer.send('{"type":"response.cancel"}');
    expect(await next(provider)).toEqual({ type: 'response.cancel' });
    provider.send(Buffer.from([1, 255]));
    expect(await peer.nextFrame()).toEqual({ data: Buffer.from([1, 255]), binary: true });
    ask(provider, completed('live'));
    expect(await next(peer)).toEqual(completed('live'));

    ask(peer, create('three'));
    await provider.next();
    ask(provider, completed('again'));
    expect(await next(peer)).toEqual(completed('again'));
    expect(upstream.upgrades()).toBe(1);
    expect(events).toEqual(['served', 'forwarded', 'forwarded']);
    expect([player.served, player.forwarded, player.misses.length]).toEqual([1, 2, 0]);

    peer.socket.close(1000, 'bye');
    expect(await provider.closed).toEqual({ code: 1000, reason: 'bye' });
    const exchanges = await recordedNow();
    expect(exchanges.map(({ outcome }) => outcome)).toEqual(['complete', 'complete']);
    const said = exchanges.map(({ client }) => client._webSocketMessages?.map(({ data }) => data));
    expect(said[0]?.filter((data) => data.startsWith('{')).map((data) => JSON.parse(data))).toEqual([
      create('two', 'r1'),
      created('live'),
      { type: 'response.cancel' },
      completed('live'),
    ]);
    expect(said[1]).toHaveLength(2);
  });

  it('waits for the answer of the one before it', async () => {
    await play([turn('one', 'r1')]);
    const peer = await connect();
    ask(peer, create('new'));
    ask(peer, create('one'));
    const provider = await upstream.accept();
    await provider.next();
    ask(provider, completed('live'));
    expect([await next(peer), await next(peer), await next(peer)]).toEqual([
      completed('live'),
      created('r1'),
      completed('r1'),
    ]);
    peer.socket.terminate();
  });

  it.each([
    ['with a code', (peer: SocketPeer) => peer.socket.close(1011, 'broken'), { code: 1011, reason: 'broken' }],
    ['abruptly', (peer: SocketPeer) => peer.socket.terminate(), { code: 1006, reason: '' }],
  ])('ends the connection when the upstream ends it in between: %s', async (_, end, closed) => {
    await play([turn('one', 'r1')]);
    const peer = await connect();
    ask(peer, create('new'));
    const provider = await upstream.accept();
    await provider.next();
    ask(provider, created('live'));
    await peer.next();
    end(provider);
    expect(await peer.closed).toEqual(closed);
    expect((await recordedNow()).map(({ outcome }) => outcome)).toEqual(['upstream-aborted']);
  });

  it('gets a connection of its own when the upstream has ended the last one between two', async () => {
    await play([turn('one', 'r1')]);
    const peer = await connect();
    for (const id of ['a', 'b']) {
      ask(peer, create(`new ${id}`));
      const provider = await upstream.accept();
      await provider.next();
      ask(provider, completed(id));
      expect(await next(peer)).toEqual(completed(id));
      provider.socket.close(1000);
      await provider.closed;
    }
    ask(peer, create('one'));
    expect(await next(peer)).toEqual(created('r1'));
    peer.socket.terminate();
  });

  it('is an error of the forwarding where the upstream takes no WebSocket, and the connection stays', async () => {
    const deaf = createServer((_, response) => response.writeHead(404).end('no'));
    deaf.listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    await play([turn('one', 'r1')], `http://127.0.0.1:${(deaf.address() as AddressInfo).port}/v1`);
    const peer = await connect();
    ask(peer, create('new'));
    const said = await next(peer);
    expect(said).toMatchObject({ type: 'error', status: 502, error: { code: 'forward_failed' } });
    expect(said.error.message).toMatch(/cannot forward: The upstream .* does not speak WebSocket here \(status 404\)/);
    ask(peer, create('one'));
    expect(await next(peer)).toEqual(created('r1'));
    peer.socket.terminate();
    deaf.close();
  });
});

describe('an upgrade of which the cassette knows nothing', () => {
  it('is the one of the upstream', async () => {
    await play([recorded({ body: {} })]);
    upstream.answerWith(['x-codex-turn-state: live']);
    const peer = await connect();
    expect(peer.head['x-codex-turn-state']).toBe('live');
    const provider = await upstream.accept();
    ask(peer, create('new'));
    expect(await next(provider)).toEqual(create('new'));
    ask(provider, completed('live'));
    expect(await next(peer)).toEqual(completed('live'));
    expect(upstream.upgrades()).toBe(1);
    peer.socket.terminate();
  });

  it('is refused with 426 when the upstream refuses it', async () => {
    await upstream.close();
    await play([recorded({ body: {} })]);
    const socket = new WebSocket(`ws://127.0.0.1:${player.port}/v1/responses`);
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(426);
    socket.on('error', () => {});
    socket.terminate();
    upstream = await serveSockets();
  });
});
