import { TapedeckError } from '../errors.ts';
import type { Io } from './io.ts';
import { isReaderGone } from './output-guard.ts';

/**
 * Writes bytes to stdout and waits until they have left: they may be many, and a pipe slow. A reader that is gone stops nothing, as the
 * exit code still says what was found.
 * @throws TapedeckError `output-failed`
 */
export function writeOut(io: Io, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    io.stdout.write(bytes, (error) => {
      if (!error || isReaderGone(error)) resolve();
      else reject(new TapedeckError('output-failed', `Cannot write to stdout: ${error.message}`, { cause: error }));
    });
  });
}
