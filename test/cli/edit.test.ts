import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/cassette/format.ts';
import { writeCassette } from '../../src/cassette/store.ts';
import { run } from '../../src/cli/main.ts';
import { type CapturedIo, captureIo } from '../helpers/capture-io.ts';
import { fixture, HEADER, readAll, temporaryFolder } from '../helpers/cassette-files.ts';
import { makeEntry } from '../helpers/made-legs.ts';

let cwd = '';

beforeEach(async () => {
  cwd = temporaryFolder();
  await copyFile(fixture('cassettes/0.169.0/resume.har'), join(cwd, 'a.har'));
  await copyFile(fixture('cassettes/0.169.0/zstd.har'), join(cwd, 'b.har'));
});

async function edit(...argv: string[]): Promise<{ code: number; io: CapturedIo }> {
  const io = captureIo({ cwd, columns: 200 });
  return { code: await run(['edit', ...argv], io), io };
}

/** As an edited file has it: whole, and its checksum fits. */
const read = (name: string) => readAll(join(cwd, name), { pristine: true });

const withoutNumbers = (entries: Entry[]): object[] => entries.map(({ _exchange, _seq, ...entry }) => entry);

describe('edit redact', () => {
  it('writes a new cassette without what the pattern finds', async () => {
    const { code, io } = await edit('b.har', 'redact', '--redact', 'gpt-5\\.\\d', '--redact-header', 'Originator');
    expect(code).toBe(0);
    expect(io.out()).toMatch(/redacted {2}\d+ \w+/);
    const before = await readFile(join(cwd, 'b.har'), 'utf8');
    expect(before).toContain('gpt-5.5');
    expect(before).toBe(await readFile(fixture('cassettes/0.169.0/zstd.har'), 'utf8'));
    const text = await readFile(join(cwd, 'b.redact.har'), 'utf8');
    expect(text).not.toContain('gpt-5.5');
    expect(text).not.toContain('codex_exec"');
    const { header, entries } = await read('b.redact.har');
    expect(header.redacted).toMatchObject({ authorization: 1, account: 1, token: expect.any(Number) });
    const coded = entries.find(({ request }) => request.postData?._wire?.encodings[0] === 'zstd');
    expect(coded!.request.postData!._redacted).toBeGreaterThan(0);
    expect(coded!.request.postData!._wire).not.toHaveProperty('base64');
  });

  it('replaces the cassette only when it is told to', async () => {
    const { code } = await edit('a.har', 'redact', '--redact', 'gpt-\\d', '--redact', 'ZZZ', '--in-place');
    expect(code).toBe(0);
    expect((await readdir(cwd)).sort()).toEqual(['a.har', 'b.har']);
    expect(await readFile(join(cwd, 'a.har'), 'utf8')).not.toMatch(/gpt-\d/);
    await read('a.har');
  });
});

describe('edit split and merge', () => {
  it.each(['session', 'exchange'])('by %s, then merged, give the same cassette', async (by) => {
    expect((await edit('merge', 'a.har', 'b.har', '-o', 'whole.har')).code).toBe(0);
    const { code, io } = await edit('whole.har', 'split', '--by', by, '--json');
    expect(code).toBe(0);
    const parts = JSON.parse(io.out()).files.map(({ path }: { path: string }) => path);
    expect(parts).toHaveLength(by === 'session' ? 2 : 4);
    expect((await edit('merge', ...parts, '-o', 'again.har')).code).toBe(0);
    const [whole, again] = [await read('whole.har'), await read('again.har')];
    expect(again.entries).toEqual(whole.entries);
    expect(await readFile(join(cwd, 'again.har'), 'utf8')).toBe(await readFile(join(cwd, 'whole.har'), 'utf8'));
  });

  it('leave every entry as it was, but for its numbers and placeholders', async () => {
    await edit('merge', 'b.har', 'a.har', '-o', 'whole.har');
    const [a, b, whole] = [await read('a.har'), await read('b.har'), await read('whole.har')];
    const plain = (entries: Entry[]): string[] =>
      withoutNumbers(entries).map((entry) => JSON.stringify(entry).replace(/(\[redacted:[a-z-]+#)\d+/g, '$1'));
    expect(plain(whole.entries).sort()).toEqual(plain([...a.entries, ...b.entries]).sort());
    expect(whole.exchanges.map(({ seq, id }) => `${seq} ${id}`)).toEqual(['1 x1', '2 x2', '3 x3', '4 x4']);
  });

  it('put each part beside the cassette, with its session', async () => {
    const { io } = await edit('a.har', 'split', '--json');
    const [part] = JSON.parse(io.out()).files;
    expect(part).toMatchObject({
      path: join(cwd, 'a.split', '001.har'),
      exchanges: 2,
      session: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });
});

describe('edit trim', () => {
  it.each([
    [['--exchanges', '2'], 1, 1],
    [['--drop-exchanges', '1'], 1, 1],
    [['--drop-upstream'], 2, 0],
  ])('%j', async (argv, exchanges, attempts) => {
    expect((await edit('a.har', 'trim', ...argv)).code).toBe(0);
    const trimmed = await read('a.trim.har');
    expect(trimmed.exchanges.map((exchange) => exchange.attempts.length)).toEqual(Array(exchanges).fill(attempts));
    expect(trimmed.exchanges.map(({ seq }) => seq)).toEqual(Array.from({ length: exchanges }, (_, i) => i + 1));
  });

  it('leaves no empty cassette', async () => {
    const { code, io } = await edit('a.har', 'trim', '--exchanges', '7', '--in-place');
    expect([code, io.err()]).toEqual([2, expect.stringContaining('No exchange would be left')]);
    expect(await readFile(join(cwd, 'a.har'), 'utf8')).toBe(
      await readFile(fixture('cassettes/0.169.0/resume.har'), 'utf8'),
    );
    expect((await readdir(cwd)).sort()).toEqual(['a.har', 'b.har']);
  });
});

describe('edit elide', () => {
  it('takes long static texts out and counts them', async () => {
    expect((await edit('b.har', 'elide')).code).toBe(0);
    const { header, entries } = await read('b.elide.har');
    expect(header.elided.texts).toBeGreaterThan(0);
    expect(entries.some(({ request }) => request.postData?.text.includes('[elided:sha256='))).toBe(true);
    expect((await edit('b.elide.har', 'elide', '-o', 'twice.har')).code).toBe(0);
    expect((await read('twice.har')).entries).toEqual(entries);
  });
});

describe('edit scan', () => {
  it('finds nothing in what was recorded', async () => {
    const { code, io } = await edit('a.har', 'scan');
    expect([code, io.out()]).toEqual([0, expect.stringContaining('no secrets')]);
  });

  it('ends 5 for a secret, which it does not repeat, and redact takes it out', async () => {
    const key = `sk-${'proj-'}${'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'}`;
    await writeCassette(join(cwd, 's.har'), HEADER, [makeEntry({ requestText: `{"a":"${key}"}` })]);
    const { code, io } = await edit('s.har', 'scan', '--json');
    expect(code).toBe(5);
    expect(JSON.parse(io.out()).secrets).toMatchObject([{ exchange: 'x1', leg: 'client-request', offset: 6 }]);
    expect(io.out()).not.toContain(key);
    expect((await edit('scan', 's.har')).io.out()).toContain('x1 client-request byte 6');
    expect((await edit('s.har', 'redact', '--in-place')).code).toBe(0);
    expect((await edit('s.har', 'scan')).code).toBe(0);
  });
});

describe('edit', () => {
  it('overwrites nothing unasked', async () => {
    await writeFile(join(cwd, 'a.trim.har'), 'mine');
    expect((await edit('a.har', 'trim', '--exchanges', '1')).code).toBe(74);
    expect(await readFile(join(cwd, 'a.trim.har'), 'utf8')).toBe('mine');
    expect((await edit('a.har', 'trim', '--exchanges', '1', '--force')).code).toBe(0);
  });

  it.each([
    [['a.har'], 'Say what is to be done'],
    [['a.har', 'shrink'], 'Say what is to be done'],
    [['a.har', 'scan', 'b.har'], 'takes one cassette'],
    [['a.har', 'scan', '--in-place'], '--in-place does not belong'],
    [['a.har', 'redact', '--by', 'session'], '--by does not belong'],
    [['a.har', 'elide', '--in-place', '-o', 'x.har'], 'cannot both be given'],
    [['a.har', 'trim'], 'Say what is to go'],
    [['merge', 'a.har', '-o', 'x.har'], 'two cassettes or more'],
    [['merge', 'a.har', 'b.har'], 'where the merged cassette goes'],
    [['a.har', 'redact', '--redact', '('], 'not a regular expression'],
  ])('%j is refused', async (argv, message) => {
    const { code, io } = await edit(...argv);
    expect(code).toBe(2);
    expect(io.err()).toContain(message);
    expect((await readdir(cwd)).sort()).toEqual(['a.har', 'b.har']);
  });
});
