import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetch, ProxyAgent } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { startStandIn } from '../../../src/conformance/gateways/stand-in.ts';

const HOSTS = ['chatgpt.com', 'api.openai.com'];

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A provider behind a stand-in, and a client that trusts it. */
async function start(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  const folder = await mkdtemp(join(tmpdir(), 'tapedeck-test-'));
  endings.push(() => rm(folder, { recursive: true }));
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const standIn = await startStandIn({ hosts: HOSTS, upstream, folder, env: process.env });
  endings.push(() => standIn.close());
  const ca = await readFile(standIn.certificate, 'utf8');
  const dispatcher = new ProxyAgent({ uri: standIn.proxy, requestTls: { ca }, proxyTunnel: false });
  endings.push(() => dispatcher.destroy());
  return (url: string, init: { method?: string; body?: string } = {}) => fetch(url, { ...init, dispatcher });
}

describe('a stand-in for hosts whose names are built in', () => {
  it.each(HOSTS)('passes on what is meant for %s, with its path', async (host) => {
    const ask = await start((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => response.end(`${request.url} ${body}`));
    });
    const response = await ask(`https://${host}/backend-api/codex/responses`, { method: 'POST', body: 'Record.' });
    expect(await response.text()).toBe('/backend-api/codex/responses Record.');
  });

  it('renews a login', async () => {
    const ask = await start((_, response) => response.end());
    const response = await ask('http://login.invalid/oauth/token', { method: 'POST' });
    expect(await response.json()).toEqual({ access_token: 'tapedeck-made-up-upstream' });
  });

  it('lets nothing out to other hosts', async () => {
    const ask = await start((_, response) => response.end());
    await expect(ask('https://example.com/')).rejects.toThrow();
  });

  it('breaks off where the provider does', async () => {
    const ask = await start((_, response) => {
      response.write('Half', () => response.socket?.resetAndDestroy());
    });
    const response = await ask(`https://${HOSTS[0]}/`);
    await expect(response.text()).rejects.toThrow();
  });
});
