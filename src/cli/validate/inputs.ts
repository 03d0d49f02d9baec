import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { cassettesBelow } from '../../cassette/store.ts';
import { TapedeckError } from '../../errors.ts';
import { fromUtf8, isUtf8, toUtf8 } from '../../util/bytes.ts';
import { findNamed } from '../find-cassette.ts';
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
  if (files.length === 0) return [named(await findNamed(undefined, io), io)];
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

/**
 * Reads a single document, from stdin for `-`.
 * @throws TapedeckError `input-invalid` when it cannot be read, or is not UTF-8: JSON and event streams are nothing else
 */
export async function readDocument(file: string, io: Io): Promise<string> {
  const bytes = file === '-' ? await buffer(io.stdin) : await readBytes(file, io);
  const at = notUtf8At(bytes);
  if (at === undefined) return fromUtf8(bytes);
  throw new TapedeckError(
    'input-invalid',
    `${file === '-' ? 'stdin' : basename(file)} is not UTF-8 from byte ${at} on.`,
    {
      hint: 'A coded body has to be decoded first; `tapedeck show --leg` decodes those of a cassette.',
    },
  );
}

/** Offset of the first byte that a decoder has to replace; undefined where there is none. */
function notUtf8At(bytes: Uint8Array): number | undefined {
  if (isUtf8(bytes)) return undefined;
  const replaced = toUtf8(fromUtf8(bytes));
  return bytes.findIndex((byte, at) => byte !== replaced[at]);
}

/** @throws TapedeckError `input-invalid` for a text that has no line of an event stream, and so cannot be judged as one */
export function refuseOtherThanStream(text: string, name: string): void {
  if (text.trim() === '' || /(?:^|[\r\n]|^\uFEFF)(?:data|event|id|retry)?:/.test(text)) return;
  throw new TapedeckError(
    'input-invalid',
    `${name} is no event stream: no line of it begins with \`data:\` or \`event:\`.`,
    {
      hint: 'For a JSON document name another kind, e.g. --as responses.response.',
    },
  );
}

async function readBytes(file: string, io: Io): Promise<Uint8Array> {
  try {
    return await readFile(resolve(io.cwd, file));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TapedeckError('input-invalid', `${basename(file)} cannot be read: ${reason}`, { cause });
  }
}
