import { appendCassette, openAppendable } from '../../cassette/edit/append.ts';
import { removeCassette } from '../../cassette/edit/remove.ts';
import { look } from '../../cassette/journal.ts';
import { additionTo, recoverJournals } from '../../cassette/recovery.ts';
import { pathIn } from '../../cassette/store.ts';
import type { RecordingSummary } from '../../cassette/tap.ts';
import { removeHalfWritten } from '../../cassette/temporaries.ts';
import { TapedeckError } from '../../errors.ts';
import { formatCount } from '../../report/format.ts';
import { type Io, remark } from '../io.ts';
import { shortPath } from '../short-path.ts';
import type { RecordedFile, RecordingOutput } from './output.ts';

/**
 * A recording that is put behind an existing cassette when it is over. Until then it is a cassette of its own, with a journal of
 * its own, and the existing one is not touched; what a killed recording left there goes first.
 * @throws TapedeckError `usage`; what `openAppendable` throws
 */
export async function appendingOutput(output: string | undefined, io: Io): Promise<RecordingOutput> {
  const path = output === undefined ? undefined : pathIn(io.cwd, output);
  if (output === undefined || path === undefined || /[\\/]$/.test(output) || (await look(path))?.folder) {
    const hint = 'Add `-o FILE.har`.';
    throw new TapedeckError('usage', '--append needs the name of the cassette that is appended to.', { hint });
  }
  if (!(await isThere(path))) {
    const finish = async ({ path, bytes, exchanges }: RecordingSummary) => [
      { path, bytes, exchanges, appended: exchanges },
    ];
    return { path, force: false, dropEmpty: false, finish };
  }
  const addition = additionTo(path);
  await removeHalfWritten(path, Date.now());
  await appendLeftover(path, addition, io);
  const finish = async (summary: RecordingSummary) => [await append(path, summary.path)];
  return { path: addition, force: false, dropEmpty: true, finish };
}

/** Whether there is a cassette, which then can be appended to. */
async function isThere(path: string): Promise<boolean> {
  try {
    await (await openAppendable(path)).close();
    return true;
  } catch (error) {
    if (error instanceof TapedeckError && error.code === 'cassette-not-found') return false;
    throw error;
  }
}

/** Of a recording that is running nothing is taken; the recorder says that it is in the way. */
async function appendLeftover(path: string, addition: string, io: Io): Promise<void> {
  const [recovery] = await recoverJournals(addition);
  if ((recovery && recovery.outcome !== 'recovered') || !(await look(addition))) return;
  const { appended } = await append(path, addition);
  const what = formatCount(appended, 'exchange');
  remark(io, `${what} of a recording that was cut short: appended to ${shortPath(path, io)}.`);
}

async function append(path: string, addition: string): Promise<RecordedFile & { appended: number }> {
  try {
    const { added, ...written } = await appendCassette(path, addition);
    await removeCassette(addition);
    return { ...written, appended: added };
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    const hint =
      `What was recorded is in ${addition}, and goes first with the next --append. ${error.hint ?? ''}`.trim();
    throw new TapedeckError(error.code, error.message, { hint, cause: error });
  }
}
