import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { withCredentials } from '../../src/upstream/credentials/api-key.ts';
import { dropHopByHop } from '../../src/util/hop-by-hop.ts';
import { post, rawClient } from '../helpers/raw-http.ts';

const pem = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');

let proxy: RunningProxy | undefined;
afterEach(() => proxy?.close(0));

describe('a TLS upstream', () => {
  const startTls = async () => {
    const server = createServer({ cert: pem('server.pem'), key: pem('server.key') }, (_request, response) => {
      response.end('{"ok":true}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };

  test('signed by an authority of --ca is trusted', async () => {
    const server = await startTls();
    const { port } = server.address() as AddressInfo;
    proxy = await startProxy({ upstream: `https://localhost:${port}`, ca: pem('ca.pem') });
    const client = await rawClient(proxy.port, post('/v1/responses', [], '{}'));
    expect(await client.until(/\{"ok":true\}/)).toMatch(/^HTTP\/1.1 200/);
    await proxy.close(0);
    server.close();
  });

  test('signed by nobody we know is a 502 that names --ca', async () => {
    const server = await startTls();
    const { port } = server.address() as AddressInfo;
    proxy = await startProxy({ upstream: `https://localhost:${port}` });
    const client = await rawClient(proxy.port, post('/v1/responses', [], '{}'));
    const text = await client.until(/\}\}$/);
    expect(text).toMatch(/^HTTP\/1.1 502 [\s\S]*TLS with the upstream[\s\S]*--ca[\s\S]*"code":"upstream_tls"/);
    server.close();
  });
});

describe('replacing credentials', () => {
  const client = ['authorization', 'Bearer theirs', 'X-Api-Key', 'theirs', 'chatgpt-account-id', 'acc', 'x-keep', '1'];
  test.each([
    ['responses', ['x-keep', '1', 'authorization', 'Bearer mine']],
    ['chat', ['x-keep', '1', 'authorization', 'Bearer mine']],
    ['messages', ['x-keep', '1', 'x-api-key', 'mine']],
    [null, ['x-keep', '1', 'authorization', 'Bearer mine']],
  ] as const)('%s', (protocol, expected) => {
    expect(withCredentials(client, { key: 'mine' }, protocol)).toEqual(expected);
  });
});

describe('fields of the connection', () => {
  test.each<[string, string[], string[]]>([
    [
      'named by RFC 9110 are dropped in any case',
      ['Connection', 'close', 'TE', 'x', 'upgrade', 'h2c', 'A', '1'],
      ['A', '1'],
    ],
    ['named by Connection are dropped', ['connection', 'a, B', 'A', '1', 'b', '2', 'c', '3'], ['c', '3']],
    ['named by a Connection line behind them are dropped too', ['a', '1', 'B', '2', 'Connection', 'A'], ['B', '2']],
    ['of a second Connection line count too', ['Connection', 'a', 'Connection', 'b', 'a', '1', 'b', '2'], []],
    ['leave the rest as it is, duplicates too', ['B', '1', 'a', '2', 'B', '3'], ['B', '1', 'a', '2', 'B', '3']],
  ])('%s', (_name, headers, expected) => {
    expect(dropHopByHop(headers)).toEqual(expected);
  });
});
