import type { Splits } from '../../report/results/model.ts';

/** One way to cut the bytes of a stream into reads. */
export interface Split {
  /** For the report. */
  name: string;
  chunks(): Iterable<Uint8Array>;
}

/** Up to this length every two-way split is tried; beyond, as many places evenly spread. 16 KiB: four turns of a usual answer. */
const EVERY_TWO_WAY = 16 * 1024;

/** Two-way splits of a longer stream. Each costs a translation of the whole, so this bounds the time of one exchange to seconds. */
const SAMPLED = 512;

const CR = 0x0d;
const LF = 0x0a;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** The splits of a mode, beside the reads as they were recorded. Made when asked for, since there may be thousands. */
export function* splitsOf(bytes: Uint8Array, mode: Splits): Generator<Split> {
  if (mode === 'none' || bytes.length < 2) return;
  yield { name: 'whole', chunks: () => [bytes] };
  yield { name: 'byte by byte', chunks: () => cutAt(bytes, everyPlace(bytes.length)) };
  const hard = hardPlaces(bytes);
  if (hard.length > 0) {
    yield { name: 'within characters, line ends and escapes', chunks: () => cutAt(bytes, hard) };
  }
  if (mode !== 'all') return;
  for (const place of twoWayPlaces(bytes.length)) {
    yield { name: `in two at byte ${place}`, chunks: () => [bytes.subarray(0, place), bytes.subarray(place)] };
  }
}

function* everyPlace(length: number): Generator<number> {
  for (let place = 1; place < length; place++) yield place;
}

export function* twoWayPlaces(length: number): Generator<number> {
  if (length <= EVERY_TWO_WAY) yield* everyPlace(length);
  else for (let i = 1; i <= SAMPLED; i++) yield Math.floor((i * length) / (SAMPLED + 1));
}

function* cutAt(bytes: Uint8Array, places: Iterable<number>): Generator<Uint8Array> {
  let from = 0;
  for (const place of places) {
    yield bytes.subarray(from, place);
    from = place;
  }
  yield bytes.subarray(from);
}

/**
 * Places where a reader that looks at single reads goes wrong: inside a multi-byte character, inside a line end or between the two of a
 * blank line, and inside a JSON escape.
 */
export function hardPlaces(bytes: Uint8Array): number[] {
  const places: number[] = [];
  for (let at = 0; at + 1 < bytes.length; at++) {
    const [byte, next] = [bytes[at]!, bytes[at + 1]!];
    if (byte === BACKSLASH) {
      const length = next === LOWER_U ? 6 : 2;
      for (let i = 1; i < length && at + i < bytes.length; i++) places.push(at + i);
      at += length - 1;
      continue;
    }
    const inCharacter = (next & 0xc0) === 0x80;
    const inLineEnd = (byte === CR || byte === LF) && (next === LF || next === CR);
    if (inCharacter || inLineEnd) places.push(at + 1);
  }
  return places;
}
