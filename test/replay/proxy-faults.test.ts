import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { replayFile } from '../../src/replay/suite.ts';
import type { ReplayOptions } from '../../src/report/results/model.ts';
import type { UpstreamHandler } from '../../src/upstream/client.ts';
import { fixture } from '../helpers/cassette-files.ts';
import { recordProxied } from '../helpers/proxied.ts';
import { type PlantedProxy, PROXY_FAULTS, type ProxyFault } from './faults/proxy.ts';
import { recordHardTurn } from './faults/record.ts';

const planted = vi.hoisted((): { now: PlantedProxy } => ({ now: {} }));

vi.mock('../../src/upstream/dispatch.ts', async (original) => {
  const real = await original<typeof import('../../src/upstream/dispatch.ts')>();
  const dispatchUpstream: typeof real.dispatchUpstream = (dispatcher, request, handler) => {
    const { up = (one) => one, times = 1, read } = planted.now;
    const faulty: UpstreamHandler = read ? withReads(handler, read) : handler;
    real.dispatchUpstream(dispatcher, up(request), faulty);
    for (let i = 1; i < times; i++) real.dispatchUpstream(dispatcher, up(request), NOBODY);
  };
  return { ...real, dispatchUpstream };
});

function withReads(handler: UpstreamHandler, read: NonNullable<PlantedProxy['read']>): UpstreamHandler {
  return {
    onConnect: (abort) => handler.onConnect(abort),
    onHeaders: (...head) => handler.onHeaders(...head),
    onData(chunk) {
      const changed = read(chunk);
      return changed === undefined || handler.onData(changed);
    },
    onComplete: (trailers) => handler.onComplete(trailers),
    onError: (error) => handler.onError(error),
  };
}

const NOBODY: UpstreamHandler = {
  onConnect() {},
  onHeaders: () => true,
  onData: () => true,
  onComplete() {},
  onError() {},
};

vi.mock('../../src/respond/http.ts', async (original) => {
  const real = await original<typeof import('../../src/respond/http.ts')>();
  const writeHead: typeof real.writeHead = (response, status, statusText, headers) => {
    const head = planted.now.head?.({ status, headers }) ?? { status, headers };
    real.writeHead(response, head.status, statusText, head.headers);
  };
  const breakOff: typeof real.breakOff = (response) => {
    if (planted.now.endsBroken) response.end();
    else real.breakOff(response);
  };
  return { ...real, writeHead, breakOff };
});

vi.mock('../../src/respond/whole.ts', async (original) => {
  const real = await original<typeof import('../../src/respond/whole.ts')>();
  const writeText: typeof real.writeText = (response, text) =>
    planted.now.text ? response.write(planted.now.text(text)) : real.writeText(response, text);
  return { ...real, writeText };
});

vi.mock('../../src/route/base-url.ts', async (original) => {
  const real = await original<typeof import('../../src/route/base-url.ts')>();
  const upstreamUrl: typeof real.upstreamUrl = (...args) => {
    const { origin, path } = real.upstreamUrl(...args);
    return { origin, path: planted.now.route?.(path) ?? path };
  };
  return { ...real, upstreamUrl };
});

vi.mock('../../src/upstream/credentials/api-key.ts', async (original) => {
  const real = await original<typeof import('../../src/upstream/credentials/api-key.ts')>();
  const withCredentials: typeof real.withCredentials = (headers, ...rest) => {
    const replaced = real.withCredentials(headers, ...rest);
    return planted.now.credentials?.(replaced, headers) ?? replaced;
  };
  return { ...real, withCredentials };
});

vi.mock('../../src/proxy/carry.ts', async (original) => {
  const real = await original<typeof import('../../src/proxy/carry.ts')>();
  const newExchange: typeof real.newExchange = (request, method, router, start) =>
    real.newExchange(request, method, router, { ...start, seed: planted.now.seed ?? start.seed });
  return { ...real, newExchange };
});

const OPTIONS: ReplayOptions = { profiles: ['tolerant'], splits: 'fast', strict: false, bail: false };

const cassettes: Partial<Record<ProxyFault['cassette'], string>> = {
  passed: fixture('cassettes/0.169.0/text.har'),
  limited: fixture('cassettes/0.169.0/rate-limit.har'),
};

/** An upstream for one recording. */
async function during<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function get(url: string, headers: string[]): Promise<void> {
  return new Promise((resolve) => {
    const request = httpRequest(url, { headers, agent: false }, (response) => {
      response.on('error', () => {}).on('close', resolve);
      response.resume();
    });
    request.end();
  });
}

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-proxy-faults-'));
  const place = (name: string) => join(folder, `${name}.har`);
  cassettes.hard = place('hard');
  await recordHardTurn(cassettes.hard);
  const key = ['sk-', 'own-key-0123456789abcdef'].join('');
  const client = ['sk-', 'client-0123456789abcdef'].join('');
  const answer: RequestListener = (_, response) => response.writeHead(200, { 'X-Two': ['a', 'b'] }).end('{}');
  cassettes.query = await during(answer, (upstream) =>
    recordProxied(
      { upstream },
      (url) => get(`${url}/models?limit=1`, ['Host', 'g.test', 'X-Case', '1', 'X-Twice', '1', 'X-Twice', '2']),
      place('query'),
    ),
  );
  cassettes.keyed = await during(answer, (upstream) =>
    recordProxied(
      { upstream, upstreamKey: key },
      (url) =>
        get(`${url}/models`, ['Host', 'g.test', 'Authorization', `Bearer ${client}`, 'ChatGPT-Account-Id', 'acc-1']),
      place('keyed'),
    ),
  );
  const breaks: RequestListener = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {}\n\n', () => response.destroy());
  };
  cassettes.broken = await during(breaks, (upstream) =>
    recordProxied({ upstream }, (url) => get(`${url}/models`, ['Host', 'g.test']), place('broken')),
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

afterEach(() => {
  planted.now = {};
});

async function failures(
  cassette: ProxyFault['cassette'],
  filter = '/x1 proxy/',
): Promise<{ check: string; message: string }[]> {
  const { exchanges, unreadable } = await replayFile(
    { path: cassettes[cassette]!, name: `${cassette}.har` },
    { options: { ...OPTIONS, filter } },
  );
  expect(unreadable).toBeUndefined();
  return exchanges.flatMap(({ results }) =>
    results.flatMap(({ check, failures: own = [] }) => own.map(({ message }) => ({ check, message }))),
  );
}

describe('a fault in the proxy', () => {
  it.each([...new Set(PROXY_FAULTS.map(({ cassette }) => cassette))])(
    'there is none as it is: %s',
    async (cassette) => {
      expect(await failures(cassette)).toEqual([]);
    },
  );

  it.each(PROXY_FAULTS.map((fault) => [fault.name, fault] as const))('%s is caught', async (_, fault) => {
    planted.now = fault.planted;
    const found = await failures(fault.cassette);
    const own = found.filter(({ check }) => check === fault.check).map(({ message }) => message);
    expect(own).toContainEqual(expect.stringMatching(fault.says));
  });

  it('is not seen by the checks that run no proxy', async () => {
    for (const { planted: fault, cassette } of PROXY_FAULTS.filter(({ cassette }) => cassette === 'passed')) {
      planted.now = fault;
      const found = await failures(cassette, '/x1 /');
      expect(found.filter(({ check }) => !check.startsWith('proxy.'))).toEqual([]);
    }
  });
});
