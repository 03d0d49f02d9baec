import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/cassette/format.ts';
import { RECORDING_LIMITS } from '../../src/cassette/limits.ts';
import { writeCassette } from '../../src/cassette/store.ts';
import { explainCommand } from '../../src/cli/explain.ts';
import { showCommand } from '../../src/cli/show.ts';
import { addExchange, addFindings, sayFile, startReport } from '../../src/cli/validate/report.ts';
import { validateCommand } from '../../src/cli/validate.ts';
import type { Finding } from '../../src/validate/findings.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { HEADER, temporaryFolder } from '../helpers/cassette-files.ts';
import { makeEntry } from '../helpers/made-legs.ts';

async function cassetteOf(entries: Iterable<Entry>): Promise<{ cwd: string; path: string }> {
  const cwd = temporaryFolder();
  const path = join(cwd, 'big.har');
  await writeCassette(path, HEADER, entries);
  return { cwd, path };
}

/** What yargs adds to all arguments. */
const ARGS = { _: [], $0: 'tapedeck' };

const small = (i: number) => makeEntry({ exchange: `x${i}`, seq: i, requestText: `{"model":"m${i % 7}"}` });

describe('a cassette of many exchanges', () => {
  it('is shown in tables of a thousand rows, and as one JSON document', async () => {
    const { cwd, path } = await cassetteOf(Array.from({ length: 2001 }, (_, i) => small(i + 1)));
    const io = captureIo({ cwd });
    expect(await showCommand.run({ ...ARGS, cassette: path }, io)).toBe(0);
    const lines = io.out().split('\n');
    const titles = lines.flatMap((line, i) => (/^ *# +id /.test(line) ? [i] : []));
    expect(titles.map((title, i) => title - titles[0]! - 1002 * i)).toEqual([0, 0, 0]);
    expect(lines.filter((line) => /^ *\d+ +x\d+ /.test(line))).toHaveLength(2001);
    expect(lines.at(-2)).toMatch(/^2001 +x2001 /);
    const json = captureIo({ cwd });
    expect(await showCommand.run({ ...ARGS, cassette: path, json: true }, json)).toBe(0);
    const shown = JSON.parse(json.out());
    expect(Object.keys(shown)).toEqual(['event', 'path', 'header', 'edited', 'exchanges']);
    expect(shown.exchanges.map(({ number }: { number: number }) => number)).toEqual(
      Array.from({ length: 2001 }, (_, i) => i + 1),
    );
  });

  it('is validated as one JSON document', async () => {
    const { cwd, path } = await cassetteOf(Array.from({ length: 300 }, (_, i) => small(i + 1)));
    const io = captureIo({ cwd });
    await validateCommand.run({ ...ARGS, file: [path, join(cwd, 'none.har'), path], json: true }, io);
    const report = JSON.parse(io.out());
    expect(report.files.map(({ exchanges }: { exchanges: object[] }) => exchanges.length)).toEqual([300, 0, 300]);
    expect(report.files[0].exchanges[299]).toMatchObject({ id: 'x300', number: 300 });
    expect(report.files[1].failed.code).toBe('cassette-not-found');
    expect(report.counts).toMatchObject({ files: 3, unreadable: 1, exchanges: 600 });
  });

  it('is shown as before when it is empty', async () => {
    const { cwd, path } = await cassetteOf([]);
    const [io, json] = [captureIo({ cwd }), captureIo({ cwd })];
    await showCommand.run({ ...ARGS, cassette: path }, io);
    expect(io.out()).toMatch(/\n\nIt holds no exchange\.\n$/);
    await showCommand.run({ ...ARGS, cassette: path, json: true }, json);
    expect(JSON.parse(json.out()).exchanges).toEqual([]);
    await expect(showCommand.run({ ...ARGS, cassette: path, exchange: '1' }, io)).rejects.toThrow('No exchange "1"');
  });
});

describe('a large cassette', () => {
  const filler = 'f'.repeat(RECORDING_LIMITS.indexedBytes / 8);
  const large = () =>
    cassetteOf(
      Array.from({ length: 9 }, (_, i) =>
        makeEntry({ exchange: i === 4 ? '7' : `x${i + 1}`, seq: i + 1, requestText: `{"n":${i + 1},"f":"${filler}"}` }),
      ),
    );

  it('shows one exchange by number and by id, the same with an index as without', async () => {
    const { cwd, path } = await large();
    const shown = async (exchange: string, more: object = {}) => {
      const io = captureIo({ cwd });
      await showCommand.run({ ...ARGS, cassette: path, exchange, ...more }, io);
      return io.out();
    };
    const first = await shown('3', { leg: 'client-request', raw: true });
    expect(first.slice(0, 7)).toBe('{"n":3,');
    expect(await readdir(cwd)).toContain('big.har.idx');
    expect(await shown('3', { leg: 'client-request', raw: true })).toBe(first);
    expect(await shown('x3', { leg: 'client-request', raw: true })).toBe(first);
    // An id wins over a number.
    expect((await shown('7', { leg: 'client-request', raw: true })).slice(0, 7)).toBe('{"n":5,');
    expect(await shown('8')).toMatch(/^exchange 8 {2}x8/);
    const unknown = { code: 'usage', hint: expect.stringMatching(/^It has 1 \(x1\), 2 \(x2\), .*9 \(x9\)\.$/) };
    await expect(shown('10')).rejects.toMatchObject({ ...unknown, message: 'No exchange "10" in this cassette.' });
  });

  it('is explained by the exchange that is named', async () => {
    const { cwd, path } = await large();
    const io = captureIo({ cwd });
    await explainCommand.run({ ...ARGS, cassette: path, exchange: '9' }, io);
    expect(io.out()).toContain('exchange 9 (x9)');
  });
});

describe('the findings of one file', () => {
  const finding = (n: number): Finding => ({
    profile: 'strict',
    severity: n % 2 ? 'error' : 'warning',
    rule: n === 11_000 ? 'secret.key' : 'schema.type',
    source: 's',
    pointer: '',
    message: `finding ${n}`,
    exchange: `x${n}`,
  });

  it('are all counted, and told up to a number', () => {
    const report = startReport('big.har');
    report.told.exchanges = [];
    addFindings(report, []);
    for (let n = 1; n <= 12_000; n++) {
      const exchange = { id: `x${n}`, number: n, method: 'POST', path: '/', status: 200, outcome: 'complete' };
      addExchange(report, exchange, true, [finding(n)]);
    }
    expect(report.counts).toMatchObject({ exchanges: 12_000, errors: 6000, warnings: 6000, secrets: 1 });
    expect(report.told.findings).toHaveLength(10_000);
    expect(report.told.omitted).toBe(2000);
    const io = captureIo();
    sayFile(report, io);
    expect(io.out()).toContain('12000 exchanges, 6000 errors, 6000 warnings, 1 secret');
    expect(io.out()).toMatch(/and 2000 more findings\n$/);
  });
});
