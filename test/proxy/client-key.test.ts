import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ScriptedUpstream, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { createClientKey, showsKey } from '../../src/proxy/client-key.ts';
import { type ProxyOptions, type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { headerValue } from '../../src/util/headers.ts';

const KEY = 'made-up-gateway-key';
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function start(
  options: Partial<ProxyOptions> = {},
): Promise<{ proxy: RunningProxy; upstream: ScriptedUpstream }> {
  const upstream = await startScriptedUpstream();
  const proxy = await startProxy({ upstream: upstream.url, clientKey: KEY, ...options });
  open.push(upstream, { close: () => proxy.close(0) });
  return { proxy, upstream };
}

const BODIES = {
  '/responses': { model: 'm', input: 'hi' },
  '/chat/completions': { model: 'm', messages: [{ role: 'user', content: 'hi' }] },
  '/messages': { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] },
} as const;

async function post(proxy: RunningProxy, path: keyof typeof BODIES, headers: Record<string, string>) {
  const answer = await request(proxy.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(BODIES[path]),
  });
  return { status: answer.statusCode, json: (await answer.body.json()) as Record<string, unknown> };
}

describe('showsKey', () => {
  const key = createClientKey(KEY);
  it.each([
    [['authorization', `Bearer ${KEY}`], true],
    [['Authorization', `bearer  ${KEY}`], true],
    [['x-api-key', KEY], true],
    [['authorization', `Bearer ${KEY}`, 'x-api-key', KEY], true],
    [['authorization', `Bearer ${KEY}`, 'x-api-key', 'another'], false],
    [['authorization', 'Bearer another', 'x-api-key', KEY], false],
    [['authorization', `Basic ${KEY}`], false],
    [['authorization', KEY], false],
    [['authorization', 'Bearer '], false],
    [['x-api-key', ''], false],
    [[], false],
  ])('%j: %s', (headers, shows) => {
    expect(showsKey(headers as string[], key)).toBe(shows);
  });
});

describe('a proxy with a key for its clients', () => {
  it.each(Object.keys(BODIES) as (keyof typeof BODIES)[])(
    'serves %s to who shows it, and to nobody else',
    async (path) => {
      const { proxy, upstream } = await start();
      expect((await post(proxy, path, { authorization: `Bearer ${KEY}` })).status).toBe(200);
      expect((await post(proxy, path, { 'x-api-key': KEY })).status).toBe(200);
      const refused = await post(proxy, path, { authorization: 'Bearer another' });
      expect(refused.status).toBe(401);
      expect((refused.json.error as { message: string }).message).toContain('another key');
      expect(refused.json.type).toBe(path === '/messages' ? 'error' : undefined);
      expect((await post(proxy, path, {})).status).toBe(401);
      expect(upstream.requests).toHaveLength(2);
    },
  );

  it('asks for it on every route', async () => {
    const { proxy, upstream } = await start();
    for (const path of ['/models', '/health', '/no-such-thing']) {
      const answer = await request(proxy.url + path);
      await answer.body.dump();
      expect(answer.statusCode).toBe(401);
    }
    expect(upstream.requests).toHaveLength(0);
  });

  it('refuses an upgrade that does not show it with 401', async () => {
    const { proxy, upstream } = await start();
    const socket = new WebSocket(`${proxy.url.replace('http', 'ws')}/responses`);
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      socket.on('error', () => {});
    });
    expect(status).toBe(401);
    expect(upstream.upgrades).toHaveLength(0);
  });

  it.each([
    ['passes through', {}],
    ['translates', { translation: { protocol: 'messages' } }],
  ] as const)('keeps it from the provider when it %s', async (_how, options) => {
    const { proxy, upstream } = await start(options);
    await post(proxy, '/chat/completions', { authorization: `Bearer ${KEY}` });
    expect(JSON.stringify(upstream.requests[0]?.headers)).not.toContain(KEY);
  });

  it('shows the provider the key of its own', async () => {
    const { proxy, upstream } = await start({ upstreamKey: 'made-up-provider-key' });
    await post(proxy, '/responses', { 'x-api-key': KEY });
    expect(headerValue(upstream.requests[0]!.headers, 'authorization')).toBe('Bearer made-up-provider-key');
    expect(headerValue(upstream.requests[0]!.headers, 'x-api-key')).toBeUndefined();
  });
});
