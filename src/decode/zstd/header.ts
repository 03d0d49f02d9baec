/** Reading of zstd frame and block headers (RFC 8878 section 3.1). All offsets are into the bytes given. */

/** 128 KiB: Block_Maximum_Size is this or the window, whichever is smaller (RFC 8878 section 3.1.1.2.4). */
export const BLOCK_MAXIMUM = 128 * 1024;
export const MAGIC_BYTES = 4;
/** Magic and size of a skippable frame. */
export const SKIPPABLE_HEADER_BYTES = 8;
export const BLOCK_HEADER_BYTES = 3;
export const CHECKSUM_BYTES = 4;

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

export interface FrameHeader {
  /** Length of the header with its magic, in bytes. */
  bytes: number;
  descriptor: number;
  singleSegment: boolean;
  checksum: boolean;
  windowSize: number;
  /** 0: none. */
  dictionaryId: number;
  /** null: not in the header. */
  contentSize: number | null;
  /** What one block decodes to at most. */
  blockMaximum: number;
}

export type BlockType = 'raw' | 'rle' | 'compressed' | 'reserved';

export interface BlockHeader {
  last: boolean;
  type: BlockType;
  /** Block_Size: of an RLE block what it decodes to, else its length after the header. */
  size: number;
}

const BLOCK_TYPES: readonly BlockType[] = ['raw', 'rle', 'compressed', 'reserved'];

/** What the first four bytes begin. */
export function frameKind(bytes: Uint8Array): 'frame' | 'skippable' | 'unknown' {
  const magic = readUint(bytes, 0, 4);
  if (magic === FRAME_MAGIC) return 'frame';
  // The 16 magic numbers 0x184D2A50 to 0x184D2A5F (RFC 8878 section 3.1.2); integers, so no unsigned shift is needed.
  return magic >= SKIPPABLE_MAGIC && magic <= SKIPPABLE_MAGIC + 15 ? 'skippable' : 'unknown';
}

/** How many bytes the user data of a skippable frame has; `bytes` hold its whole header. */
export function skippableSize(bytes: Uint8Array): number {
  return readUint(bytes, MAGIC_BYTES, 4);
}

/** Length of a frame header, magic included, from its descriptor byte. */
export function frameHeaderBytes(descriptor: number): number {
  const fields = headerFields(descriptor);
  return MAGIC_BYTES + 1 + fields.window + fields.dictionaryId + fields.contentSize;
}

/** Reads a frame header (RFC 8878 section 3.1.1.1); `bytes` hold at least `frameHeaderBytes` of it. */
export function readFrameHeader(bytes: Uint8Array): FrameHeader {
  const descriptor = bytes[MAGIC_BYTES]!;
  const fields = headerFields(descriptor);
  const dictionaryAt = MAGIC_BYTES + 1 + fields.window;
  const contentSizeAt = dictionaryAt + fields.dictionaryId;
  // A two-byte size counts from 256, since smaller ones fit in one byte.
  const contentSize = readUint(bytes, contentSizeAt, fields.contentSize) + (fields.contentSize === 2 ? 256 : 0);
  const singleSegment = fields.window === 0;
  const windowSize = singleSegment ? contentSize : readWindow(bytes[MAGIC_BYTES + 1]!);
  return {
    bytes: contentSizeAt + fields.contentSize,
    descriptor,
    singleSegment,
    checksum: (descriptor & 0x04) !== 0,
    windowSize,
    dictionaryId: readUint(bytes, dictionaryAt, fields.dictionaryId),
    contentSize: fields.contentSize === 0 ? null : contentSize,
    blockMaximum: Math.min(windowSize, BLOCK_MAXIMUM),
  };
}

/** The reserved bit must be 0: a decoder that does not know its meaning cannot decode the frame. */
export function hasReservedBit(descriptor: number): boolean {
  return (descriptor & 0x08) !== 0;
}

/** Reads the three bytes of a block header (RFC 8878 section 3.1.1.2). */
export function readBlockHeader(bytes: Uint8Array): BlockHeader {
  const value = readUint(bytes, 0, BLOCK_HEADER_BYTES);
  return { last: (value & 1) === 1, type: BLOCK_TYPES[(value >> 1) & 3]!, size: value >> 3 };
}

/** Bytes that follow a block header. */
export function blockContentBytes(header: BlockHeader): number {
  return header.type === 'rle' ? 1 : header.size;
}

/** Lengths of the header's fields, in bytes. */
function headerFields(descriptor: number): { window: number; dictionaryId: number; contentSize: number } {
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  return {
    window: singleSegment ? 0 : 1,
    dictionaryId: DICTIONARY_ID_BYTES[descriptor & 3]!,
    contentSize: sizeFlag === 0 && singleSegment ? 1 : CONTENT_SIZE_BYTES[sizeFlag]!,
  };
}

/** Window_Descriptor: five bits of exponent and three of mantissa (RFC 8878 section 3.1.1.1.2); up to 3.75 TiB. */
function readWindow(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** Little-endian unsigned integer; exact below 2^53, and far above every limit beyond that. */
function readUint(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}
