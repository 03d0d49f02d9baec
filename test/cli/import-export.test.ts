import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { legOf } from '../../src/cassette/legs.ts';
import { run } from '../../src/cli/main.ts';
import { type CapturedIo, captureIo } from '../helpers/capture-io.ts';
import { fixture, readAll, temporaryFolder, viewsOf } from '../helpers/cassette-files.ts';

const TOOL = fixture('cassettes/0.169.0/tool.har');

async function tapedeck(cwd: string, ...argv: string[]): Promise<{ code: number; io: CapturedIo }> {
  const io = captureIo({ cwd, columns: 200 });
  return { code: await run(argv, io), io };
}

describe('tapedeck import', () => {
  it('writes a cassette and says what is absent', async () => {
    const cwd = temporaryFolder();
    const { code, io } = await tapedeck(cwd, 'import', fixture('import/codex-dump'), '-o', 'dump.har');
    expect(code).toBe(0);
    expect(io.out()).toContain('2 exchanges');
    expect(io.out()).toContain(
      'absent    the reads of streams and their times: each stream is kept as one text (2 exchanges)',
    );
    expect((await readAll(join(cwd, 'dump.har'), { pristine: true })).exchanges).toHaveLength(2);
  });

  it('says so in JSON, chooses a name, and takes the name of the gateway', async () => {
    const cwd = temporaryFolder();
    const { code, io } = await tapedeck(
      cwd,
      'import',
      '--json',
      '--gateway',
      'litellm/1.60.2',
      fixture('import/mitmproxy.har'),
    );
    expect(code).toBe(0);
    const summary = JSON.parse(io.out());
    expect(summary).toMatchObject({
      event: 'imported',
      format: 'har',
      exchanges: 9,
      lacks: { 'wire-bytes': 2, response: 1 },
    });
    const { header, entries } = await readAll(summary.path);
    expect(summary.path).toMatch(/cassettes[\\/]\d{4}-\d\d-\d\d-1\.har$/);
    expect(header.gateway).toEqual({ name: 'litellm', version: '1.60.2' });
    expect(entries[0]!._producer).toEqual({ name: 'litellm', version: '1.60.2' });
    expect(entries.map(({ _protocol }) => _protocol)).toEqual([
      ...Array(3).fill('responses'),
      null,
      null,
      ...Array(4).fill('responses'),
    ]);
  });

  it('overwrites nothing unasked', async () => {
    const cwd = temporaryFolder();
    await writeFile(join(cwd, 'x.har'), 'mine');
    const source = fixture('import/codex-dump');
    const { code, io } = await tapedeck(cwd, 'import', source, '-o', 'x.har');
    expect([code, await readFile(join(cwd, 'x.har'), 'utf8')]).toEqual([74, 'mine']);
    expect(io.err()).toContain('exists already');
    expect((await tapedeck(cwd, 'import', source, '-o', 'x.har', '--force')).code).toBe(0);
  });

  it('ends 2 for what it does not know, and leaves nothing behind', async () => {
    const cwd = temporaryFolder();
    await writeFile(join(cwd, 'strange'), 'hello');
    const { code, io } = await tapedeck(cwd, 'import', 'strange', '-o', 'x.har');
    expect(code).toBe(2);
    expect(io.err()).toContain('hint');
    expect(await readdir(cwd)).toEqual(['strange']);
  });
});

describe('tapedeck export', () => {
  it('writes plain HAR that import reads back', async () => {
    const cwd = temporaryFolder();
    expect((await tapedeck(cwd, 'export', TOOL, '--to', 'har', '--plain', '-o', 'plain.har')).code).toBe(0);
    expect((await tapedeck(cwd, 'import', 'plain.har', '-o', 'again.har')).code).toBe(0);
    const [before, after] = [await readAll(TOOL), await readAll(join(cwd, 'again.har'))];
    expect(after.exchanges.map(viewsOf)).toEqual(
      before.exchanges.map((exchange) => viewsOf({ ...exchange, attempts: [] })),
    );
  });

  it('writes one exchange to stdout', async () => {
    const { code, io } = await tapedeck('.', 'export', TOOL, '2', '--to', 'har');
    expect(code).toBe(0);
    const { log } = JSON.parse(io.out());
    expect(log._tapedeck.format).toBe(1);
    expect(new Set(log.entries.map((entry: { _exchange: string }) => entry._exchange))).toEqual(new Set(['x2']));
  });

  it('writes a stream to stdout, byte for byte', async () => {
    const { code, io } = await tapedeck('.', 'export', TOOL, '1', '--to', 'sse', '--leg', 'client-response');
    expect(code).toBe(0);
    const [first] = (await readAll(TOOL)).exchanges;
    expect(io.outBytes().equals(legOf(first!, 'client-response')!.body!.decoded!)).toBe(true);
  });

  it('writes the bodies of all legs into a folder', async () => {
    const cwd = temporaryFolder();
    const { code, io } = await tapedeck(cwd, 'export', TOOL, '--to', 'json', '-o', 'bodies/', '--json');
    expect(code).toBe(0);
    const files = (await readdir(join(cwd, 'bodies'))).sort();
    expect(files.slice(0, 4)).toEqual(
      ['client-request', 'client-response', 'upstream-request', 'upstream-response'].map((leg) => `001-${leg}.json`),
    );
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(cwd, 'bodies', file))).size));
    expect(JSON.parse(io.out())).toMatchObject({ event: 'exported', bytes: sizes.reduce((a, b) => a + b) });
    for (const file of files) JSON.parse(await readFile(join(cwd, 'bodies', file), 'utf8'));
  });

  it('writes every request as a command', async () => {
    const { code, io } = await tapedeck('.', 'export', TOOL, '--to', 'curl');
    expect(code).toBe(0);
    expect(io.out().match(/^# exchange \d+$/gm)).toHaveLength(3);
    expect(io.out().match(/^curl /gm)).toHaveLength(3);
  });

  it.each([
    [['--to', 'sse'], 'more than one file'],
    [['1', '--to', 'sse', '--leg', 'client-request'], 'No leg that was asked for'],
    [['--to', 'sse', '--plain'], '--plain and --side'],
    [['--to', 'har', '--leg', 'client-request'], 'no single legs'],
    [['--to', 'curl', '--leg', 'client-response'], 'writes requests'],
    [['9', '--to', 'har'], 'No exchange "9"'],
  ])('%j is refused', async (argv, message) => {
    const { code, io } = await tapedeck('.', 'export', TOOL, ...argv);
    expect(code).toBe(2);
    expect(io.err()).toContain(message);
  });
});
