import { type Io, remark } from './io.ts';

/** After this long, milliseconds, people begin to ask themselves whether anything is going on. */
const PATIENCE_MS = 1000;

/** What is said of a cassette that has no index yet, or of all of whose requests something is to be known. */
export const READING = 'Reading the cassette …';

/** Waits for work, and says on a terminal what it is when it takes longer than a second; nothing in a pipe. */
export async function sayWhenSlow<T>(io: Io, what: string, work: Promise<T>): Promise<T> {
  if (!io.stderr.isTTY) return work;
  const timer = setTimeout(() => remark(io, io.errorColour.dim(what)), PATIENCE_MS);
  return work.finally(() => clearTimeout(timer));
}
