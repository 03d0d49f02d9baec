import { once } from 'node:events';
import { mkdir, readdir, readFile, watch, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineMark } from '../../src/cassette/journal.ts';
import { run } from '../../src/cli/main.ts';
import { type CapturedIo, captureIo } from '../helpers/capture-io.ts';
import { readAll, temporaryFolder } from '../helpers/cassette-files.ts';
import { startCli } from '../helpers/cli.ts';

let cwd: string;
let upstream: Server;
let url: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  cwd = temporaryFolder();
  env = { PATH: process.env.PATH, XDG_CACHE_HOME: temporaryFolder() };
  upstream = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"type":"response.created"}\n\n');
      if (request.headers['x-hang'] === undefined) response.end('data: {"type":"response.completed"}\n\n');
    });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});
afterEach(() => {
  upstream.closeAllConnections();
  upstream.close();
});

/** Asks once for each session, which `-` leaves out; the key is a secret of its own each time. */
function ask(sessions: string): string[] {
  const script = `(async () => {
    for (const session of ${JSON.stringify(sessions.split(','))}) {
      const headers = { 'content-type': 'application/json', authorization: 'Bearer key-of-' + session + '-0123456789' };
      if (session !== '-') headers['session-id'] = session;
      const url = process.env.OPENAI_BASE_URL + '/responses';
      await (await fetch(url, { method: 'POST', body: '{"model":"m"}', headers })).text();
    }
  })()`;
  return ['--', process.execPath, '-e', script];
}

async function record(...args: string[]): Promise<{ code: number; io: CapturedIo; summary: Record<string, unknown> }> {
  const io = captureIo({ cwd, columns: 200, env });
  const code = await run(['record', '--json', '--upstream', url, ...args], io);
  const lines = io.out().trim().split('\n');
  return { code, io, summary: JSON.parse(lines.at(-1)!) };
}

const read = (name: string) => readAll(join(cwd, name), { pristine: true });
const sessionsOf = async (name: string) =>
  (await read(name)).exchanges.map(
    ({ client }) => client.request.headers.find(({ name }) => name === 'session-id')?.value,
  );

describe('record --append', () => {
  it('records where there is no cassette yet, then puts further recordings behind it', async () => {
    const first = await record('-o', 'x.har', '--append', ...ask('a'));
    expect(first.code).toBe(0);
    const before = await readFile(join(cwd, 'x.har'), 'utf8');
    const { code, summary } = await record('-o', 'x.har', '--append', ...ask('b,c'));
    expect(code).toBe(0);
    expect(summary).toMatchObject({
      event: 'summary',
      path: join(cwd, 'x.har'),
      exchanges: 2,
      files: [{ path: join(cwd, 'x.har'), exchanges: 3, appended: 2 }],
    });
    expect(await readdir(cwd)).toEqual(['x.har']);
    expect(await sessionsOf('x.har')).toEqual(['a', 'b', 'c']);
    const after = await readFile(join(cwd, 'x.har'), 'utf8');
    const start = before.indexOf('  {\n');
    const end = before.lastIndexOf('\n ],');
    expect(after.slice(after.indexOf('  {\n')).startsWith(before.slice(start, end))).toBe(true);
    const { header, exchanges } = await read('x.har');
    expect(header.redacted).toEqual({ authorization: 3 });
    const keys = exchanges.map(({ client }) => client.request.headers.find(({ name }) => name === 'authorization'));
    expect(keys.map((key) => key?.value)).toEqual([1, 2, 3].map((n) => `Bearer [redacted:authorization#${n}]`));
  });

  it('removes what a killed one had half written', async () => {
    await record('-o', 'x.har', ...ask('a'));
    await writeFile(join(cwd, `x.har.${2 ** 22 + 1}-1-${await machineMark()}.tmp`), 'half');
    await record('-o', 'x.har', '--append', ...ask('b'));
    expect(await readdir(cwd)).toEqual(['x.har']);
    expect(await sessionsOf('x.har')).toEqual(['a', 'b']);
  });

  it('says in text what is new', async () => {
    await record('-o', 'x.har', ...ask('a'));
    const io = captureIo({ cwd, columns: 200, env });
    await run(['record', '--upstream', url, '-o', 'x.har', '--append', ...ask('b')], io);
    expect(io.err()).toMatch(/^x\.har {2}2 exchanges, 1 of them new, \d/m);
  });

  it('leaves the cassette alone when nothing came', async () => {
    await record('-o', 'x.har', ...ask('a'));
    const before = await readFile(join(cwd, 'x.har'));
    const { code, summary, io } = await record('-o', 'x.har', '--append', '--', process.execPath, '-e', '0');
    expect({ code, summary }).toMatchObject({ code: 0, summary: { path: null, files: [] } });
    expect(io.err()).toContain('nothing was appended');
    expect(await readFile(join(cwd, 'x.har'))).toEqual(before);
    expect(await readdir(cwd)).toEqual(['x.har']);
  });

  it('refuses an edited cassette before any traffic', async () => {
    await record('-o', 'x.har', ...ask('a'));
    const edited = (await readFile(join(cwd, 'x.har'), 'utf8')).replace('"complete"', '"timeout"');
    await writeFile(join(cwd, 'x.har'), edited);
    const io = captureIo({ cwd });
    expect(await run(['record', '--upstream', url, '-o', 'x.har', '--append'], io)).toBe(5);
    expect(io.err()).toMatch(/Nothing is appended: .*x\.har was edited[\s\S]*edit merge/);
    expect(await readFile(join(cwd, 'x.har'), 'utf8')).toBe(edited);
    expect(await readdir(cwd)).toEqual(['x.har']);
  });

  it('keeps the recording when the cassette was edited meanwhile, and takes it along later', async () => {
    await record('-o', 'x.har', ...ask('a'));
    const before = await readFile(join(cwd, 'x.har'), 'utf8');
    const edit = `require('node:fs').writeFileSync('x.har', ${JSON.stringify(before.replace('"complete"', '"timeout"'))})`;
    const asked = ask('b');
    const spoiling = [...asked.slice(0, -1), `${asked.at(-1)}.then(() => { ${edit} })`];
    const { code, io } = await record('-o', 'x.har', '--append', ...spoiling);
    expect(code).toBe(125);
    expect(io.err()).toMatch(/edited[\s\S]*x\.har\.append/);
    await writeFile(join(cwd, 'x.har'), before);
    await record('-o', 'x.har', '--append', ...ask('c'));
    expect(await sessionsOf('x.har')).toEqual(['a', 'b', 'c']);
    expect(await readdir(cwd)).toEqual(['x.har']);
  });

  it('loses nothing to a kill: the next command recovers it beside the cassette, the next --append takes it along', async () => {
    await record('-o', 'x.har', ...ask('a'));
    const before = await readFile(join(cwd, 'x.har'));
    const killed = startCli(['record', '--upstream', url, '-o', 'x.har', '--append'], { cwd });
    const { url: proxy } = await killed.listening;
    const post = (headers: Record<string, string>) =>
      fetch(`${proxy}/responses`, { method: 'POST', body: '{"model":"m"}', headers });
    const watching = new AbortController();
    const changes = watch(cwd, { signal: watching.signal })[Symbol.asyncIterator]();
    let changed = changes.next();
    await (await post({ 'session-id': 'b' })).text();
    const hanging = (await post({ 'session-id': 'c', 'x-hang': '1' })).body!.getReader();
    await hanging.read();
    hanging.closed.catch(() => {});
    const journal = join(cwd, 'x.har.append.part');
    const isWritten = (text: string) => /"t":"close"/.test(text) && /"x":2,/.test(text);
    while (!isWritten(await readFile(journal, 'utf8'))) {
      await changed;
      changed = changes.next();
    }
    killed.child.kill('SIGKILL');
    expect(await killed.exit).toBe('SIGKILL');
    changed.catch(() => {});
    watching.abort();

    const shown = captureIo({ cwd, columns: 200 });
    expect(await run(['show', 'x.har'], shown)).toBe(0);
    expect(shown.err()).toBe('recovered  x.har.append of a recording that was killed: 2 exchanges\n');
    expect(await readFile(join(cwd, 'x.har'))).toEqual(before);
    expect((await readdir(cwd)).sort()).toEqual(['x.har', 'x.har.append']);

    const { code, io } = await record('-o', 'x.har', '--append', ...ask('d'));
    expect(code).toBe(0);
    expect(io.err()).toContain('2 exchanges of a recording that was cut short: appended to x.har.');
    expect(await sessionsOf('x.har')).toEqual(['a', 'b', 'c', 'd']);
    expect((await read('x.har')).exchanges.map(({ outcome }) => outcome)).toEqual([
      'complete',
      'complete',
      'recorder-killed',
      'complete',
    ]);
    expect(await readdir(cwd)).toEqual(['x.har']);
  });
});

describe('record without traffic', () => {
  it('leaves nothing behind where the cassette was not named', async () => {
    const { code, io } = await record('--', process.execPath, '-e', '0');
    expect(code).toBe(0);
    expect(io.err()).toContain('Nothing came, so no cassette was written.');
    expect(await readdir(cwd)).toEqual([]);
  });

  it('says that the named cassette is empty', async () => {
    const { io } = await record('-o', 'x.har', '--', process.execPath, '-e', '0');
    expect(io.err()).toContain('Nothing came, so the cassette holds no exchange.');
    expect(await readdir(cwd)).toEqual(['x.har']);
  });

  it('leaves nothing behind where it cannot listen', async () => {
    const { code } = await record('--port', new URL(url).port);
    expect(code).toBe(74);
    expect(await readdir(cwd)).toEqual([]);
  });

  it('keeps a folder that was there', async () => {
    await mkdir(join(cwd, 'cassettes'));
    await record('--port', new URL(url).port);
    expect(await readdir(cwd)).toEqual(['cassettes']);
  });
});

describe('record --split session', () => {
  it('writes one cassette a session and one for the rest, and none for all', async () => {
    const { code, summary } = await record('-o', 'x.har', '--split', 'session', ...ask('a,-,b,a'));
    expect(code).toBe(0);
    expect((await readdir(cwd)).sort()).toEqual(['x-1.har', 'x-2.har', 'x-rest.har']);
    expect(summary).toMatchObject({ path: null, exchanges: 4, outcomes: { complete: 4 } });
    expect(summary.files).toMatchObject([
      { path: join(cwd, 'x-1.har'), exchanges: 2, session: 'a' },
      { path: join(cwd, 'x-2.har'), exchanges: 1, session: 'b' },
      { path: join(cwd, 'x-rest.har'), exchanges: 1, session: null },
    ]);
    expect(await sessionsOf('x-1.har')).toEqual(['a', 'a']);
    expect((await read('x-1.har')).exchanges.map(({ id }) => id)).toEqual(['x1', 'x2']);
    expect(await sessionsOf('x-2.har')).toEqual(['b']);
    expect(await sessionsOf('x-rest.har')).toEqual([undefined]);
  });

  it('passes over names that are taken, and names the files in text', async () => {
    for (const name of ['x-1.har', 'x-rest.har']) await writeFile(join(cwd, name), 'precious');
    const io = captureIo({ cwd, columns: 200, env });
    await run(['record', '--upstream', url, '-o', 'x.har', '--split', 'session', ...ask('a,-')], io);
    expect((await readdir(cwd)).sort()).toEqual(['x-1.har', 'x-2.har', 'x-rest-2.har', 'x-rest.har']);
    expect(await readFile(join(cwd, 'x-1.har'), 'utf8')).toBe('precious');
    expect(io.err()).toMatch(/^x-2\.har {2}1 exchange, .*, session a$/m);
    expect(io.err()).toMatch(/^x-rest-2\.har {2}1 exchange, .*, of no session$/m);
  });

  it('leaves a recording without sessions whole', async () => {
    const { summary } = await record('-o', 'x.har', '--split', 'session', ...ask('-'));
    expect(await readdir(cwd)).toEqual(['x.har']);
    expect(summary).toMatchObject({ path: join(cwd, 'x.har'), files: [{ exchanges: 1 }] });
  });
});

describe('flags that do not go together', () => {
  it.each<[string, string[], RegExp]>([
    ['--append without a file', ['--append'], /-o FILE/],
    ['--append to a folder', ['--append', '-o', '.'], /-o FILE/],
    ['--append and --split', ['--append', '--split', 'session', '-o', 'x.har'], /cannot both/],
    ['--append and --force', ['--append', '--force', '-o', 'x.har'], /--force has no use with --append/],
    ['--split and --force', ['--split', 'session', '--force'], /--force has no use with --split/],
  ])('%s is a usage error', async (_, args, message) => {
    const io = captureIo({ cwd });
    expect(await run(['record', '--upstream', url, ...args], io)).toBe(2);
    expect(io.err()).toMatch(message);
  });
});
