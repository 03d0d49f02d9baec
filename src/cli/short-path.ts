import { relative } from 'node:path';
import { quoteForShell } from '../util/shell.ts';

/** A path as short as it can be said from the working directory. */
export function shortPath(path: string, { cwd }: { cwd: string }): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || short === '' ? path : short;
}

/** The same as a word of a command line. */
export function pathWord(path: string, io: { cwd: string }): string {
  return quoteForShell(shortPath(path, io));
}
