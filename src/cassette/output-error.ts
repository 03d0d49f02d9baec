import { TapedeckError } from '../errors.ts';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space, or write to another disk with -o.',
  EACCES: 'Write to a folder that you own with -o.',
  EPERM: 'Write to a folder that you own with -o.',
  EROFS: 'Write to another disk with -o.',
  ENOTDIR: 'A part of the path is a file; name another one with -o.',
  EISDIR: 'The path is a folder; name a file with -o.',
};

/** The error of an output that cannot be created or written. */
export function outputError(path: string, error: unknown): Error {
  const code = errnoOf(error);
  if (error instanceof TapedeckError || code === undefined) return error as Error;
  if (code === 'EEXIST') {
    const hint = 'Name another file with -o, or overwrite it with --force.';
    return new TapedeckError('output-exists', `${path} exists already.`, { hint, cause: error });
  }
  const hint = HINTS[code] ?? 'Write to another place with -o.';
  return new TapedeckError('output-failed', `${path} cannot be written: ${messageOf(error)}`, { hint, cause: error });
}

/** `ENOENT` and the like; undefined for an error that is not the system's. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
