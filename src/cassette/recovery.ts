import { Buffer } from 'node:buffer';
import { TapedeckError } from '../errors.ts';
import { finishJournal } from './finish.ts';
import { indexJournal, parseStart, type ReadJournal } from './index-journal.ts';
import { isAlive, type JournalFile, listFolder, look, openJournalFile, removeFile, splitPath } from './journal.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { messageOf } from './output-error.ts';
import type { JournalStart } from './records.ts';

/** What stands behind a cassette's name while it is being recorded. */
export const JOURNAL_SUFFIX = '.part';

/** What is to be appended to `NAME.har`, with this behind that name, until it stands there. */
const ADDITION_SUFFIX = '.append';

/** Where what is to be appended to a cassette is recorded: a cassette of its own, with a journal of its own. */
export function additionTo(cassette: string): string {
  return `${cassette}${ADDITION_SUFFIX}`;
}

/** What was found of one journal, and what was done about it. */
export type Recovery =
  | { outcome: 'recovered'; journal: string; path: string; exchanges: number }
  /** It is being written; it was left alone. */
  | { outcome: 'running'; journal: string; pid: number }
  /** Another program's file; it was left alone. */
  | { outcome: 'foreign'; journal: string }
  /** The cassette could not be written; the journal was kept. */
  | { outcome: 'failed'; journal: string; message: string };

/**
 * Turns the journals of killed recordings into cassettes.
 * @param target a folder (all journals in it), a cassette (the journal of that name, and that of what was being appended to
 * it) or a journal
 */
export async function recoverJournals(target: string): Promise<Recovery[]> {
  const found = await look(target);
  const isJournal = (name: string) => name.endsWith(JOURNAL_SUFFIX);
  const recoveries: Recovery[] = [];
  for (const journal of found?.folder ? await listFolder(target, isJournal) : journalsOf(target, found !== undefined)) {
    if (await look(journal)) recoveries.push(await recoverJournal(journal));
  }
  return recoveries;
}

function journalsOf(file: string, exists: boolean): string[] {
  if (file.endsWith(JOURNAL_SUFFIX)) return [file];
  const own = `${file}${JOURNAL_SUFFIX}`;
  return exists ? [own, `${additionTo(file)}${JOURNAL_SUFFIX}`] : [own];
}

async function recoverJournal(journal: string): Promise<Recovery> {
  let file: JournalFile | undefined;
  try {
    file = await openJournalFile(journal);
    const start = await readStart(file);
    const found = await look(journal);
    if (!start || !found) return { outcome: 'foreign', journal };
    if (await isAlive(start.owner, found.modifiedAt)) return { outcome: 'running', journal, pid: start.owner.pid };
    return await recoverDead(journal, file, start);
  } catch (error) {
    if (!(error instanceof TapedeckError) && !(error as NodeJS.ErrnoException).code) throw error;
    return { outcome: 'failed', journal, message: messageOf(error) };
  } finally {
    await file?.close();
  }
}

async function recoverDead(journal: string, file: JournalFile, start: JournalStart): Promise<Recovery> {
  const path = journal.slice(0, -JOURNAL_SUFFIX.length);
  const read: ReadJournal = (at, length) => file.read(at, length);
  if ((await isFinished(path, start)) || (await replacesByNothing(path, start, read))) {
    await removeFile(journal);
    return { outcome: 'recovered', journal, path, exchanges: 0 };
  }
  const finished = await finishJournal(read, path, start.force);
  if (!finished) return { outcome: 'foreign', journal };
  await removeFile(journal);
  await removeTemporaries(path, start.owner.pid);
  return { outcome: 'recovered', journal, path: finished.path, exchanges: finished.exchanges };
}

/** Whether the process was killed between giving the cassette its name and removing the journal. */
async function isFinished(path: string, { header }: JournalStart): Promise<boolean> {
  const found = await look(path);
  if (!found || found.folder) return false;
  const file = await openJournalFile(path);
  try {
    const text = Buffer.from(await file.read(0, 4096)).toString('utf8');
    return text.includes(`"recordedAt": ${JSON.stringify(header.recordedAt)}`);
  } finally {
    await file.close();
  }
}

/** Whether an existing cassette would give way to one without an exchange. */
async function replacesByNothing(path: string, { force }: JournalStart, read: ReadJournal): Promise<boolean> {
  return force && (await look(path)) !== undefined && (await indexJournal(read)).lines.isEmpty;
}

/** Half-written cassettes of the killed process. */
async function removeTemporaries(path: string, pid: number): Promise<void> {
  const { folder, name } = splitPath(path);
  const own = await listFolder(folder, (other) => other.startsWith(`${name}.${pid}-`) && other.endsWith('.tmp'));
  for (const temporary of own) await removeFile(temporary);
}

async function readStart(file: JournalFile): Promise<JournalStart | undefined> {
  const head = await file.read(0, RECORDING_LIMITS.preambleBytes);
  const end = head.indexOf(10);
  return end < 0 ? undefined : parseStart(Buffer.from(head.subarray(0, end)).toString('utf8'));
}
