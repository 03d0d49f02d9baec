import { stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { CASSETTE_FOLDER, cassettesBelow } from '../../cassette/store.ts';
import { TapedeckError } from '../../errors.ts';
import type { SuiteInput } from '../../replay/suite.ts';
import type { Io } from '../io.ts';

/**
 * The cassettes that the arguments name, each once: files, all `.har` files of folders and of what is in them, and what globs (`*`, `?`,
 * `**`) fit, for shells that do not expand them; `cassettes/` when there is no argument.
 * @throws TapedeckError `cassette-not-found`; `cassette-unreadable` for a folder that may not be read
 */
export async function findInputs(args: readonly string[], { cwd }: Pick<Io, 'cwd'>): Promise<SuiteInput[]> {
  const paths = args.length > 0 ? (await Promise.all(args.map((arg) => findOne(arg, cwd)))).flat() : await findOwn(cwd);
  return [...new Set(paths)].map((path) => ({ path, name: nameOf(path, cwd) }));
}

/** From the working directory and with slashes, so that a report is the same on every machine. */
function nameOf(path: string, cwd: string): string {
  return relative(cwd, path).split(sep).join('/');
}

/** What `record` writes to. */
async function findOwn(cwd: string): Promise<string[]> {
  const files = await cassettesBelow(resolve(cwd, CASSETTE_FOLDER)).catch(noneWhereAbsent);
  return some(files, `${CASSETTE_FOLDER}/`);
}

async function findOne(arg: string, cwd: string): Promise<string[]> {
  const path = resolve(cwd, arg);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return some(await cassettesBelow(path), arg);
  // A killed recording becomes a cassette when it is opened by its name; what does not exist is told then.
  if (found || !/[*?]/.test(arg)) return [path];
  const fixed = arg.split('/').findIndex((part) => /[*?]/.test(part));
  const base = resolve(cwd, arg.split('/').slice(0, fixed).join('/') || (arg.startsWith('/') ? '/' : '.'));
  const pattern = globPattern(arg.split('/').slice(fixed).join('/'));
  const files = await cassettesBelow(base).catch(noneWhereAbsent);
  return some(
    files.filter((file) => pattern.test(relative(base, file).split(sep).join('/'))),
    arg,
  );
}

function noneWhereAbsent(error: unknown): string[] {
  if (error instanceof TapedeckError && error.code === 'cassette-not-found') return [];
  throw error;
}

function some(files: string[], arg: string): string[] {
  if (files.length > 0) return files;
  throw new TapedeckError('cassette-not-found', `There is no cassette in ${arg}.`, {
    hint: 'A cassette is a file that ends in .har; `tapedeck record` writes one.',
  });
}

/** `**` is any folders, `*` anything within a name, `?` one character of it. */
function globPattern(glob: string): RegExp {
  const text = glob.replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (found) => {
    if (found === '**/') return '(?:[^/]+/)*';
    if (found === '**') return '.*';
    if (found === '*') return '[^/]*';
    return found === '?' ? '[^/]' : `\\${found}`;
  });
  return new RegExp(`^${text}$`);
}
