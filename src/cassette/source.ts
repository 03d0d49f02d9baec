import { Buffer } from 'node:buffer';
import { TapedeckError } from '../errors.ts';

/** The bytes of a cassette, and its index. */
export interface CassetteSource {
  path: string;
  bytes: number;
  /** Unix milliseconds of the last change. */
  modifiedAt: number;
  /** All bytes, in new buffers, from the beginning. */
  blocks(): AsyncIterable<Uint8Array>;
  /** Some bytes: fewer than asked for at the end. */
  read(position: number, length: number): Promise<Uint8Array>;
  /** The index beside the cassette; undefined when there is none. */
  loadIndex(): Promise<Uint8Array | undefined>;
  /** Puts an index beside the cassette, unless that changed meanwhile or its folder cannot be written to. */
  saveIndex(file: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Adds the path to what a function without one says. */
export function placed<T>(source: CassetteSource, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    const { code, message, hint } = error;
    throw new TapedeckError(code, `${source.path} cannot be read: ${message}`, hint === undefined ? {} : { hint });
  }
}

/** A cassette that breaks its format. */
export function unreadable({ path }: CassetteSource, what: string, hint: string): TapedeckError {
  return new TapedeckError('cassette-unreadable', `${path} cannot be read: ${what}.`, { hint });
}

/** A cassette that is not as it was recorded. */
export function edited({ path }: CassetteSource, what: string): TapedeckError {
  const hint = 'Record it again, or leave --pristine out.';
  return new TapedeckError('cassette-edited', `${path} was edited: ${what}.`, { hint });
}

/** A cassette whose end is missing. */
export function cutOff(source: CassetteSource, offset: number, line: number): TapedeckError {
  const hint =
    'Restore the file or record again; a recording that was killed leaves a .part file that can be recovered.';
  return unreadable(source, `it is cut off at byte ${offset} (line ${line})`, hint);
}

/** A cassette that is not JSON. @param fault where in `text`; @param from where that begins in the file */
export function notJson(
  source: CassetteSource,
  text: string,
  fault: { message: string; offset: number },
  from: { offset: number; line: number },
): TapedeckError {
  const before = text.slice(0, fault.offset);
  const offset = from.offset + Buffer.byteLength(before);
  const line = from.line + before.split('\n').length - 1;
  const isWhole = from.offset === 0;
  if (isWhole && isBeginning(text, fault.offset)) return cutOff(source, source.bytes, text.split('\n').length);
  const what = `it is not JSON at line ${line} (byte ${offset}): ${fault.message}`;
  return unreadable(source, what, 'Undo the last edit, or restore the file.');
}

/** Whether a text that is not JSON begins like an object and then just ends. */
function isBeginning(text: string, faultAt: number): boolean {
  const bare = text.trim();
  return bare.startsWith('{') && (faultAt >= text.trimEnd().length || !bare.endsWith('}'));
}
