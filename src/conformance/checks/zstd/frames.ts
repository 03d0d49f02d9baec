import { encodeBody } from '../../../decode/body.ts';
import { concatBytes } from '../../../util/bytes.ts';

/*
 * Coded bodies that must be refused, made by hand (RFC 8878). A frame here: magic number, descriptor, window, blocks.
 */

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** 2 MiB, as Codex writes it. */
const WINDOW = 0x58;
const MIB = 1024 * 1024;

/** A run of one byte: four bytes on the wire for up to 128 KiB (RFC 8878 section 3.1.1.2). */
function runBlock(size: number, last: boolean): Uint8Array {
  const header = size * 8 + 2 + (last ? 1 : 0);
  return Uint8Array.from([header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff, 0x20]);
}

/** A frame of spaces: some hundreds of bytes that become so many MiB. */
function spaces(mib: number): Uint8Array {
  const blocks = mib * 8;
  const runs = Array.from({ length: blocks }, (_, i) => runBlock(128 * 1024, i === blocks - 1));
  return concatBytes([Uint8Array.from([...MAGIC, 0, WINDOW]), ...runs]);
}

/** One bit of a byte counted from the end is turned. */
function flipped(bytes: Uint8Array, fromEnd: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - fromEnd]! ^= 1;
  return copy;
}

/** The frame that libzstd wrote, with another descriptor (and more header) in front of its blocks. */
function withHeader(coded: Uint8Array, header: readonly number[]): Uint8Array {
  return concatBytes([Uint8Array.from([...MAGIC, ...header]), coded.subarray(MAGIC.length + 2)]);
}

/** What is wrong with each, and how it is made from a good body. */
export const BAD_ZSTD: Readonly<
  Record<string, { what: string; make(good: Uint8Array, body: Uint8Array): Uint8Array | Promise<Uint8Array> }>
> = {
  truncated: { what: 'a frame that is cut in its middle', make: (good) => good.subarray(0, good.length >> 1) },
  'trailing-junk': {
    what: 'a frame with bytes behind it',
    make: (good) => concatBytes([good, Uint8Array.from([0x41, 0x42])]),
  },
  // Content checksum: descriptor 4, and four bytes that do not fit.
  'bad-checksum': {
    what: 'a frame whose checksum does not fit',
    make: (good) => flipped(concatBytes([withHeader(good, [4, WINDOW]), Uint8Array.from([1, 2, 3, 4])]), 1),
  },
  'dictionary-id': { what: 'a frame that needs a dictionary', make: (good) => withHeader(good, [1, WINDOW, 77]) },
  // 2 GiB: exponent 21 (RFC 8878 section 3.1.1.1.2; RFC 9659 allows 8 MiB).
  'window-over-limit': { what: 'a frame with a window of 2 GiB', make: (good) => withHeader(good, [0, 21 << 3]) },
  'wrong-label': { what: 'plain JSON under `content-encoding: zstd`', make: (_good, body) => body },
  'gzip-inside': { what: 'gzip under `content-encoding: zstd`', make: (_good, body) => encodeBody(body, ['gzip']) },
  bomb: { what: 'a frame of 9 KB that becomes 256 MiB', make: () => spaces(256) },
  'bomb-frames': {
    what: 'frames of some KB that become 256 MiB together',
    make: () => concatBytes(Array.from({ length: 32 }, () => spaces(8))),
  },
  // What the inner one becomes is known only when the outer one is undone.
  'bomb-nested': { what: 'zstd within zstd that becomes 256 MiB', make: () => encodeBody(spaces(256), ['zstd']) },
};

/** A long body of a session: 1.5 MiB of JSON that compresses as prompts do. */
export const LONG_TEXT = Array.from({ length: 24 * 1024 }, (_, i) => `line ${i}: naïve 你好 🙂 and some more of it`)
  .join('\n')
  .slice(0, 1.5 * MIB);
