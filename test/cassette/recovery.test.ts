import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { thisProcess } from '../../src/cassette/journal.ts';
import { legOf } from '../../src/cassette/legs.ts';
import { RECORDING_LIMITS } from '../../src/cassette/limits.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import type { JournalOwner, JournalStart } from '../../src/cassette/records.ts';
import { recoverJournals } from '../../src/cassette/recovery.ts';
import { findCassette, openCassette } from '../../src/cassette/store.ts';
import { HEADER, MemoryJournal, playExchange, readAll, SSE_TYPE, temporaryFolder } from './support/scripted.ts';

/** A process id that no process of this system has: they end at 2^22. */
const NOBODY = 2 ** 22 + 1;

/** Journal lines of one finished exchange and one that is running, without the first line. */
async function recordLines(): Promise<string[]> {
  const journal = new MemoryJournal();
  const path = join(temporaryFolder(), 'made.har');
  const recorder = await createRecorder({ path, header: HEADER, createJournal: async () => journal });
  playExchange(recorder, { request: { body: ['{"n":1}'] }, response: { body: ['{"ok":1}'] } });
  playExchange(recorder, { request: { body: ['{"n":2}'] }, response: { headers: SSE_TYPE, body: ['data: 1\n\n'] } });
  await recorder.close();
  return journal.text.split('\n').slice(1, -1);
}

async function journalOf(
  folder: string,
  owner: Partial<JournalOwner>,
  rest: string,
  over: Partial<JournalStart> = {},
): Promise<string> {
  const start: JournalStart = {
    tapedeckJournal: 1,
    owner: { ...(await thisProcess()), ...owner },
    force: false,
    header: HEADER,
    ...over,
  };
  const path = join(folder, 'x.har.part');
  await writeFile(path, `${JSON.stringify(start)}\n${rest}`);
  return path;
}

describe('a journal of a dead process', () => {
  it('becomes a cassette, whichever way it is come across', async () => {
    const lines = `${(await recordLines()).join('\n')}\n`;
    const ways: [string, (folder: string) => Promise<unknown>][] = [
      ['recovering its folder', (folder) => recoverJournals(folder)],
      ['recovering it', (folder) => recoverJournals(join(folder, 'x.har.part'))],
      ['opening the cassette', async (folder) => (await openCassette(join(folder, 'x.har'))).close()],
      ['opening the journal', async (folder) => (await openCassette(join(folder, 'x.har.part'))).close()],
      ['looking for the newest cassette', (folder) => findCassette(folder, '/')],
      [
        'recording to the same place',
        async (folder) => createRecorder({ path: join(folder, 'x.har'), header: HEADER }).catch(() => 0),
      ],
    ];
    for (const [way, take] of ways) {
      const folder = temporaryFolder();
      await journalOf(folder, { pid: NOBODY }, lines);
      await take(folder);
      expect(await readdir(folder), way).toEqual(['x.har']);
      expect((await readAll(join(folder, 'x.har'))).exchanges, way).toHaveLength(2);
    }
  });

  it('costs nothing of the cassette that --force would have replaced when no exchange had come', async () => {
    const folder = temporaryFolder();
    await journalOf(folder, { pid: NOBODY }, '', { force: true });
    await writeFile(join(folder, 'x.har'), 'precious');
    expect(await recoverJournals(folder)).toMatchObject([{ outcome: 'recovered', exchanges: 0 }]);
    expect(await readdir(folder)).toEqual(['x.har']);
    expect(await readFile(join(folder, 'x.har'), 'utf8')).toBe('precious');
  });

  it('may be torn at any byte: what was written before is there', async () => {
    const text = `${(await recordLines()).join('\n')}\n`;
    const firstIsWhole = text.indexOf('"t":"close"') && text.indexOf('\n', text.indexOf('"t":"close"')) + 1;
    for (let length = 0; length <= text.length; length += 37) {
      const folder = temporaryFolder();
      const journal = await journalOf(folder, { pid: NOBODY }, text.slice(0, length));
      expect(await recoverJournals(journal)).toMatchObject([{ outcome: 'recovered' }]);
      const { exchanges } = await readAll(join(folder, 'x.har'));
      if (length >= firstIsWhole) expect(exchanges[0]?.outcome).toBe('complete');
      for (const exchange of exchanges) expect(['complete', 'recorder-killed']).toContain(exchange.outcome);
    }
  });

  it('shows how far a running exchange came', async () => {
    const lines = (await recordLines()).filter((line) => !line.startsWith('{"x":2,"t":"close"'));
    const folder = temporaryFolder();
    await journalOf(folder, { pid: NOBODY }, `${lines.join('\n')}\n`);
    const path = await findCassette('x.har', folder);
    const [first, second] = (await readAll(path)).exchanges;
    expect([first?.outcome, second?.outcome]).toEqual(['complete', 'recorder-killed']);
    expect(legOf(second!, 'client-request')?.body?.text).toBe('{"n":2}');
    expect(second?.client.response.status).toBe(0);
  });

  it('does not overwrite a cassette, unless that was asked for', async () => {
    const lines = `${(await recordLines()).join('\n')}\n`;
    for (const force of [false, true]) {
      const folder = temporaryFolder();
      await writeFile(join(folder, 'x.har'), 'mine');
      const journal = await journalOf(folder, { pid: NOBODY }, lines, { force });
      const name = force ? 'x.har' : 'x-2.har';
      expect(await recoverJournals(journal)).toMatchObject([{ outcome: 'recovered', path: join(folder, name) }]);
      expect((await readFile(join(folder, 'x.har'), 'utf8')) === 'mine').toBe(!force);
    }
  });

  it('is removed when its cassette was finished, with what a kill left half-written', async () => {
    const folder = temporaryFolder();
    const lines = `${(await recordLines()).join('\n')}\n`;
    const journal = await journalOf(folder, { pid: NOBODY }, lines);
    await writeFile(join(folder, `x.har.${NOBODY}-1.tmp`), 'half');
    await writeFile(join(folder, 'x.har.1-1.tmp'), "somebody else's");
    await recoverJournals(journal);
    expect((await readdir(folder)).sort()).toEqual(['x.har', 'x.har.1-1.tmp']);
    await journalOf(folder, { pid: NOBODY }, lines);
    await recoverJournals(journal);
    expect((await readdir(folder)).sort()).toEqual(['x.har', 'x.har.1-1.tmp']);
  });

  it('is one whose process id belongs to another process by now', async () => {
    const folder = temporaryFolder();
    const { started } = await thisProcess();
    if (started === null) return expect(process.platform).not.toBe('linux');
    const journal = await journalOf(folder, { started: String(Number(started) - 1) }, '');
    expect(await recoverJournals(journal)).toMatchObject([{ outcome: 'recovered', exchanges: 0 }]);
  });

  it('keeps a name without its suffix', async () => {
    const folder = temporaryFolder();
    const journal = await journalOf(folder, { pid: NOBODY }, '');
    await rename(journal, join(folder, 'plain.part'));
    await recoverJournals(folder);
    expect(await readdir(folder)).toEqual(['plain']);
  });
});

describe('a journal that is left alone', () => {
  it('is that of a living process', async () => {
    const folder = temporaryFolder();
    const journal = await journalOf(folder, {}, '');
    expect(await recoverJournals(folder)).toEqual([{ outcome: 'running', journal, pid: process.pid }]);
    await expect(findCassette(folder, '/')).rejects.toMatchObject({ code: 'cassette-not-found', hint: /Stop/ });
    await expect(openCassette(join(folder, 'x.har'))).rejects.toThrow(`process ${process.pid}`);
    expect(await readdir(folder)).toEqual(['x.har.part']);
  });

  it('is one of another machine that shows signs of life; without them it is recovered', async () => {
    const folder = temporaryFolder();
    const journal = await journalOf(folder, { pid: NOBODY, machine: 'another' }, '');
    expect(await recoverJournals(journal)).toMatchObject([{ outcome: 'running' }]);
    const before = new Date(Date.now() - RECORDING_LIMITS.silentMs - 1000);
    await utimes(journal, before, before);
    expect(await recoverJournals(journal)).toMatchObject([{ outcome: 'recovered' }]);
  });

  it.each(['', 'a download', '{"some":"json"}\n', '{"tapedeckJournal":99,"owner":{},"header":{}}\n'])(
    'is a file of another program: %j',
    async (text) => {
      const folder = temporaryFolder();
      const journal = join(folder, 'x.har.part');
      await writeFile(journal, text);
      expect(await recoverJournals(folder)).toEqual([{ outcome: 'foreign', journal }]);
      expect(await readFile(journal, 'utf8')).toBe(text);
      const attempt = createRecorder({ path: join(folder, 'x.har'), header: HEADER });
      await expect(attempt).rejects.toMatchObject({ code: 'output-exists', message: expect.stringContaining(journal) });
    },
  );

  it('does not keep the others from being recovered', async () => {
    const folder = temporaryFolder();
    await journalOf(folder, { pid: NOBODY }, '');
    await writeFile(join(folder, 'a.har.part'), 'other');
    await mkdir(join(folder, 'b.har.part'));
    const outcomes = (await recoverJournals(folder)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['foreign', 'failed', 'recovered']);
  });

  it('is none where there is none', async () => {
    const folder = temporaryFolder();
    expect(await recoverJournals(folder)).toEqual([]);
    expect(await recoverJournals(join(folder, 'none.har'))).toEqual([]);
    expect(existsSync(join(folder, 'none.har'))).toBe(false);
  });
});
