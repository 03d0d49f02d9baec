import { writeSync } from 'node:fs';
import { EXIT } from '../errors.ts';

/** A reader that has seen enough (`| head`) is no failure: what is left is written to nobody. */
export function isReaderGone(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  // The second one is what a write after the first one gets.
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}

/** Codes with which a command that failed has said why. */
const TOLD: readonly unknown[] = [EXIT.output, EXIT.tapedeckFailed];

/**
 * Sees to it that a failure of stdout ends the process with one line and the exit code for it, whenever it comes: a file takes what
 * is written at once, a pipe after the command is over. A failure of stderr can be told by the exit code alone.
 * @param hasCommand a command runs behind `--`, so that any other exit code would be taken for its own
 */
export function guardOutput(hasCommand: boolean): void {
  let failed: string | undefined;
  for (const [name, stream] of [['stdout', process.stdout] as const, ['stderr', process.stderr] as const]) {
    stream.on('error', (error: Error) => {
      if (!isReaderGone(error)) failed ??= `error Cannot write to ${name}: ${error.message}\n`;
    });
  }
  process.on('exit', () => {
    if (failed === undefined) return;
    if (!TOLD.includes(process.exitCode)) tell(failed);
    process.exitCode = hasCommand ? EXIT.tapedeckFailed : EXIT.output;
  });
}

function tell(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // Nobody is left to be told.
  }
}
