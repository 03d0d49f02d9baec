import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { TapedeckError } from '../../src/errors.ts';
import { judgeCassette } from '../../src/replay/suite/cassette.ts';
import { ExpectedBook } from '../../src/replay/suite/expected.ts';
import { Retranslator } from '../../src/replay/suite/translation.ts';
import { runSuite, type SuiteInput, workOn } from '../../src/replay/suite.ts';
import { writeJson } from '../../src/report/results/json.ts';
import { mergeReports } from '../../src/report/results/merge.ts';
import { type CassetteResult, exitOfReport, type ReplayReport } from '../../src/report/results/model.ts';
import { fixture, temporaryFolder } from '../helpers/cassette-files.ts';
import { recorded } from '../helpers/recorded.ts';
import {
  CREATE,
  client,
  completed,
  created,
  itemAdded,
  itemDone,
  recordedSocket,
  server,
} from '../helpers/recorded-socket.ts';
import { editStream } from './faults/kit.ts';
import { failuresOf, OPTIONS, replay, resultsOf, verdictsOf } from './suite/recorded.ts';

const NAMES = [
  '0.113.0/truncated',
  '0.122.0/compact',
  '0.169.0/tool',
  '0.169.0/zstd',
  'translated/0.113.0-chat-compact',
  'translated/0.169.0-chat-tool',
  'translated/0.169.0-messages-parallel',
  'translated/0.169.0-messages-truncated',
];

function inputsOf(names: readonly string[]): SuiteInput[] {
  return names.map((name) => ({ path: fixture(`cassettes/${name}.har`), name: `${name}.har` }));
}

const run = (names: readonly string[], more: object = {}): Promise<ReplayReport> =>
  runSuite({ inputs: inputsOf(names), options: OPTIONS, jobs: 1, ...more });

describe('runSuite over fixtures', () => {
  let report: ReplayReport;

  beforeAll(async () => {
    report = await run(NAMES);
  });

  it('finds nothing wrong, and says what did not apply', () => {
    expect(report.cassettes.flatMap(failuresOf)).toEqual([]);
    expect(report.counts).toMatchObject({ cassettes: 8, unreadable: 0, failed: 0, edited: 0, leftovers: 0 });
    expect(report.counts.passed).toBeGreaterThan(100);
    expect(report.counts.notApplicable).toBeGreaterThan(100);
    expect(exitOfReport(report)).toBe(0);
  });

  it('opens no connection outside loopback: what asks for one is denied and counted', async () => {
    expect(report.receipt.denied).toBe(0);
    const codes: unknown[] = [];
    const onCassette = () => {
      const socket = new Socket().on('error', ({ code }: NodeJS.ErrnoException) => codes.push(code));
      socket.connect(443, 'provider.example');
    };
    const tempted = await run(NAMES.slice(0, 3), { onCassette });
    expect(tempted.receipt.denied).toBe(3);
    expect(exitOfReport(tempted)).toBe(1);
    // Sockets tell their errors a turn later.
    await nextTurn();
    expect(codes).toEqual(Array(3).fill('ENETUNREACH'));
  });

  it('judges every check on every exchange', () => {
    const ids = report.checks.map(({ id }) => id);
    for (const { exchanges } of report.cassettes) {
      for (const { results } of exchanges) expect([...new Set(results.map(({ check }) => check))]).toEqual(ids);
    }
  });

  it('gives every result that does not apply a reason, and no other', () => {
    const all = report.cassettes.flatMap(({ exchanges }) => exchanges.flatMap(({ results }) => results));
    for (const { verdict, reason } of all) expect(reason !== undefined).toBe(verdict === 'not-applicable');
  });

  it('is the same again, and in any order', async () => {
    expect(writeJson(await run(NAMES.toReversed()))).toBe(writeJson(report));
  });

  it.each([2, 5])('is the same as %i parts together', async (count) => {
    const names = NAMES.slice(2, 6);
    const options = { ...OPTIONS, splits: 'none' as const };
    const parts: { name: string; report: ReplayReport }[] = [];
    for (let i = count; i >= 1; i--) {
      parts.push({ name: `part ${i}`, report: await run(names, { options, shard: `${i}/${count}` }) });
    }
    expect(writeJson(mergeReports(parts))).toBe(writeJson(await run(names, { options })));
  });

  it('is worked on by several at once, each cassette by one of them', async () => {
    const job = { inputs: inputsOf(NAMES.slice(0, 4)), options: OPTIONS, next: new SharedArrayBuffer(4) };
    const done: string[][] = [[], [], []];
    await Promise.all(done.map((own) => workOn(job, ({ cassette }) => own.push(cassette))));
    expect(done.flat().sort()).toEqual(NAMES.slice(0, 4).map((name) => `${name}.har`));
  });

  it('names neither a time nor a place of the machine', () => {
    const text = writeJson(report);
    expect(text).not.toContain(fixture(''));
    expect(text).not.toMatch(/\d{4}-\d\d-\d\dT\d\d:/);
  });
});

/** Judges exchanges that stand in no file. */
async function judge(exchanges: RecordedExchange[]): Promise<CassetteResult> {
  const result: CassetteResult = { cassette: 'made.har', exchanges: [] };
  const cassette = {
    edited: false,
    async *exchanges() {
      yield* exchanges;
    },
  };
  const task = { name: 'made.har', options: OPTIONS, now: 0 };
  await judgeCassette(cassette, task, new ExpectedBook('made.expected.json', undefined, false), result);
  return result;
}

describe('an exchange over a WebSocket', () => {
  const say = [client(CREATE), server(created()), server(itemAdded()), server(itemDone()), server(completed())];
  const passed = { name: 'tapedeck', how: 'passthrough' };

  function passedOn(): RecordedExchange {
    const exchange = recordedSocket({ say });
    exchange.client._producer = passed;
    exchange.attempts[0]!._producer = passed;
    return exchange;
  }

  it('is judged by what applies', async () => {
    const result = await judge([passedOn()]);
    expect(failuresOf(result)).toEqual([]);
    expect(verdictsOf(result, 'passthrough.equal')).toEqual(['passed', 'passed']);
    expect(verdictsOf(result, 'stream.grammar')).toEqual([
      'passed',
      'the same as the upstream-response, and judged there',
    ]);
    expect(new Set(verdictsOf(result, 'coding.decode'))).toEqual(
      new Set(['messages of a WebSocket have no content coding']),
    );
  });

  it('whose messages were changed on the way fails', async () => {
    const exchange = passedOn();
    const [upstream] = exchange.attempts;
    delete upstream!._webSocketSameAs;
    upstream!._webSocketMessages = exchange.client._webSocketMessages!.map((message, i) =>
      i === 3 ? { ...message, data: message.data.replace('"ok"', '"no"') } : message,
    );
    const failed = resultsOf(await judge([exchange]), 'passthrough.equal').filter(
      ({ verdict }) => verdict === 'failed',
    );
    expect(failed.map(({ leg }) => leg)).toEqual(['client-response']);
  });
});

describe('the HAR file of another program', () => {
  it('is judged by the legs that it has; what it lacks is no pass', async () => {
    const answer = JSON.stringify({ object: 'list', data: [] });
    const exchange = recorded({ method: 'GET', url: 'http://127.0.0.1/v1/models', answer, body: undefined });
    const result = await judge([exchange]);
    const verdicts = resultsOf(result, 'legs.valid').map(({ leg, verdict, reason }) => [leg, reason ?? verdict]);
    expect(verdicts).toEqual([
      ['client-request', 'no document is known for this request'],
      ['client-response', 'passed'],
      ['upstream-request', 'the leg is absent'],
      ['upstream-response', 'the leg is absent'],
    ]);
    for (const check of ['request.translation', 'stream.translation', 'losses.equal', 'passthrough.equal']) {
      expect(verdictsOf(result, check)).toEqual(['there is no upstream side']);
    }
  });
});

/** A copy of a fixture cassette in which the recorded client stream says something else than what is made of it now. */
async function changedCopy(): Promise<string> {
  const document = JSON.parse(await readFile(fixture('cassettes/translated/0.169.0-chat-text.har'), 'utf8'));
  editStream(document.log.entries, 'x1', 'client', (text) =>
    text.replaceAll('"parallel_tool_calls":true', '"parallel_tool_calls":false'),
  );
  const path = join(temporaryFolder(), 'changed.har');
  await writeFile(path, JSON.stringify(document));
  return path;
}

describe('expected results', () => {
  const runOn = (path: string, more: object = {}) =>
    runSuite({ inputs: [{ path, name: 'changed.har' }], options: OPTIONS, jobs: 1, ...more });

  it('are written by update, used by later runs, and leave the recording alone', async () => {
    const path = await changedCopy();
    const before = await readFile(path, 'utf8');
    expect(exitOfReport(await runOn(path))).toBe(1);
    const updated = await runOn(path, { update: true });
    expect(exitOfReport(updated)).toBe(0);
    const [result] = resultsOf(updated.cassettes[0]!, 'stream.translation');
    expect(result!.notes![0]).toMatch(
      /^taken over as the expected result: event 1 \(response\.created\) differs at \/response\/parallel_tool_calls/,
    );
    expect(result!.notes!.some((note) => note.startsWith('- '))).toBe(true);
    expect(await readFile(path, 'utf8')).toBe(before);
    const file = JSON.parse(await readFile(path.replace('.har', '.expected.json'), 'utf8'));
    expect(Object.keys(file.exchanges.x1)).toEqual(['stream.translation']);
    const later = await runOn(path, { options: { ...OPTIONS, strict: false } });
    expect(exitOfReport(later)).toBe(0);
    expect(later.counts.leftovers).toBe(0);
    expect(resultsOf(later.cassettes[0]!, 'stream.translation')[0]!.notes).toEqual([
      'compared with the expected result, not with the recording',
    ]);
  });

  it('that differ from what is made fail', async () => {
    const path = await changedCopy();
    await runOn(path, { update: true });
    const file = path.replace('.har', '.expected.json');
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('rolling', 'falling'));
    const report = await runOn(path);
    expect(report.cassettes.flatMap(failuresOf).join()).toMatch(/x1 stream\.translation: event \d+ .*differs at/);
  });

  it('that nothing needs are left over, which strict makes a failure and update removes', async () => {
    const path = join(temporaryFolder(), 'changed.har');
    await copyFile(fixture('cassettes/translated/0.169.0-chat-text.har'), path);
    const file = path.replace('.har', '.expected.json');
    const lines = ['x'];
    await writeFile(
      file,
      JSON.stringify({ tapedeckExpected: 1, exchanges: { x9: { 'stream.translation': { lines } } } }),
    );
    const report = await runOn(path);
    expect(exitOfReport(report)).toBe(0);
    expect(report.cassettes[0]!.leftovers).toEqual([
      { exchange: 'x9', result: 'stream.translation', reason: 'there is no such exchange' },
    ]);
    expect(exitOfReport(await runOn(path, { options: { ...OPTIONS, strict: true } }))).toBe(3);
    // In one part alone.
    const parts = await Promise.all(['1/2', '2/2'].map((shard) => runOn(path, { shard })));
    expect(parts.map(({ counts }) => counts.leftovers).sort()).toEqual([0, 1]);
    const merged = mergeReports(parts.map((part, i) => ({ name: String(i), report: part })));
    expect(writeJson(merged)).toBe(writeJson(report));
    await runOn(path, { update: true });
    await expect(stat(file)).rejects.toThrow(/ENOENT/);
  });

  it('that nothing needs are told in one order, whatever that of their file and of the parts', async () => {
    const path = join(temporaryFolder(), 'changed.har');
    await copyFile(fixture('cassettes/translated/0.169.0-chat-text.har'), path);
    const own = { 'stream.translation': { lines: ['x'] }, 'losses.equal': { lines: ['x'] } };
    const exchanges = Object.fromEntries(['x9', 'x12', 'x10', 'x8'].map((id) => [id, own]));
    await writeFile(path.replace('.har', '.expected.json'), JSON.stringify({ tapedeckExpected: 1, exchanges }));
    const report = await runOn(path);
    const parts = await Promise.all(['1/2', '2/2'].map((shard) => runOn(path, { shard })));
    const merged = mergeReports(parts.map((part, i) => ({ name: String(i), report: part })));
    expect(report.counts.leftovers).toBe(8);
    expect(writeJson(merged)).toBe(writeJson(report));
  });

  it('that cannot be read make the cassette unreadable, and no path is told', async () => {
    const path = await changedCopy();
    await mkdir(path.replace('.har', '.expected.json'));
    const report = await runOn(path);
    expect(report.cassettes[0]!.unreadable!.message).toMatch(/^changed\.expected\.json cannot be read: EISDIR/);
    expect(writeJson(report)).not.toContain(path.replace('changed.har', ''));
  });

  it('that are damaged make the cassette unreadable', async () => {
    const path = await changedCopy();
    await writeFile(path.replace('.har', '.expected.json'), '{"exchanges":{}}');
    const report = await runOn(path);
    expect(report.cassettes[0]!.unreadable).toMatchObject({ code: 'cassette-unreadable' });
    expect(report.cassettes[0]!.unreadable!.message).toContain('changed.expected.json holds no expected results');
    expect(writeJson(report)).not.toContain(path.replace('changed.har', ''));
    expect(exitOfReport(report)).toBe(5);
  });
});

describe('a cassette', () => {
  it('that was edited is told, and refused by strict and by pristine', async () => {
    const path = await changedCopy();
    const inputs = [{ path, name: 'changed.har' }];
    const options = { ...OPTIONS, filter: 'redaction.complete' };
    const report = await runSuite({ inputs, options, jobs: 1 });
    expect([report.counts.edited, exitOfReport(report)]).toEqual([1, 0]);
    expect(exitOfReport(await runSuite({ inputs, options: { ...options, strict: true }, jobs: 1 }))).toBe(5);
    const pristine = await runSuite({ inputs, options, jobs: 1, pristine: true });
    expect(pristine.cassettes[0]!.unreadable!.code).toBe('cassette-edited');
  });

  it('that cannot be read does not keep others from being judged, and its path is not told', async () => {
    const path = join(temporaryFolder(), 'none.har');
    const inputs = [{ path, name: 'none.har' }, ...inputsOf(['0.169.0/text'])];
    const report = await runSuite({ inputs, options: OPTIONS, jobs: 1 });
    expect(report.counts).toMatchObject({ cassettes: 2, unreadable: 1, exchanges: 1 });
    expect(report.cassettes.find(({ cassette }) => cassette === 'none.har')!.unreadable!.message).toBe(
      'There is no cassette none.har.',
    );
    expect(exitOfReport(report)).toBe(5);
  });

  it('that says of an upstream side in another protocol that it was passed on fails', async () => {
    const document = JSON.parse(await readFile(fixture('cassettes/0.169.0/text.har'), 'utf8'));
    document.log.entries[1]._protocol = 'chat';
    const path = join(temporaryFolder(), 'odd.har');
    await writeFile(path, JSON.stringify(document));
    const [exchange] = (await replay(path)).exchanges;
    expect(failuresOf({ exchanges: [exchange!] }).join('\n')).toContain(
      'request.translation: the recording says that chat was passed on to a client of responses',
    );
  });

  it.each([
    ['upstream-aborted', 'client-response: event 7 (x) is missing'],
    ['timeout', 'client-response: event 7 (x) is missing'],
    ['client-aborted', undefined],
    ['recorder-killed', undefined],
  ])(
    'in which the client got less than came from upstream fails, unless it left or was cut off: %s',
    async (outcome, message) => {
      const document = JSON.parse(await readFile(fixture('cassettes/0.169.0/truncated.har'), 'utf8'));
      editStream(document.log.entries, 'x1', 'upstream', (text) => `${text}event: x\ndata: {}\n\n`);
      for (const entry of document.log.entries) entry._outcome = outcome;
      const path = join(temporaryFolder(), 'less.har');
      await writeFile(path, JSON.stringify(document));
      const result = await replay(path, { filter: '/x1 passthrough/' });
      expect(failuresOf(result)).toEqual(message === undefined ? [] : [`x1 passthrough.equal: ${message}`]);
    },
  );

  it('at which we break down ourselves is not told to be unreadable', async () => {
    const broken = vi.spyOn(Retranslator.prototype, 'remember').mockImplementation(() => {
      throw new TapedeckError('internal', 'This is a bug.');
    });
    onTestFinished(() => broken.mockRestore());
    await expect(replay(fixture('cassettes/0.169.0/text.har'))).rejects.toThrow('This is a bug.');
  });

  it('is filtered down to one check of one exchange, without leftovers', async () => {
    const result = await replay(fixture('cassettes/translated/0.169.0-chat-tool.har'), { filter: '/ x2 stream/' });
    expect(result.exchanges.map(({ id, results }) => [id, results.map(({ check }) => check)])).toEqual([
      ['x2', ['stream.grammar', 'stream.grammar', 'stream.translation']],
    ]);
  });

  it('ends the run with bail, the first by name first', async () => {
    const path = await changedCopy();
    const inputs = [...inputsOf(['0.169.0/text']), { path, name: '0.0.har' }];
    const report = await runSuite({ inputs, options: { ...OPTIONS, bail: true }, jobs: 2 });
    expect(report.cassettes.map(({ cassette }) => cassette)).toEqual(['0.0.har']);
    expect(resultsOf(report.cassettes[0]!, 'stream.translation').map(({ verdict }) => verdict)).toEqual(['failed']);
  });
});
