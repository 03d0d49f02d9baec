import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { fixture, temporaryFolder } from '../helpers/cassette-files.ts';
import { editStream } from '../replay/faults/kit.ts';

let cwd: string;

async function tapedeck(
  line: string,
  more: readonly string[] = [],
): Promise<{ code: number; out: string; err: string }> {
  const io = captureIo({ cwd });
  const code = await run([...line.split(' '), ...more], io);
  return { code, out: io.out(), err: io.err() };
}

/** A cassette below the working directory. */
async function put(name: string, from = 'translated/0.169.0-chat-text'): Promise<void> {
  await mkdir(join(cwd, name, '..'), { recursive: true });
  await copyFile(fixture(`cassettes/${from}.har`), join(cwd, name));
}

/** One whose recorded client stream lacks a delta. */
async function putFaulty(name: string): Promise<void> {
  await mkdir(join(cwd, name, '..'), { recursive: true });
  const document = JSON.parse(await readFile(fixture('cassettes/translated/0.169.0-chat-text.har'), 'utf8'));
  editStream(document.log.entries, 'x1', 'client', (text) => text.replace('"delta":" tape"', '"delta":" deck"'));
  await writeFile(join(cwd, name), JSON.stringify(document));
}

const namesIn = (json: string): string[] =>
  JSON.parse(json).cassettes.map(({ cassette }: { cassette: string }) => cassette);

beforeEach(() => {
  cwd = temporaryFolder();
});

describe('tapedeck replay', () => {
  it('judges all cassettes below cassettes/ when none is named', async () => {
    await put('cassettes/b/two.har');
    await put('cassettes/one.har', '0.169.0/text');
    const { code, out, err } = await tapedeck('replay');
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).toMatch(/^✓ cassettes\/b\/two\.har {2}1 exchange, \d+ passed, 0 failed/);
    expect(out).toMatch(
      /\n2 cassettes, 2 exchanges, \d+ passed, 0 failed, \d+ not applicable \(codex \+ tolerant, splits fast\)\n\d+ recorded calls? served, no connection outside loopback\n$/,
    );
  });

  it('takes files, folders and globs, each cassette once and in the order of their names', async () => {
    for (const name of ['a/1.har', 'a/deep/2.har', 'b/3.har', 'b/no.json']) await put(name);
    const json = async (args: string) =>
      namesIn((await tapedeck(`replay ${args} --reporter json --filter redaction`)).out);
    expect(await json('b/3.har a b/3.har')).toEqual(['a/1.har', 'a/deep/2.har', 'b/3.har']);
    expect(await json('a/*.har')).toEqual(['a/1.har']);
    expect(await json('**/*.har')).toEqual(['a/1.har', 'a/deep/2.har', 'b/3.har']);
    expect(await json('?/3.har')).toEqual(['b/3.har']);
  });

  it.each([
    ['replay', 5, 'There is no cassette in cassettes/.'],
    ['replay none/*.har', 5, 'There is no cassette in none/*.har.'],
    ['replay a.har --port 9000', 2, '`replay` checks cassettes and serves nothing.'],
    ['replay a.har --shard 3/2', 2, '--shard "3/2" is no part of a whole.'],
    ['replay a.har --shard 01/2', 2, '--shard "01/2" is no part of a whole.'],
    ['replay a.har --filter /(/', 2, 'is no regular expression'],
    ['replay a.har --filter nobody', 2, 'Nothing fits --filter nobody.'],
    ['replay a.har --jobs 0', 2, '--jobs 0 is no number of threads.'],
    ['replay a.har --update --shard 1/2', 2, '--update and --shard do not go together'],
    ['replay a.har --reporter xml', 2, '--reporter "xml" is none of the reports.'],
    ['replay a.har --reporter json --reporter tap', 2, 'json and tap cannot both go to stdout.'],
    ['replay a.har --reporter json=r --reporter tap=r', 2, 'json and tap cannot both go to r.'],
    ['replay a.har --reporter json=a.har', 2, 'a.har is the name of a cassette, not of a report.'],
    ['replay a.har --reporter json=none/report.json', 74, 'none/report.json cannot be written'],
    ['replay a.har --splits some', 2, 'splits'],
  ])('%s ends with %i', async (line, expected, message) => {
    await put('a.har');
    const { code, err } = await tapedeck(line);
    expect(err).toContain(message);
    expect(code).toBe(expected);
  });

  it('does not pass when no cassette has an exchange, but for a part', async () => {
    const log = { version: '1.2', creator: { name: 'x', version: '1' }, entries: [] };
    await mkdir(join(cwd, 'cassettes'));
    await writeFile(join(cwd, 'cassettes/empty.har'), JSON.stringify({ log }));
    expect(await tapedeck('replay')).toMatchObject({ code: 5, err: expect.stringContaining('nothing was checked') });
    expect(await tapedeck('replay --shard 1/2')).toMatchObject({ code: 0 });
    await put('cassettes/one.har');
    expect(await tapedeck('replay')).toMatchObject({ code: 0 });
  });

  it.each(['--port 9000', '-- codex exec hi'])('names play for %s', async (rest) => {
    await put('a.har');
    const { code, err } = await tapedeck(`replay a.har ${rest}`);
    expect(err).toContain('tapedeck play CASSETTE');
    // As everywhere: with a command all codes but this one are the command's own.
    expect(code).toBe(rest.startsWith('--port') ? 2 : 125);
  });

  it('says where a cassette fails, and gives a command line that shows it alone', async () => {
    await putFaulty('it is/bad.har');
    const { code, out } = await tapedeck('replay', ['it is/bad.har']);
    expect(code).toBe(1);
    expect(out).toMatch(/✗ it is\/bad\.har/);
    expect(out).toMatch(
      /failed stream\.translation client-response: event \d+ \(response\.output_text\.delta\) differs at \/delta/,
    );
    expect(out).toMatch(/- 6: .*deck/);
    expect(out).toContain(`run tapedeck replay 'it is/bad.har' --filter 'x1 stream.translation'`);
    const alone = await tapedeck('replay', [
      'it is/bad.har',
      '--filter',
      'x1 stream.translation',
      '--reporter',
      'json',
    ]);
    expect(alone.code).toBe(1);
    expect(JSON.parse(alone.out).counts).toMatchObject({ passed: 0, failed: 1, notApplicable: 0 });
  });

  it('writes several reports, and all of them of the same run', async () => {
    await putFaulty('bad.har');
    const reporters = ['json=r.json', 'junit=r.xml', 'tap=r.tap', 'markdown=r.md', 'html=r.html', 'text'];
    const { code, out } = await tapedeck(
      'replay bad.har',
      reporters.flatMap((one) => ['--reporter', one]),
    );
    expect(code).toBe(1);
    expect(out).toContain('✗ bad.har');
    const starts = {
      'r.json': '{',
      'r.xml': '<?xml',
      'r.tap': 'TAP version 13',
      'r.md': '### ❌',
      'r.html': '<!doctype html>',
    };
    for (const [file, start] of Object.entries(starts)) {
      expect((await readFile(join(cwd, file), 'utf8')).startsWith(start), file).toBe(true);
    }
  });

  it('gives no mark to a cassette without an exchange', async () => {
    await put('good.har');
    const { log } = JSON.parse(await readFile(join(cwd, 'good.har'), 'utf8'));
    await writeFile(join(cwd, 'empty.har'), JSON.stringify({ log: { ...log, entries: [] } }));
    const { code, out } = await tapedeck('replay empty.har good.har');
    expect(out).toMatch(/^– empty\.har {2}0 exchanges, 0 passed/);
    expect(out).toMatch(/^✓ good\.har {2}1 exchange, /m);
    expect(code).toBe(0);
  });

  it('writes the report as JSON with --json, as `report merge` does', async () => {
    await put('good.har');
    const told = await tapedeck('replay good.har --json --filter redaction');
    expect(told.code).toBe(0);
    expect(JSON.parse(told.out)).toEqual(
      JSON.parse((await tapedeck('replay good.har --reporter json --filter redaction')).out),
    );
    await writeFile(join(cwd, 'part.json'), told.out);
    expect(JSON.parse((await tapedeck('report merge part.json --json')).out).counts.exchanges).toBe(1);
    expect(await tapedeck('replay good.har --json --reporter text')).toMatchObject({
      code: 2,
      err: expect.stringContaining('text and json cannot both go to stdout'),
    });
  });

  it.each([
    '{}',
    '{"tapedeckReplay":1,"receipt":{"served":0,"denied":0},"options":{"strict":false},"cassettes":[{}]}',
    '{"tapedeckReplay":1,"receipt":{"served":0,"denied":0},"options":{"strict":false},"cassettes":[null]}',
    '{"tapedeckReplay":1,"receipt":{"served":0,"denied":0},"options":{"strict":false},"cassettes":[{"cassette":"a","exchanges":[{}]}]}',
    '{"tapedeckReplay":1,"receipt":{},"cassettes":[]}',
    'null',
  ])('`report merge` says of what is no report that it is none: %s', async (text) => {
    await writeFile(join(cwd, 'part.json'), text);
    const { code, err } = await tapedeck('report merge part.json');
    expect(err).toContain('part.json is no JSON report of `replay`: ');
    expect(code).toBe(2);
  });

  it('updates what is expected, and takes it back', async () => {
    await put('good.har');
    const { log } = JSON.parse(await readFile(join(cwd, 'good.har'), 'utf8'));
    for (const entry of log.entries) entry._producer.dialect = 'deepseek';
    await writeFile(join(cwd, 'good.har'), JSON.stringify({ log }));
    expect((await tapedeck('replay good.har')).code).toBe(1);
    const updated = await tapedeck('replay good.har --update');
    expect(updated.code).toBe(0);
    expect(updated.out).toMatch(/note {3}request\.translation upstream-request: taken over as the expected result/);
    expect(updated.err).toBe('written  good.expected.json\n');
    expect((await tapedeck('replay good.har --update')).err).toBe('');
    expect((await readdir(cwd)).sort()).toEqual(['good.expected.json', 'good.har']);
    expect((await tapedeck('replay good.har')).code).toBe(0);
    // What was accepted holds: to go back to what was recorded is a change like any other.
    await put('good.har');
    const back = await tapedeck('replay good.har');
    expect(back.code).toBe(1);
    expect(back.out).toMatch(/failed request\.translation upstream-request: differs at/);
    const undone = await tapedeck('replay good.har --update');
    expect(undone.code).toBe(0);
    expect(undone.err).toBe('removed  good.expected.json: what is recorded is what is expected\n');
    expect(undone.out).toContain('the recording says the same, so it has no expected result any more');
    expect(undone.out).not.toContain('compared with the expected result');
    expect(await readdir(cwd)).toEqual(['good.har']);
  });

  it('compares what elision left, and finds what is wrong in it', async () => {
    await put('whole.har');
    expect((await tapedeck('edit whole.har elide -o elided.har')).code).toBe(0);
    const elided = await tapedeck('replay elided.har --reporter json');
    expect(elided.code).toBe(0);
    const results = JSON.parse(elided.out).cassettes[0].exchanges[0].results as { check: string; verdict: string }[];
    const verdictOf = (check: string) => results.find((result) => result.check === check)?.verdict;
    expect(verdictOf('stream.translation')).toBe('passed');
    // The description of `apply_patch` is made of two texts, of which one is elided.
    expect(verdictOf('request.translation')).toBe('not-applicable');
    expect(verdictOf('proxy.request')).toBe('not-applicable');
    expect(verdictOf('proxy.response')).toBe('passed');
    const text = await readFile(join(cwd, 'elided.har'), 'utf8');
    await writeFile(join(cwd, 'elided.har'), text.replace('\\"include_usage\\":true', '\\"include_usage\\":false'));
    expect((await tapedeck('replay elided.har')).out).toContain('differs at /stream_options/include_usage');
  });

  it('fails for recordings that are too old', async () => {
    await put('a.har');
    const { code, out } = await tapedeck('replay a.har --splits none --max-age 1ms');
    expect(code).toBe(5);
    expect(out).toMatch(/expired 1 exchange was recorded more than 1ms ago, the first, x1, at 2026-11-21T/);
    expect(out).toMatch(/1 expired/);
    expect((await tapedeck('replay a.har --splits none --max-age 100000w')).code).toBe(0);
    const { code: usage, err } = await tapedeck('replay a.har --max-age month');
    expect(usage).toBe(2);
    expect(err).toMatch(/--max-age "month" is no length of time/);
  });

  it('shows on a terminal how far it is', async () => {
    await put('a.har');
    const io = captureIo({ cwd });
    Object.assign(io.stderr, { isTTY: true });
    await run(['replay', 'a.har', '--filter', 'redaction'], io);
    expect(io.err()).toBe('\r1 of 1 cassettes\r\u001b[K');
  });
});

describe('tapedeck report merge', () => {
  it('joins parts into the report of one run, with its exit code', async () => {
    await put('a.har', 'translated/0.169.0-chat-tool');
    await putFaulty('b.har');
    for (const part of ['1/2', '2/2']) {
      await tapedeck(`replay a.har b.har --splits none --shard ${part} --reporter json=${part[0]}.json`);
    }
    const one = await tapedeck('replay a.har b.har --splits none --reporter json');
    const merged = await tapedeck('report merge 2.json 1.json --reporter json');
    expect(merged.out).toBe(one.out);
    expect([one.code, merged.code]).toEqual([1, 1]);
  });

  it.each([
    ['report merge none.json', 2, 'none.json is no JSON report of `replay`'],
    ['report merge other.json', 2, 'it is of another kind'],
    ['report split other.json', 2, 'operation'],
    ['report merge', 2, 'An argument is missing.'],
  ])('%s ends with %i', async (line, expected, message) => {
    await writeFile(join(cwd, 'other.json'), '{}');
    const { code, err } = await tapedeck(line);
    expect(err).toContain(message);
    expect(code).toBe(expected);
  });
});
