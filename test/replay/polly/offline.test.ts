import dns, { lookup } from 'node:dns';
import { resolve4 } from 'node:dns/promises';
import { createServer, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { fetch, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { guardNetwork, type NetworkGuard } from '../../../src/replay/polly/offline.ts';
import { temporaryFolder } from '../../helpers/cassette-files.ts';

const original = Socket.prototype.connect;
const originalLookups = [dns.lookup, dns.promises.lookup];

function guard(): NetworkGuard {
  const one = guardNetwork();
  onTestFinished(() => one.end());
  return one;
}

/** Resolves with the error's code, or `connected`. */
function outcomeOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
  });
}

test.each([
  ['port and host', () => new Socket().connect(443, '192.0.2.1'), '192.0.2.1:443'],
  ['options', () => new Socket().connect({ host: 'provider.example', port: 80 }), 'provider.example:80'],
  ['an IPv6 address', () => new Socket().connect({ host: '2001:db8::1', port: 80 }), '[2001:db8::1]:80'],
  ['TLS', () => connectTls({ host: 'provider.example', port: 443 }), 'provider.example:443'],
  ['a name that only looks like loopback', () => new Socket().connect(80, '127.example'), '127.example:80'],
])('a connection by %s is denied and counted', async (_, connect, name) => {
  const { denied } = guard();
  expect(await outcomeOf(connect())).toBe('ENETUNREACH');
  expect(denied).toEqual([name]);
});

test('undici and node`s fetch cannot leave either', async () => {
  const { denied } = guard();
  await expect(fetch('http://provider.example/')).rejects.toThrow('fetch failed');
  await expect(request('http://provider.example:81/')).rejects.toThrow('was denied');
  await expect(globalThis.fetch('https://provider.example/')).rejects.toThrow('fetch failed');
  expect(denied).toEqual(['provider.example:80', 'provider.example:81', 'provider.example:443']);
});

test('loopback and paths are let through', async () => {
  const { denied } = guard();
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const path = `${temporaryFolder()}/socket`;
  const local = createServer((socket) => socket.end()).listen(path);
  onTestFinished(() => void local.close());
  await new Promise((resolve) => local.once('listening', resolve));
  for (const connect of [
    () => new Socket().connect(port, '127.0.0.1'),
    () => new Socket().connect({ port, host: 'localhost', family: 4 }),
    () => new Socket().connect({ port, host: '::ffff:127.0.0.1' }),
    () => new Socket().connect(path),
    () => new Socket().connect({ path }),
  ])
    expect(await outcomeOf(connect())).toBe('connected');
  expect(denied).toEqual([]);
});

test('names are not looked up, neither with a callback nor with a promise', async () => {
  const { denied } = guard();
  const failure = promisify(lookup)('provider.example').catch((error: Error) => error.message);
  expect(await failure).toBe(
    'Tapedeck: looking up provider.example was denied, because a replay runs without the network.',
  );
  await expect(resolve4('Other.example')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
  expect(denied).toEqual(['provider.example', 'other.example']);
  expect((await promisify(lookup)('localhost')).address).toMatch(/^(?:127\.0\.0\.1|::1)$/);
});

test('hosts that are allowed are let through, where all guards allow them', async () => {
  const one = guardNetwork({ allow: ['Gateway.example', '[2001:db8::1]'] });
  onTestFinished(() => one.end());
  // Fails after the guard: the signal is the socket's own affair.
  const lookedUp: string[] = [];
  const socket = new Socket();
  socket.connect({
    host: 'gateway.example',
    port: 80,
    lookup: (name, _options, callback) => {
      lookedUp.push(name);
      callback(new Error('looked up'), '', 4);
    },
  });
  await new Promise((resolve) => socket.once('error', resolve));
  expect(lookedUp).toEqual(['gateway.example']);
  const { denied } = guard();
  expect(await outcomeOf(new Socket().connect(80, 'gateway.example'))).toBe('ENETUNREACH');
  expect([one.denied, denied]).toEqual([[], ['gateway.example:80']]);
});

test('the last guard that ends puts everything back', async () => {
  expect(Socket.prototype.connect).toBe(original);
  const [first, second] = [guard(), guard()];
  await outcomeOf(new Socket().connect(80, '192.0.2.1'));
  first.end();
  await outcomeOf(new Socket().connect(81, '192.0.2.1'));
  expect([first.denied, second.denied]).toEqual([['192.0.2.1:80'], ['192.0.2.1:80', '192.0.2.1:81']]);
  second.end();
  expect(Socket.prototype.connect).toBe(original);
  expect([dns.lookup, dns.promises.lookup]).toEqual(originalLookups);
  second.end();
  expect(Socket.prototype.connect).toBe(original);
});
