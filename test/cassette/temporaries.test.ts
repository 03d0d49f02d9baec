import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createFile, machineMark } from '../../src/cassette/journal.ts';
import { removeHalfWritten } from '../../src/cassette/temporaries.ts';
import { toUtf8 } from '../../src/util/bytes.ts';
import { temporaryFolder } from '../helpers/cassette-files.ts';

/** Above the highest process id that Linux gives. */
const NOBODY = 2 ** 22 + 1;
const NOW = Date.parse('2026-01-02T00:10:00Z');

it('removes what a process left that is not there any more, and leaves alone what somebody may be writing', async () => {
  const folder = temporaryFolder();
  const here = await machineMark();
  const old = new Date(NOW - 120_000);
  const put = async (name: string, time = new Date(NOW)) => {
    await writeFile(join(folder, name), 'half');
    await utimes(join(folder, name), time, time);
  };
  await put('x.har', old);
  await put(`x.har.${NOBODY}-1-${here}.tmp`);
  await put(`x.har.${NOBODY}-2-00000000.tmp`, old);
  const kept = [
    `x.har.${process.pid}-1-${here}.tmp`,
    `x.har.${NOBODY}-3-00000000.tmp`,
    `y.har.${NOBODY}-1-${here}.tmp`,
    `x.har.${NOBODY}-1.tmp`,
    'x.har.notes.tmp',
  ];
  for (const name of kept) await put(name, name.includes('-3-') ? new Date(NOW) : old);
  await removeHalfWritten(join(folder, 'x.har'), NOW);
  expect((await readdir(folder)).sort()).toEqual(['x.har', ...kept].sort());
});

it('knows the files of createFile', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'x.har');
  let during: string[] = [];
  await createFile(path, false, async (sink) => {
    await sink.write(toUtf8('half'));
    during = await readdir(folder);
  });
  expect(await readdir(folder)).toEqual(['x.har']);
  const left = during[0]!.replace(`.${process.pid}-`, `.${NOBODY}-`);
  await writeFile(join(folder, left), 'half');
  await removeHalfWritten(path, Date.now());
  expect(await readdir(folder)).toEqual(['x.har']);
});
