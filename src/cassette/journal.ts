import { writeSync } from 'node:fs';
import {
  constants,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { sha256Hex } from '../util/sha256.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { errnoOf, outputError } from './output-error.ts';
import type { JournalPart } from './raw-records.ts';
import type { JournalOwner } from './records.ts';

/** A journal as a file: appended to by one process, read again at the end or by whoever recovers it. */
export interface JournalFile {
  append(bytes: Uint8Array): Promise<void>;
  /** Fewer bytes than asked for at the end of the file. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** Whether the file has no name any more: deleted, or its folder is. */
  deleted(): Promise<boolean>;
  /** Sets its time, as a sign of life. */
  touch(): Promise<void>;
  close(): Promise<void>;
}

/** Creates a journal that does not exist. @throws the system's error, EEXIST when there is one */
export async function createJournalFile(path: string): Promise<JournalFile> {
  await makeFolderOf(path);
  return journalFile(await open(path, 'wx+'));
}

async function makeFolderOf(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    // A file where the folder should be; EEXIST would be read as one where the cassette should be.
    if (errnoOf(error) === 'EEXIST') Object.assign(error as Error, { code: 'ENOTDIR' });
    throw error;
  }
}

/** Opens a journal for reading. */
export async function openJournalFile(path: string): Promise<JournalFile> {
  return journalFile(await open(path, 'r'));
}

/** Opens a journal that exists, to go on with it in a thread that does nothing else: it may wait for the disk. */
export async function openJournalToAppend(path: string): Promise<JournalFile> {
  const handle = await open(path, constants.O_RDWR | constants.O_APPEND);
  return {
    ...journalFile(handle),
    async append(bytes) {
      for (let done = 0; done < bytes.length; ) done += writeSync(handle.fd, bytes, done);
    },
  };
}

function journalFile(handle: FileHandle): JournalFile {
  return {
    async append(bytes) {
      for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done)).bytesWritten;
    },
    async read(position, length) {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    },
    deleted: async () => (await handle.stat()).nlink === 0,
    async touch() {
      const now = new Date();
      await handle.utimes(now, now);
    },
    close: () => handle.close(),
  };
}

/**
 * Appends lines in the order given; what comes while a write is running goes into the next one together. After a
 * failure nothing more is written.
 */
export class JournalWriter {
  readonly #file: JournalFile;
  #queue: { parts: readonly JournalPart[]; done: () => void; failed: (error: unknown) => void }[] = [];
  #running = false;
  #failure: { error: unknown } | undefined;
  #checkedAt = 0;
  /** Used again and again: one write runs at a time. */
  #bytes = Buffer.alloc(0);

  constructor(file: JournalFile) {
    this.#file = file;
  }

  /**
   * Resolves when the system has the lines, so that the end of this process does not lose them.
   * @param parts whole records
   */
  append(parts: readonly JournalPart[]): Promise<void> {
    return new Promise((done, failed) => {
      this.#queue.push({ parts, done, failed });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Whoever is being called in the same turn can still join the first write.
    await null;
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0);
      try {
        if (this.#failure) throw this.#failure.error;
        await this.#file.append(this.#bytesOf(batch.flatMap(({ parts }) => parts)));
        await this.#checkDeleted();
        for (const { done } of batch) done();
      } catch (error) {
        this.#failure ??= { error };
        for (const { failed } of batch) failed(error);
      }
    }
    this.#running = false;
  }

  #bytesOf(parts: readonly JournalPart[]): Uint8Array {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const { writeBytes } = RECORDING_LIMITS;
    // What one long line needed is not kept.
    if (this.#bytes.length < length || this.#bytes.length > Math.max(length, writeBytes)) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(length, writeBytes / 4));
    }
    let at = 0;
    for (const part of parts) {
      if (typeof part === 'string') this.#bytes.write(part, at, 'latin1');
      else this.#bytes.set(part, at);
      at += part.length;
    }
    return this.#bytes.subarray(0, at);
  }

  /** Writing to a deleted file succeeds, so it has to be looked for: once a second, since it costs a system call. */
  async #checkDeleted(): Promise<void> {
    if (performance.now() - this.#checkedAt < 1000) return;
    this.#checkedAt = performance.now();
    if (await this.#file.deleted()) throw new Error('the journal was deleted while it was being written');
  }
}

/** This process as the owner of a journal. */
export async function thisProcess(): Promise<JournalOwner> {
  return { pid: process.pid, started: (await startTimeOf(process.pid)) ?? null, machine: await thisMachine() };
}

/**
 * Whether the process that wrote a journal may still be alive. On its own machine its id and start time decide; where they
 * mean nothing (another host, another container, a system that does not tell start times), the journal's age does, since a
 * living recorder touches it.
 * @param modifiedAt unix milliseconds of the journal's last change
 */
export async function isAlive(owner: JournalOwner, modifiedAt: number): Promise<boolean> {
  const recent = Date.now() - modifiedAt < RECORDING_LIMITS.silentMs;
  if (owner.machine !== (await thisMachine())) return recent;
  if (!processExists(owner.pid)) return false;
  const started = await startTimeOf(owner.pid);
  return owner.started !== null && started !== undefined ? owner.started === started : recent;
}

/** Stands for this machine in names of files. */
export async function machineMark(): Promise<string> {
  return sha256Hex(await thisMachine()).slice(0, 8);
}

export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** Field 22 of proc_pid_stat(5); the name before it is in parentheses and may hold anything. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

async function thisMachine(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
  const space = await readlink('/proc/self/ns/pid').catch(() => '');
  return [hostname(), boot.trim(), space].join(' ').trim();
}

/** The bytes of a file that is being created. */
export interface FileSink {
  write(bytes: Uint8Array): Promise<void>;
}

let temporaries = 0;

/**
 * Creates a file whole or not at all: written beside its place, flushed to the disk, then given its name.
 * @returns its length in bytes
 * @throws TapedeckError `output-exists` unless `force`, `output-failed`; what `fill` throws passes through
 */
export async function createFile(
  path: string,
  force: boolean,
  fill: (sink: FileSink) => Promise<void>,
): Promise<number> {
  temporaries += 1;
  const temporary = `${path}.${process.pid}-${temporaries}-${await machineMark()}.tmp`;
  let bytes = 0;
  try {
    await makeFolderOf(path);
    const handle = await open(temporary, 'w');
    try {
      await fill({
        async write(chunk) {
          bytes += chunk.length;
          await handle.writeFile(chunk);
        },
      });
      await handle.sync();
    } finally {
      await handle.close();
    }
    await (force ? rename(temporary, path) : nameOnce(temporary, path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw outputError(path, error);
  }
  return bytes;
}

/** Gives a file its name only if that is free; file systems without hard links get an empty file first. */
async function nameOnce(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
    await unlink(temporary);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errnoOf(error) ?? '')) throw error;
    await (await open(path, 'wx')).close();
    await rename(temporary, path);
  }
}

export async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
}

/** What is at a path, and when it last changed (unix milliseconds); undefined when nothing is there. */
export async function look(path: string): Promise<{ folder: boolean; modifiedAt: number; bytes: number } | undefined> {
  return stat(path).then(
    (found) => ({ folder: found.isDirectory(), modifiedAt: found.mtimeMs, bytes: found.size }),
    () => undefined,
  );
}

/** Full paths of the files in a folder whose names `wanted` accepts, sorted; none when there is no such folder. */
export async function listFolder(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter(wanted)
    .sort()
    .map((name) => join(folder, name));
}

/** Folder and name of a path. */
export function splitPath(path: string): { folder: string; name: string } {
  return { folder: dirname(path), name: basename(path) };
}
