import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TapedeckError } from '../errors.ts';
import type { Side } from '../util/types.ts';
import { INDEX_SUFFIX } from './cassette-index.ts';
import type { CassetteHeader, Entry } from './format.ts';
import { createFile, listFolder, look } from './journal.ts';
import type { RecordedExchange } from './legs.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { errnoOf, messageOf } from './output-error.ts';
import { readCassette } from './reader.ts';
import { JOURNAL_SUFFIX, type Recovery, recoverJournals } from './recovery.ts';
import type { CassetteSource } from './source.ts';
import { writeCassetteFile } from './write.ts';

/** A cassette that is open for reading. `entries` and `exchanges` may be called as often as wanted. */
export interface CassetteReader {
  path: string;
  header: CassetteHeader;
  /** The entries are not those that were recorded: somebody changed the file. */
  edited: boolean;
  /** In the order of the file; with flat memory where the file has our layout. Throws TapedeckError `cassette-unreadable`. */
  entries(): AsyncIterable<Entry>;
  exchanges(): AsyncIterable<RecordedExchange>;
  /** Where single exchanges can be had; absent where the file does not have our layout, or is damaged. */
  places?: ExchangePlaces;
  close(): Promise<void>;
}

/** The exchanges of a cassette by number (from 1, in the order of the file); reading one reads its bytes alone. */
export interface ExchangePlaces {
  count: number;
  /** The number of an exchange by its id. */
  numberOf(id: string): number | undefined;
  idOf(number: number): string | undefined;
  /** Numbers of the exchanges of one WebSocket connection. */
  numbersOn(connection: string): number[];
  /**
   * All of them for those who look for what was asked: without responses, and of the client's side without the upstream's entries.
   * They are read whole where the file was edited. Throws TapedeckError `cassette-unreadable`.
   */
  requests(side: Side): AsyncIterable<RecordedExchange>;
  /** Undefined when there is none of that number. Throws TapedeckError `cassette-unreadable`. */
  exchange(number: number): Promise<RecordedExchange | undefined>;
}

/** Told of a killed recording that became a cassette, and of how many exchanges it has. */
export type OnRecovered = (path: string, exchanges: number) => void;

/** Where recordings go and where they are looked for, below the working directory. */
export const CASSETTE_FOLDER = 'cassettes';

const RECORD_HINT = 'Record one with `tapedeck record --upstream URL`.';

/**
 * Opens a cassette, or the HAR file of another program. A killed recording of that name is recovered first.
 * @param options.pristine refuse a cassette whose entries do not fit its checksum
 * @param options.onRecovered is told of that
 * @throws TapedeckError `cassette-not-found`, `cassette-unreadable`, `cassette-too-new`, `cassette-edited`
 */
export async function openCassette(
  path: string,
  options: { pristine?: boolean; onRecovered?: OnRecovered } = {},
): Promise<CassetteReader> {
  const source = await openSource(await recovered(path, options.onRecovered));
  try {
    return await readCassette(source, options);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * The cassette that a command line names: a file, a folder (its newest cassette), or nothing (the newest one of
 * `cassettes/`). Killed recordings that are seen on the way are recovered.
 * @throws TapedeckError `cassette-not-found`
 */
export async function findCassette(arg: string | undefined, cwd: string, onRecovered?: OnRecovered): Promise<string> {
  const path = resolve(cwd, arg ?? CASSETTE_FOLDER);
  const found = await look(path);
  if (arg === undefined || found?.folder) return newestIn(path, arg ?? `${CASSETTE_FOLDER}/`, onRecovered);
  return recovered(path, onRecovered);
}

/**
 * Paths of all cassettes in a folder and in the folders in it, sorted; those of killed recordings too, which become cassettes when they
 * are opened by that name.
 * @throws TapedeckError `cassette-not-found` when there is no such folder, `cassette-unreadable` when one of them may not be read
 */
export async function cassettesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((error) => {
    throw unreadable((error as NodeJS.ErrnoException).path ?? folder, error);
  });
  const cassettes = names
    .map((name) => (name.endsWith(`.har${JOURNAL_SUFFIX}`) ? name.slice(0, -JOURNAL_SUFFIX.length) : name))
    .filter((name) => name.endsWith('.har'));
  return [...new Set(cassettes)].sort().map((name) => join(folder, name));
}

/**
 * Writes a cassette, entry by entry, whole or not at all.
 * @returns its length in bytes
 * @throws TapedeckError `output-exists` unless `force`; `output-failed`
 */
export async function writeCassette(
  path: string,
  header: CassetteHeader,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  options: { force?: boolean } = {},
): Promise<{ bytes: number }> {
  return writeCassetteFile(path, header, entries, options);
}

async function newestIn(folder: string, shown: string, onRecovered: OnRecovered | undefined): Promise<string> {
  const recoveries = await recoverJournals(folder);
  for (const recovery of recoveries) tellRecovery(recovery, onRecovered);
  let newest: { path: string; modifiedAt: number } | undefined;
  for (const path of await listFolder(folder, (name) => name.endsWith('.har'))) {
    const found = await look(path);
    // Names are sorted, so that the later date and number wins where a checkout gave all files one time.
    if (found && !found.folder && found.modifiedAt >= (newest?.modifiedAt ?? 0)) newest = { path, ...found };
  }
  if (newest) return newest.path;
  const open = recoveries.find(({ outcome }) => outcome === 'running');
  if (open) throw stillRecording(open);
  await readdir(folder).catch((error) => {
    if (!isAbsent(error)) throw unreadable(folder, error);
  });
  throw new TapedeckError('cassette-not-found', `There is no cassette in ${shown}.`, { hint: RECORD_HINT });
}

/** The path itself, or that of the cassette which the journal of that name became. */
async function recovered(path: string, onRecovered: OnRecovered | undefined): Promise<string> {
  const isJournal = path.endsWith(JOURNAL_SUFFIX);
  const recoveries = await recoverJournals(path);
  for (const one of recoveries) tellRecovery(one, onRecovered);
  const [recovery] = recoveries;
  const found = isJournal ? undefined : await look(path);
  if (found) return path;
  if (recovery?.outcome === 'recovered') return recovery.path;
  if (recovery) throw stillRecording(recovery);
  await stat(path).catch((error) => {
    throw unreadable(path, error);
  });
  throw missing(path);
}

/** Nothing is there, in contrast to something that may not be seen. */
function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');
}

function missing(path: string): TapedeckError {
  return new TapedeckError('cassette-not-found', `There is no cassette ${path}.`, { hint: RECORD_HINT });
}

/** Why something cannot be read. What is no error of the system is a bug, and stays as it is. */
function unreadable(path: string, error: unknown): unknown {
  if (errnoOf(error) === undefined) return error;
  if (isAbsent(error)) return missing(path);
  const message = `${path} cannot be read: ${messageOf(error)}.`;
  return new TapedeckError('cassette-unreadable', message, { hint: 'Check who may read it.', cause: error });
}

/** A journal that was only left lying beside its finished cassette is no news. */
function tellRecovery(recovery: Recovery, onRecovered: OnRecovered | undefined): void {
  if (recovery.outcome === 'recovered' && recovery.exchanges > 0) onRecovered?.(recovery.path, recovery.exchanges);
}

function stillRecording(recovery: Recovery): TapedeckError {
  if (recovery.outcome === 'running') {
    const message = `${recovery.journal} is still being recorded by process ${recovery.pid}.`;
    return new TapedeckError('cassette-not-found', message, { hint: 'Stop that recording first: Ctrl+C or SIGTERM.' });
  }
  const why = recovery.outcome === 'failed' ? recovery.message : 'it is no journal of a recording';
  const message = `${recovery.journal} cannot be recovered: ${why}`;
  return new TapedeckError('cassette-unreadable', message, { hint: 'Free some space, or move the file away.' });
}

async function openSource(path: string): Promise<CassetteSource> {
  try {
    const handle = await open(path, 'r');
    const found = await handle.stat();
    if (found.isDirectory()) {
      await handle.close();
      throw new TapedeckError('cassette-not-found', `${path} is a folder.`, { hint: 'Name one of its files.' });
    }
    const small = found.size <= RECORDING_LIMITS.readAtOnceBytes ? await readBytes(handle, 0, found.size) : undefined;
    return {
      path,
      bytes: found.size,
      modifiedAt: found.mtimeMs,
      async read(position, length) {
        return small?.subarray(position, position + length) ?? readBytes(handle, position, length);
      },
      loadIndex: () => loadFile(path + INDEX_SUFFIX),
      async saveIndex(file) {
        const now = await handle.stat();
        if (now.size === found.size && now.mtimeMs === found.mtimeMs) await saveFile(path + INDEX_SUFFIX, file);
      },
      async *blocks() {
        if (small) yield small;
        for (let at = small?.length ?? 0; ; ) {
          const buffer = Buffer.allocUnsafe(RECORDING_LIMITS.readBytes);
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
          if (bytesRead === 0) return;
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
        }
      },
      close: () => handle.close(),
    };
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** An index is derived from its cassette: where it cannot be read or written, work goes on without it. */
async function loadFile(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).catch(() => undefined);
}

async function saveFile(path: string, bytes: Uint8Array): Promise<void> {
  await createFile(path, true, (sink) => sink.write(bytes)).catch((error) => {
    if (!(error instanceof TapedeckError)) throw error;
  });
}

/** A path below the working directory. */
export function pathIn(cwd: string, ...parts: string[]): string {
  return join(resolve(cwd, parts[0] ?? ''), ...parts.slice(1));
}
