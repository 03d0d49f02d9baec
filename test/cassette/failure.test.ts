import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createJournalFile, type JournalFile } from '../../src/cassette/journal.ts';
import { legOf } from '../../src/cassette/legs.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import type { Recorder } from '../../src/cassette/tap.ts';
import { HEADER, playExchange, readAll, temporaryFolder } from './support/scripted.ts';

const SMALL = { request: { body: ['{"n":1}'] } };

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it does not work, write`), { code });
}

/** A recorder whose journal works on the disk until `broken.code` is set. */
async function breakable(path: string): Promise<{ recorder: Recorder; broken: { code?: string }; heard: string[] }> {
  const broken: { code?: string } = {};
  const heard: string[] = [];
  const createJournal = async (part: string): Promise<JournalFile> => {
    const file = await createJournalFile(part);
    return {
      ...file,
      async append(bytes) {
        if (!broken.code) return file.append(bytes);
        // A full disk takes what still fits.
        await file.append(bytes.subarray(0, bytes.length / 2));
        throw systemError(broken.code);
      },
    };
  };
  const onFailure = (message: string) => void heard.push(message);
  const recorder = await createRecorder({ path, header: HEADER, createJournal, onFailure });
  return { recorder, broken, heard };
}

/** Resolves when the recorder has said that it failed. */
async function untilFailed(recorder: Recorder, heard: readonly string[]): Promise<void> {
  while (heard.length === 0) {
    playExchange(recorder, SMALL);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('a disk that fails', () => {
  it.each(['ENOSPC', 'EIO'])(
    'stops the recording with what it has, once and loudly, and no request (%s)',
    async (code) => {
      const path = join(temporaryFolder(), 'x.har');
      const { recorder, broken, heard } = await breakable(path);
      playExchange(recorder, SMALL);
      await new Promise((resolve) => setImmediate(resolve));
      await recorder.room();
      while (!(await readFile(`${path}.part`, 'utf8')).includes('"t":"close"'))
        await new Promise((next) => setImmediate(next));
      broken.code = code;
      await untilFailed(recorder, heard);
      for (let n = 0; n < 50; n++) playExchange(recorder, SMALL);
      expect(recorder.room()).toBeUndefined();
      const summary = await recorder.close();
      expect(heard).toEqual([expect.stringContaining(code)]);
      expect(summary).toMatchObject({ path, failed: heard[0] });
      const { exchanges } = await readAll(path);
      expect(summary.exchanges).toBe(exchanges.length);
      expect(exchanges[0]?.outcome).toBe('complete');
      expect(legOf(exchanges[0]!, 'client-request')?.body?.text).toBe('{"n":1}');
      expect(existsSync(`${path}.part`)).toBe(false);
    },
  );

  it('keeps the journal when the cassette cannot be written', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const heard: string[] = [];
    const onFailure = (message: string) => void heard.push(message);
    const recorder = await createRecorder({ path, header: HEADER, force: true, onFailure });
    playExchange(recorder, SMALL);
    // A file cannot be renamed to a folder.
    await mkdir(path);
    const summary = await recorder.close();
    expect(summary).toMatchObject({ path: `${path}.part`, exchanges: 1, failed: heard[0], bytes: 0 });
    expect(await readdir(join(path, '..'))).toEqual(['x.har', 'x.har.part']);
  });

  it('is noticed before any traffic when it cannot even take the first line', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const createJournal = async (part: string): Promise<JournalFile> => ({
      ...(await createJournalFile(part)),
      append: () => Promise.reject(systemError('ENOSPC')),
    });
    const attempt = createRecorder({ path, header: HEADER, createJournal });
    await expect(attempt).rejects.toMatchObject({ code: 'output-failed', hint: expect.stringContaining('space') });
    expect(await readdir(join(path, '..'))).toEqual([]);
  });

  it('is also one whose folder is gone', async () => {
    const folder = join(temporaryFolder(), 'gone');
    const path = join(folder, 'x.har');
    const heard: string[] = [];
    const recorder = await createRecorder({ path, header: HEADER, onFailure: (message) => void heard.push(message) });
    await rm(folder, { recursive: true });
    await untilFailed(recorder, heard);
    const summary = await recorder.close();
    expect(heard).toEqual([expect.stringContaining('deleted')]);
    expect(summary.failed).toBe(heard[0]);
    // What was written to the deleted file can still be read, and is saved.
    expect((await readAll(path)).exchanges).toHaveLength(summary.exchanges);
  });
});

const mounted: string[] = [];

afterEach(() => {
  for (const folder of mounted.splice(0)) spawnSync('umount', [folder]);
});

/** A file system of 512 KiB, where one may be mounted. */
function smallDisk(): string | undefined {
  const folder = temporaryFolder();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder]);
  if (status !== 0) return undefined;
  mounted.push(folder);
  return folder;
}

/** The same for those who may not mount: a journal that takes 100 KiB. */
async function smallJournal(part: string): Promise<JournalFile> {
  const file = await createJournalFile(part);
  let left = 100 * 1024;
  return {
    ...file,
    async append(bytes) {
      left -= bytes.length;
      if (left < 0) throw systemError('ENOSPC');
      return file.append(bytes);
    },
  };
}

describe('a disk that is really full', () => {
  it('stops the recording, and what there is becomes a cassette when there is space', async () => {
    const disk = smallDisk();
    const path = join(disk ?? temporaryFolder(), 'x.har');
    const ballast = join(path, '..', 'ballast');
    await writeFile(ballast, new Uint8Array(400 * 1024));
    const heard: string[] = [];
    const recorder = await createRecorder({
      path,
      header: HEADER,
      onFailure: (message) => void heard.push(message),
      ...(disk ? {} : { createJournal: smallJournal }),
    });
    for (let n = 0; n < 200; n++) playExchange(recorder, { request: { body: [JSON.stringify('x'.repeat(1000))] } });
    const summary = await recorder.close();
    expect(heard).toEqual([expect.stringContaining('ENOSPC')]);
    expect(summary.failed).toBe(heard[0]);
    await rm(ballast);
    if (summary.path !== path) {
      // The journal belongs to this process, which is alive; the next command would find it dead.
      const journal = await readFile(summary.path, 'utf8');
      await writeFile(summary.path, journal.replace(`"pid":${process.pid}`, `"pid":${2 ** 22 + 1}`));
    }
    const { exchanges } = await readAll(path);
    expect(exchanges.length).toBeGreaterThan(0);
    expect(exchanges.length).toBeLessThan(200);
  });
});
