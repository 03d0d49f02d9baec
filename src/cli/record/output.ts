import { chooseCassettePath } from '../../cassette/output-path.ts';
import type { RecordingSummary } from '../../cassette/tap.ts';
import { TapedeckError } from '../../errors.ts';
import type { Arguments } from '../command.ts';
import type { Io } from '../io.ts';
import { appendingOutput } from './append.ts';
import { splittingOutput } from './split.ts';

/** Where a recording goes, and what is made of it when it is over. */
export interface RecordingOutput {
  /** The cassette that is recorded. */
  path: string;
  /** It may replace an existing one. */
  force: boolean;
  /** A recording without an exchange is no cassette. */
  dropEmpty: boolean;
  /** Gets the recording when it is whole, on the disk. */
  finish(summary: RecordingSummary): Promise<RecordedFile[]>;
}

/** A cassette that holds what was recorded. */
export interface RecordedFile {
  path: string;
  bytes: number;
  /** All that it has. */
  exchanges: number;
  /** Of `--split`: the session that it has; null: what belongs to none. */
  session?: string | null;
  /** Of `--append`: how many of the exchanges are new. */
  appended?: number;
}

/**
 * The output that the flags ask for. Everything that can be wrong with it is found here, before any traffic.
 * @throws TapedeckError `usage`, `output-exists`; of `--append` what opening its cassette throws
 */
export async function chooseOutput(args: Arguments, io: Io): Promise<RecordingOutput> {
  const output = args.output as string | undefined;
  const force = args.force as boolean;
  const how = (['append', 'split'] as const).filter((flag) => args[flag] !== undefined && args[flag] !== false);
  if (how.length > 1)
    throw usage('--append and --split cannot both be given.', 'Append first; `tapedeck edit split` splits.');
  if (how[0] !== undefined && force) {
    throw usage(`--force has no use with --${how[0]}, which overwrites nothing.`, 'Leave it out.');
  }
  if (how[0] === 'append') return appendingOutput(output, io);
  const path = await chooseCassettePath(output, io.cwd, new Date(), force);
  if (how[0] === 'split') return splittingOutput(path);
  return plainOutput(path, { force, dropEmpty: output === undefined });
}

/** The recording as it is. */
export function plainOutput(path: string, { force = false, dropEmpty = false } = {}): RecordingOutput {
  return {
    path,
    force,
    dropEmpty,
    finish: async ({ path, bytes, exchanges }) => [{ path, bytes, exchanges }],
  };
}

function usage(message: string, hint: string): TapedeckError {
  return new TapedeckError('usage', message, { hint });
}
