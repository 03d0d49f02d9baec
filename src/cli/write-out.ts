import { TapedeckError } from '../errors.ts';
import type { Io } from './io.ts';

/** Writes bytes to stdout and waits until they have left: they may be many, and a pipe slow. */
export function writeOut(io: Io, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    io.stdout.write(bytes, (error) => {
      if (error) {
        reject(new TapedeckError('output-failed', `Cannot write to stdout: ${error.message}`, { cause: error }));
      } else resolve();
    });
  });
}
