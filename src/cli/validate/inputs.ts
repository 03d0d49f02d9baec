import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { cassettesBelow, findCassette } from '../../cassette/store.ts';
import { TapedeckError } from '../../errors.ts';
import type { Io } from '../io.ts';
import { shortPath } from '../short-path.ts';

/** Something to judge, and what to call it in the report. */
export interface Input {
  name: string;
  path: string;
}

/**
 * The cassettes that the arguments name: files as they are, all `.har` files of a folder and of the folders in it in the order of their names,
 * the newest cassette when there is no argument. What does not exist is found out when it is opened, so that it stops nothing else.
 */
export async function listCassettes(files: readonly string[], io: Io): Promise<Input[]> {
  if (files.length === 0) return [named(await findCassette(undefined, io.cwd), io)];
  const lists = await Promise.all(files.map((file) => listOne(resolve(io.cwd, file))));
  return lists.flat().map((path) => named(path, io));
}

async function listOne(path: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (!isFolder) return [path];
  const cassettes = await cassettesBelow(path);
  if (cassettes.length > 0) return cassettes;
  throw new TapedeckError('cassette-not-found', `There is no cassette in ${path}.`, {
    hint: 'A cassette is a file that ends in .har; `tapedeck record` writes one.',
  });
}

function named(path: string, io: Io): Input {
  return { path, name: shortPath(path, io) };
}

/** Reads a single document, from stdin for `-`. Throws `input-invalid` when it cannot be read. */
export async function readDocument(file: string, io: Io): Promise<string> {
  if (file === '-') return text(io.stdin);
  try {
    return await readFile(resolve(io.cwd, file), 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TapedeckError('input-invalid', `${basename(file)} cannot be read: ${reason}`, { cause });
  }
}
