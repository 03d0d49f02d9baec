import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { concatBytes, toUtf8 } from '../../../src/util/bytes.ts';
import { block, CODEX_FRAME, frame, rleBlock } from '../zstd/frames.ts';

export const MIB = 1024 * 1024;
const FOLDER = new URL('../../../fixtures/zstd/', import.meta.url);

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, FOLDER)));
}

/** What the reference program decodes each fixture to: a SHA-256, or `refused`. */
export const EXPECTED: ReadonlyMap<string, string> = new Map(
  readFileSync(new URL('expected.txt', FOLDER), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').reverse() as [string, string]),
);

export const TEXT = fixture('text.json');
export const SHORT = toUtf8('{"model":"stub"}');

/** One frame of so many RLE blocks of 128 KiB: four bytes each on the wire. */
export function rleFrame(blocks: number, window = CODEX_FRAME.window): Uint8Array {
  return frame(
    { window },
    Array.from({ length: blocks }, (_, i) => rleBlock(0x20, 128 * 1024, i === blocks - 1)),
  );
}

/**
 * A compressed block whose 98,303 sequences cost no bits but claim 65,538 bytes each: 6 GB from 24 bytes, if nobody looks
 * at the block's maximum.
 */
export function sequenceBomb(): Uint8Array {
  const content = [0, 255, 0xff, 0xff, 0b01010100, 0, 0, 52, ...Array(7).fill(0xff), 1];
  return frame(CODEX_FRAME, [block('compressed', content.length, content, true)]);
}

/** A frame of so many empty blocks. */
export function emptyBlocks(count: number): Uint8Array {
  const blocks = new Uint8Array(3 * count);
  blocks[3 * (count - 1)] = 1;
  return frame(CODEX_FRAME, [blocks]);
}

export function zeros(mib: number): Uint8Array {
  return new Uint8Array(mib * MIB);
}

/** Brotli at its fastest: a bomb of any size is some hundred bytes. */
export function brotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } });
}

/** Bytes that no coding makes smaller, the same in every run. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A gzip member with every optional field: extra, name, comment, checksum of the header (RFC 1952 section 2.3). */
export function gzipWithFields(bytes: Uint8Array): Uint8Array {
  const member = gzipSync(bytes);
  const head = [0x1f, 0x8b, 8, 0x1c, 0, 0, 0, 0, 0, 3, 2, 0, 1, 2, ...toUtf8('name\0comment\0')];
  return concatBytes([Uint8Array.from(head), member.subarray(10)]);
}

/** `bytes` with one bit of the byte at `at` (from the end when negative) changed. */
export function flipBit(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const index = at < 0 ? bytes.length + at : at;
  changed[index] = changed[index]! ^ 1;
  return changed;
}

/** Every beginning of `bytes` that is shorter, but for those of the lengths in `whole`. */
export function cutsOf(bytes: Uint8Array, whole: readonly number[] = []): Uint8Array[] {
  return Array.from({ length: bytes.length - 1 }, (_, i) => bytes.subarray(0, i + 1)).filter(
    (cut) => !whole.includes(cut.length),
  );
}
