import { concatBytes } from '../../../src/util/bytes.ts';

/** Fields of a frame header as they stand in the bytes (RFC 8878 section 3.1.1.1). */
export interface FrameShape {
  /** Window_Descriptor; undefined: single segment. 0x58 is 2 MiB, what Codex sends. */
  window?: number | undefined;
  contentSize?: { value: bigint; bytes: 1 | 2 | 4 | 8 };
  dictionaryId?: { value: number; bytes: 1 | 2 | 4 };
  checksum?: boolean;
  reservedBit?: boolean;
}

export const CODEX_FRAME: FrameShape = { window: 0x58 };

/** A frame of these blocks; `checksum` bytes follow when they are given. */
export function frame(shape: FrameShape, blocks: readonly Uint8Array[], checksum: readonly number[] = []): Uint8Array {
  return concatBytes([frameHeader(shape), ...blocks, Uint8Array.from(checksum)]);
}

export function frameHeader(shape: FrameShape): Uint8Array {
  const dictionary = shape.dictionaryId;
  const dictionaryFlag = dictionary === undefined ? 0 : { 1: 1, 2: 2, 4: 3 }[dictionary.bytes];
  const sizeFlag = shape.contentSize === undefined ? 0 : { 1: 0, 2: 1, 4: 2, 8: 3 }[shape.contentSize.bytes];
  const descriptor =
    (sizeFlag << 6) |
    (shape.window === undefined ? 0x20 : 0) |
    (shape.reservedBit === true ? 0x08 : 0) |
    (shape.checksum === true ? 0x04 : 0) |
    dictionaryFlag;
  const size = shape.contentSize;
  return Uint8Array.from([
    ...[0x28, 0xb5, 0x2f, 0xfd, descriptor],
    ...(shape.window === undefined ? [] : [shape.window]),
    ...(dictionary === undefined ? [] : littleEndian(BigInt(dictionary.value), dictionary.bytes)),
    ...(size === undefined ? [] : littleEndian(size.value - (size.bytes === 2 ? 256n : 0n), size.bytes)),
  ]);
}

const TYPES = { raw: 0, rle: 1, compressed: 2, reserved: 3 } as const;

/** A block header with `size` in it and whatever content; the two need not fit. */
export function block(type: keyof typeof TYPES, size: number, content: readonly number[], last = false): Uint8Array {
  const header = (size << 3) | (TYPES[type] << 1) | (last ? 1 : 0);
  return Uint8Array.from([...littleEndian(BigInt(header), 3), ...content]);
}

export function rawBlock(bytes: Uint8Array, last = false): Uint8Array {
  return concatBytes([block('raw', bytes.length, [], last), bytes]);
}

export function rleBlock(byte: number, count: number, last = false): Uint8Array {
  return block('rle', count, [byte], last);
}

/** A compressed block of `count` (0 to 31) equal bytes: RLE literals in a one-byte header, and no sequences. */
export function compressedBlock(byte: number, count: number, last = false): Uint8Array {
  return block('compressed', 3, [(count << 3) | 1, byte, 0], last);
}

export function skippable(magicNibble: number, content: Uint8Array): Uint8Array {
  const head = [0x50 | magicNibble, 0x2a, 0x4d, 0x18, ...littleEndian(BigInt(content.length), 4)];
  return concatBytes([Uint8Array.from(head), content]);
}

function littleEndian(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
