import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { openCassette } from '../../src/cassette/store.ts';
import { runCli, startCli } from '../helpers/cli.ts';

let folder: string;
let upstream: Server;
let url: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'record-'));
  upstream = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: {"type":"response.completed","response":{"id":"r"}}\n\n');
    });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});
afterEach(async () => {
  upstream.closeAllConnections();
  upstream.close();
  await rm(folder, { recursive: true, force: true });
});

const CLIENT = `fetch(process.env.OPENAI_BASE_URL + '/responses', {
  method: 'POST', body: '{"model":"m","input":"hi"}', headers: { 'content-type': 'application/json' },
}).then((r) => r.text()).then((t) => process.exit(t.includes('response.completed') ? 7 : 1))`;
const command = ['--', process.execPath, '-e', CLIENT];

async function exchangesOf(path: string): Promise<RecordedExchange[]> {
  const reader = await openCassette(path);
  const list: RecordedExchange[] = [];
  for await (const exchange of reader.exchanges()) list.push(exchange);
  await reader.close();
  return list;
}

describe('record', () => {
  test('runs a command, ends with its exit code and leaves a cassette with both sides', async () => {
    const { code, out, err } = await runCli(['record', '-o', 'x.har', '--upstream', url, ...command], { cwd: folder });
    expect({ code, err }).toMatchObject({ code: 7 });
    expect(err).toMatch(/^tapedeck listening on http:\/\/127\.0\.0\.1:\d+\/v1\n/);
    expect(out).toBe('');
    expect(err).toMatch(/x\.har {2}1 exchange, \d/);
    const [exchange] = await exchangesOf(join(folder, 'x.har'));
    expect(exchange?.outcome).toBe('complete');
    expect(exchange?.client.request.url).toContain('/v1/responses');
    expect(exchange?.attempts).toHaveLength(1);
  });

  test('--json says where it listens and what it wrote, one JSON value a line', async () => {
    const { out } = await runCli(['record', '--json', '-o', 'x.har', '--upstream', url, ...command], { cwd: folder });
    const [listening, summary] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(listening).toMatchObject({
      event: 'listening',
      url: expect.stringMatching(/^http:.*\/v1$/),
      pid: expect.any(Number),
    });
    expect(summary).toMatchObject({ event: 'summary', exchanges: 1, outcomes: { complete: 1 } });
  });

  test('without -o the cassette is numbered under cassettes/', async () => {
    await runCli(['record', '--upstream', url, ...command], { cwd: folder });
    await runCli(['record', '--upstream', url, ...command], { cwd: folder });
    const names = (await readdir(join(folder, 'cassettes'))).sort();
    expect(names).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\d-1\.har$/), expect.stringMatching(/-2\.har$/)]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it with a whole cassette and exit code 0', async (signal) => {
    const run = startCli(['record', '-o', 'x.har', '--upstream', url], { cwd: folder });
    const { url: proxy } = await run.listening;
    await (await fetch(`${proxy}/responses`, { method: 'POST', body: '{"model":"m"}' })).text();
    run.child.kill(signal);
    expect(await run.exit).toBe(0);
    expect(await exchangesOf(join(folder, 'x.har'))).toHaveLength(1);
    expect(existsSync(join(folder, 'x.har.part'))).toBe(false);
  });
});

test('a recording to which nothing came leaves no cassette that nobody named', async () => {
  const run = startCli(['record', '--upstream', url], { cwd: folder });
  await run.listening;
  run.child.kill('SIGINT');
  expect(await run.exit).toBe(0);
  expect(run.err()).toContain('Nothing came');
  expect(await readdir(join(folder, 'cassettes')).catch(() => [])).toEqual([]);
});

describe('record with bad input', () => {
  test.each<[name: string, args: string[], code: number, message: RegExp]>([
    ['no upstream', ['record'], 2, /upstream/],
    ['an unknown flag', ['record', '--upstream', 'http://x', '--nope'], 2, /nope/],
    ['an upstream that is no URL', ['record', '--upstream', 'localhost:4000'], 2, /http:\/\/localhost:4000/],
    ['a port out of range', ['record', '--upstream', 'http://x', '--port', '70000'], 2, /65535/],
    ['a key variable that is not set', ['record', '--upstream', 'http://x', '--upstream-key-env', 'NOPE'], 2, /NOPE/],
    ['an authority file that is missing', ['record', '--upstream', 'http://x', '--ca', 'none.pem'], 2, /none\.pem/],
    ['a pattern that is no regular expression', ['record', '--upstream', 'http://x', '--redact', '('], 2, /--redact/],
    ['an output below a file', ['record', '--upstream', 'http://x', '-o', 'file/x.har'], 74, /file/],
    [
      'a command that does not exist',
      ['record', '--upstream', 'http://x', '--', 'no-such-command'],
      127,
      /command not found/,
    ],
  ])('%s', async (_name, args, code, message) => {
    await writeFile(join(folder, 'file'), '');
    const result = await runCli(args, { cwd: folder });
    expect(result.err).toMatch(message);
    expect(result.code).toBe(code);
  });

  test('an existing cassette is not overwritten', async () => {
    await writeFile(join(folder, 'x.har'), 'precious');
    const result = await runCli(['record', '-o', 'x.har', '--upstream', url, ...command], { cwd: folder });
    expect(result.code).toBe(125);
    expect(result.err).toMatch(/x\.har[\s\S]*--force/);
    expect(await readFile(join(folder, 'x.har'), 'utf8')).toBe('precious');
  });

  test('a request body that is no JSON is passed, recorded, and found by validate with its place', async () => {
    const run = startCli(['record', '-o', 'x.har', '--upstream', url], { cwd: folder });
    const { url: proxy } = await run.listening;
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${proxy}/responses`, { method: 'POST', body: '{"model": oops}', headers });
    expect(response.status).toBe(200);
    await response.text();
    run.child.kill('SIGINT');
    expect(await run.exit).toBe(0);
    const { code, out } = await runCli(['validate', 'x.har'], { cwd: folder });
    expect(code).toBe(1);
    expect(out).toMatch(/client-request.*byte 10/);
  });

  test('a port that is taken is exit 74 with a hint, and leaves no cassette', async () => {
    const { port } = new URL(url);
    const result = await runCli(['record', '-o', 'x.har', '--upstream', url, '--port', port], { cwd: folder });
    expect(result).toMatchObject({ code: 74, out: '' });
    expect(result.err).toMatch(/already in use[\s\S]*--port/);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ['a port that is taken', () => ['--port', new URL(url).port], 74],
    ['a command that does not exist', () => ['--', 'no-such-command'], 127],
  ])('%s costs nothing of a cassette that --force would replace', async (_name, args, code) => {
    await writeFile(join(folder, 'x.har'), 'precious');
    const result = await runCli(['record', '-o', 'x.har', '--force', '--upstream', url, ...args()], { cwd: folder });
    expect(result.code).toBe(code);
    expect(await readFile(join(folder, 'x.har'), 'utf8')).toBe('precious');
    expect(await readdir(folder)).not.toContain('x.har.part');
  });

  test('what stops tapedeck before the command runs is 125, with the reason in --json too', async () => {
    await writeFile(join(folder, 'file'), '');
    const env = { XDG_CACHE_HOME: join(folder, 'file') };
    const args = ['record', '--json', '-o', 'x.har', '--upstream', url, ...command];
    const { code, out } = await runCli(args, { cwd: folder, env });
    expect(code).toBe(125);
    expect(JSON.parse(out.trim().split('\n').at(-1)!)).toMatchObject({ event: 'error', code: 'output-failed' });
  });

  test('an upstream that is down is told to the client, recorded, and exit 4', async () => {
    await mkdir(join(folder, 'out'));
    upstream.close();
    await once(upstream, 'close');
    const run = startCli(['record', '-o', 'out', '--upstream', url], { cwd: folder });
    const { url: proxy } = await run.listening;
    const response = await fetch(`${proxy}/responses`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('upstream_refused');
    run.child.kill('SIGINT');
    expect(await run.exit).toBe(4);
    const [name = ''] = await readdir(join(folder, 'out'));
    expect((await exchangesOf(join(folder, 'out', name)))[0]?.outcome).toBe('refused');
  });
});
