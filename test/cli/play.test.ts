import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FORMAT_VERSION } from '../../src/cassette/format.ts';
import { RECORDING_LIMITS } from '../../src/cassette/limits.ts';
import { openCassette, writeCassette } from '../../src/cassette/store.ts';
import { run as runInProcess } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { type CliRun, startCli } from '../helpers/cli.ts';
import { recorded, type SideSpec } from '../helpers/recorded.ts';

let folder: string;
let upstream: Server;
let upstreamUrl: string;
let asked: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'play-'));
  asked = 0;
  upstream = createServer((request, response) => {
    asked += 1;
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'X-Live': '1' });
      response.end('{"live":true}');
    });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});
afterEach(async () => {
  upstream.closeAllConnections();
  upstream.close();
  await rm(folder, { recursive: true, force: true });
});

async function writeTape(
  sides: SideSpec[],
  attempts: SideSpec[] = [],
  redacted: Record<string, number> = {},
): Promise<void> {
  const header = {
    format: FORMAT_VERSION,
    tool: '0.0.0',
    recordedAt: '2026-01-02T03:04:05.000Z',
    gateway: { name: 'tapedeck' },
    upstream: { url: 'https://x.test/api/v9', protocol: null },
    redacted,
    elided: { texts: 0, chars: 0 },
  };
  const entries = sides.flatMap((side) => {
    const { client, attempts: upstreamSide } = recorded(side, attempts);
    return [client, ...upstreamSide];
  });
  await writeCassette(join(folder, 'tape.har'), header, entries);
}

function play(...args: string[]): CliRun {
  return startCli(['play', ...args], { cwd: folder });
}

/** The command in this process, for what does not wait for a signal. */
async function playHere(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = captureIo({ cwd: folder, env: { PATH: process.env.PATH } });
  const code = await runInProcess(['play', ...args], io);
  return { code, out: io.out(), err: io.err() };
}

async function ask(url: string, body: unknown): Promise<Response> {
  return fetch(`${url}/responses`, { method: 'POST', body: JSON.stringify(body) });
}

async function stop(run: CliRun): Promise<number | string> {
  run.child.kill('SIGINT');
  return run.exit;
}

/** A client that asks for each body in turn; it fails when one of the answers is not 200. */
function client(...bodies: unknown[]): string[] {
  const code = `(async () => {
    for (const body of ${JSON.stringify(bodies)}) {
      const r = await fetch(process.env.OPENAI_BASE_URL + '/responses', { method: 'POST', body: JSON.stringify(body) });
      if (r.status !== 200) process.exitCode = 9;
    }
  })()`;
  return ['--', process.execPath, '-e', code];
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('play', () => {
  test('serves a cassette until SIGINT and ends with 0', async () => {
    await writeTape([{ body: { a: 1 }, answer: 'recorded' }]);
    const run = play('tape.har');
    const { url } = await run.listening;
    expect(await (await ask(url, { a: 1 })).text()).toBe('recorded');
    expect(await stop(run)).toBe(0);
    expect(run.err()).toMatch(/^tapedeck listening on http:\/\/127\.0\.0\.1:\d+\/v1\n/);
    expect(run.out()).toMatch(/tape\.har {2}1 served, 0 missed, 0 left over\n/);
  });

  test('a miss is told at once, on both sides, and ends with 3', async () => {
    await writeTape([{ body: { a: 1 } }]);
    const run = play('tape.har');
    const { url } = await run.listening;
    const response = await ask(url, { a: 2 });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(await stop(run)).toBe(3);
    expect(run.err()).toContain(`miss ${error.message}`);
    expect(run.out()).toContain('0 served, 1 missed, 1 left over');
  });

  test('--json says all of it in one JSON value a line', async () => {
    await writeTape([{ body: { a: 1 } }, { body: { b: 1 } }]);
    const run = play('tape.har', '--json');
    const { url } = await run.listening;
    await (await ask(url, { a: 1 })).text();
    await (await ask(url, { a: 2 })).text();
    expect(await stop(run)).toBe(3);
    expect(lines(run.out())).toMatchObject([
      { event: 'listening', url, pid: run.child.pid },
      { event: 'served', method: 'POST', target: '/v1/responses', exchange: expect.any(String), repeated: false },
      {
        event: 'missed',
        reason: 'unknown',
        pointer: '/a',
        recorded: 1,
        live: 2,
        differing: 1,
        closest: expect.any(String),
      },
      {
        event: 'summary',
        path: join(folder, 'tape.har'),
        served: 1,
        missed: 1,
        forwarded: 0,
        leftover: [expect.any(String)],
      },
    ]);
  });

  test('recordings left over fail with --strict', async () => {
    await writeTape([{ body: { a: 1 } }, { body: { a: 2 } }]);
    const run = play('tape.har', '--strict');
    const { url } = await run.listening;
    await (await ask(url, { a: 1 })).text();
    expect(await stop(run)).toBe(3);
    expect(run.out()).toContain('1 left over');
  });

  test('a small cassette that changes while it is played is played as it was', async () => {
    await writeTape([{ body: { a: 1 } }, { body: { a: 2 }, answer: 'two' }]);
    const run = play('tape.har');
    const { url } = await run.listening;
    await truncate(join(folder, 'tape.har'), 1000);
    expect(await (await ask(url, { a: 2 })).text()).toBe('two');
    expect(await stop(run)).toBe(0);
  });

  test("a large cassette that changes while it is played is the user's affair, and no bug", async () => {
    const long = { a: 2, text: 'x'.repeat(RECORDING_LIMITS.readAtOnceBytes) };
    await writeTape([{ body: { a: 1 } }, { body: long }]);
    const run = play('tape.har');
    const { url } = await run.listening;
    await (await ask(url, { a: 1 })).text();
    await truncate(join(folder, 'tape.har'), 1000);
    await expect(ask(url, long)).rejects.toThrow();
    expect(await stop(run)).toBe(5);
    expect(run.err()).toMatch(/error .*tape\.har cannot be read: it changed while it was being read\.\n/);
  });

  test('--as upstream serves the upstream legs, whatever the recorded base URL', async () => {
    await writeTape(
      [{ body: { a: 1 }, answer: 'client' }],
      [{ url: 'https://x.test/api/v9/responses', body: { up: 1 }, answer: 'provider' }],
    );
    const run = play('tape.har', '--as', 'upstream');
    const { url } = await run.listening;
    expect(await (await ask(url, { up: 1 })).text()).toBe('provider');
    expect(await stop(run)).toBe(0);
  });

  test('secrets that were redacted are redacted in live requests as well', async () => {
    const key = `sk-proj-${'Ab3dE6gH9'.repeat(5)}`;
    await writeTape([{ body: { note: 'use [redacted:api-key#1] now' }, answer: 'ok' }], [], { 'api-key': 1 });
    const run = play('tape.har');
    const { url } = await run.listening;
    expect(await (await ask(url, { note: `use ${key} now` })).text()).toBe('ok');
    expect(await stop(run)).toBe(0);
    expect(run.out() + run.err()).not.toContain(key);
  });

  test('takes the newest cassette of cassettes/ when none is named', async () => {
    const run = play();
    await expect(run.listening).rejects.toThrow();
    expect(await run.exit).toBe(5);
    expect(run.err()).toContain('hint');
  });
});

test('a reader of stderr that goes away stops nothing', async () => {
  await writeTape([{ body: { a: 1 } }]);
  const run = play('tape.har');
  const { url } = await run.listening;
  run.child.stderr?.destroy();
  for (const a of [2, 3, 4]) expect((await ask(url, { a })).status).toBe(400);
  expect((await ask(url, { a: 1 })).status).toBe(200);
  expect(await stop(run)).toBe(3);
});

describe('play -- COMMAND', () => {
  test("the summary goes to stderr, so that stdout is the command's own", async () => {
    await writeTape([{ body: { a: 1 } }]);
    const { code, out, err } = await playHere('tape.har', ...client({ a: 1 }));
    expect({ code, out }).toEqual({ code: 0, out: '' });
    expect(err).toContain('1 served, 0 missed, 0 left over');
  });

  test.each([
    ["a command's own code stands", [], [{ a: 2 }], 9],
    ['also with --strict', ['--strict'], [{ a: 2 }], 9],
    ['success stands although recordings are left over', [], [], 0],
    ['but not with --strict', ['--strict'], [], 3],
    ['--repeat last serves a request again', ['--repeat', 'last', '--strict'], [{ a: 1 }, { a: 1 }], 0],
    ['--match exact compares all of a request', ['--match', 'exact'], [{ a: 1, client_metadata: 1 }], 9],
    ['--match turn compares the calls alone', ['--match', 'turn'], [{ b: 2 }], 0],
  ] as const)('%s', async (_, flags, bodies, expected) => {
    await writeTape([{ body: { a: 1 } }]);
    const { code, err } = await playHere('tape.har', ...flags, ...client(...bodies));
    expect({ code, err }).toMatchObject({ code: expected });
  });

  test('a command that does not exist is 127', async () => {
    await writeTape([{ body: {} }]);
    expect((await playHere('tape.har', '--', 'no-such-command-here')).code).toBe(127);
  });
});

describe('modes', () => {
  test('new_episodes records what the cassette does not hold beside it, and leaves the cassette as it is', async () => {
    await writeTape([{ body: { a: 1 }, answer: 'recorded' }]);
    const before = await readFile(join(folder, 'tape.har'));
    for (const name of ['tape.new-1.har', 'tape.new-2.har']) {
      const run = play('tape.har', '--mode', 'new_episodes', '--upstream', upstreamUrl);
      const { url } = await run.listening;
      expect(await (await ask(url, { a: 1 })).text()).toBe('recorded');
      const live = await ask(url, { a: 2 });
      expect(live.headers.get('x-live')).toBe('1');
      expect(await live.json()).toEqual({ live: true });
      expect(await stop(run)).toBe(0);
      expect(run.out()).toContain('1 forwarded');
      expect(run.out()).toContain(`recorded  1 exchange to ${name}`);
    }
    expect(asked).toBe(2);
    expect(await readFile(join(folder, 'tape.har'))).toEqual(before);
    const reader = await openCassette(join(folder, 'tape.new-1.har'));
    const bodies: (string | undefined)[] = [];
    for await (const exchange of reader.exchanges()) bodies.push(exchange.client.request.postData?.text);
    await reader.close();
    expect(bodies).toEqual(['{"a":2}']);
  });

  test("new_episodes keeps the user's own secrets out of what it records", async () => {
    await writeTape([{ body: { a: 1 } }]);
    const flags = ['--mode', 'new_episodes', '--upstream', upstreamUrl, '--redact', 'ACME-[0-9]+'];
    await playHere('tape.har', ...flags, ...client({ a: 'ACME-4711' }));
    const text = await readFile(join(folder, 'tape.new-1.har'), 'utf8');
    expect(text).toContain('[redacted:custom#1]');
    expect(text).not.toContain('4711');
  });

  test.each([false, true])('new_episodes says that its disk failed, with --json %s', async (json) => {
    await writeTape([{ body: { a: 1 } }]);
    const run = play('tape.har', '--mode', 'new_episodes', '--upstream', upstreamUrl, ...(json ? ['--json'] : []));
    const { url } = await run.listening;
    expect((await ask(url, { a: 2 })).status).toBe(200);
    await rm(join(folder, 'tape.new-1.har.part'));
    await vi.waitFor(async () => {
      expect((await ask(url, { a: 2 })).status).toBe(200);
      expect(run.err()).toMatch(/^recording stopped .* Traffic goes on, unrecorded\.$/m);
    });
    expect(await stop(run)).toBe(74);
    if (json)
      expect(lines(run.out()).at(-1)).toMatchObject({
        event: 'summary',
        recordedTo: { failed: expect.stringMatching(/./) },
      });
    else expect(run.out()).toContain('incomplete  ');
  });

  test('new_episodes writes no cassette when nothing was new', async () => {
    await writeTape([{ body: { a: 1 } }]);
    const { code } = await playHere(
      'tape.har',
      '--mode',
      'new_episodes',
      '--upstream',
      upstreamUrl,
      ...client({ a: 1 }),
    );
    expect(code).toBe(0);
    expect(await readdir(folder)).toEqual(['tape.har']);
  });

  test('once records a cassette that does not exist, then plays it without the network', async () => {
    const args = ['tape.har', '--mode', 'once', '--upstream', upstreamUrl, ...client({ a: 1 })];
    expect((await playHere(...args)).code).toBe(0);
    expect(existsSync(join(folder, 'tape.har'))).toBe(true);
    expect(asked).toBe(1);
    expect((await playHere(...args)).code).toBe(0);
    expect((await playHere('tape.har', '--mode', 'once', ...client({ a: 2 }))).code).toBe(9);
    expect(asked).toBe(1);
  });

  test('once plays what a recording that was killed has left', async () => {
    const args = ['tape.har', '--mode', 'once', '--upstream', upstreamUrl];
    const killed = play(...args);
    const { url } = await killed.listening;
    await (await ask(url, { a: 1 })).text();
    await vi.waitFor(async () => expect(await readFile(join(folder, 'tape.har.part'), 'utf8')).toContain('live'));
    killed.child.kill('SIGKILL');
    await killed.exit;
    const { code, err } = await playHere(...args, ...client({ a: 1 }));
    expect(err).toContain('recovered  tape.har');
    expect([code, asked]).toEqual([0, 1]);
  });
});

test.each([
  ['a speed that is none', ['tape.har', '--speed', 'fast'], 2, 'is no speed'],
  ['a speed of zero', ['tape.har', '--speed', '0'], 2, 'is no speed'],
  ['an unknown mode', ['tape.har', '--mode', 'all'], 2, 'mode'],
  ['an upstream without a mode for it', ['tape.har', '--upstream', 'http://x.test'], 2, '--mode none'],
  ['a mode without an upstream', ['tape.har', '--mode', 'new_episodes'], 2, 'needs an upstream'],
  ['once without an upstream', ['none.har', '--mode', 'once'], 2, 'needs an upstream'],
  ['once without a name', ['--mode', 'once', '--upstream', 'http://x.test'], 2, 'needs the name'],
  ['an upstream that is no URL', ['tape.har', '--mode', 'new_episodes', '--upstream', 'x.test'], 2, 'https://x.test'],
  ['a port that is none', ['tape.har', '--port', '70000'], 2, 'port'],
  ['a cassette that does not exist', ['none.har'], 5, 'none.har'],
])('%s', async (_, args, code, message) => {
  await writeTape([{ body: {} }]);
  const run = await playHere(...args);
  expect(run).toMatchObject({ code, err: expect.stringContaining(message) });
  expect(run.err).not.toContain('bug in Tapedeck');
});

test('a port that is taken', async () => {
  await writeTape([{ body: {} }]);
  const port = new URL(upstreamUrl).port;
  const run = await playHere('tape.har', '--port', port);
  expect(run).toMatchObject({ code: 74, err: expect.stringContaining('already in use') });
});
