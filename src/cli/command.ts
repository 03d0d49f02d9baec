import type { Argv, Options } from 'yargs';
import type { Io } from './io.ts';

/** Values that yargs hands over; `--` holds what stood behind the double dash. */
export type Arguments = Record<string, unknown> & { _: (string | number)[]; '--'?: string[] };

/** One command: flags, help and the function that runs it. */
export interface Command {
  /** yargs usage, e.g. `show [cassette] [exchange]`. */
  usage: string;
  /** One line for the list of commands. */
  summary: string;
  flags: Record<string, Options>;
  /** It runs a client that stands behind `--`. */
  takesCommand?: true;
  /** Shown under "Examples": what to type, what it does. At least one. */
  examples: [command: string, what: string][];
  /** More positional arguments or checks. */
  extend?: (yargs: Argv) => Argv;
  /** Runs the command and answers with its exit code. Throws TapedeckError for what stops it. */
  run(args: Arguments, io: Io): Promise<number>;
}
