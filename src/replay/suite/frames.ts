import { Buffer } from 'node:buffer';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { encodeBody } from '../../decode/body.ts';
import { compress } from '../../decode/zstd/libzstd.ts';
import { Xxh64 } from '../../decode/zstd/xxh64.ts';
import { concatBytes, plainBytes } from '../../util/bytes.ts';

/** A coded form of a body that every decoder of that coding must read as the same. */
export interface FrameShape {
  name: string;
  make(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** What libzstd puts before the blocks, as it is called here: magic number, descriptor 0, window (RFC 8878 section 3.1.1). */
const LIBZSTD_HEADER = 6;
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
/** 2 MiB, as Codex writes it. */
const WINDOW = 0x58;
/** A block holds no more (RFC 8878 section 3.1.1.2.4). */
const LARGEST_BLOCK = 128 * 1024;
/** 1 KiB: what an encoder that is flushed for every event writes. */
const SMALL_BLOCK = 1024;
/** Above this a window of 2 MiB does not reach back to the beginning, so a single segment is not the same blocks. */
const SINGLE_SEGMENT = 2 * 1024 * 1024;

const ZSTD_SHAPES: readonly FrameShape[] = [
  { name: 'level 3, no content size', make: (bytes) => encodeBody(bytes, ['zstd']) },
  { name: 'level 1, content size', make: async (bytes) => frame(bytes, await blocksOf(bytes, 1), { size: true }) },
  {
    name: 'level 3, content size and checksum',
    make: async (bytes) => frame(bytes, await blocksOf(bytes, 3), { size: true, checksum: true }),
  },
  { name: 'level 3, checksum', make: async (bytes) => frame(bytes, await blocksOf(bytes, 3), { checksum: true }) },
  { name: 'raw blocks', make: (bytes) => frame(bytes, rawBlocks(bytes, LARGEST_BLOCK), {}) },
  { name: 'small raw blocks', make: (bytes) => frame(bytes, rawBlocks(bytes, SMALL_BLOCK), { checksum: true }) },
  {
    name: 'single segment',
    make: (bytes) =>
      frame(bytes, rawBlocks(bytes, LARGEST_BLOCK), { single: bytes.length <= SINGLE_SEGMENT, size: true }),
  },
  {
    name: 'two frames',
    make: async (bytes) => concatBytes(await Promise.all(halves(bytes).map((half) => encodeBody(half, ['zstd'])))),
  },
  {
    name: 'skippable frames around',
    make: async (bytes) => concatBytes([skippable(0), await encodeBody(bytes, ['zstd']), skippable(15)]),
  },
  {
    name: 'an empty frame before',
    make: async (bytes) =>
      concatBytes([frame(new Uint8Array(0), rawBlocks(new Uint8Array(0), 1), {}), await encodeBody(bytes, ['zstd'])]),
  },
];

const GZIP_SHAPES: readonly FrameShape[] = [
  { name: 'one member', make: (bytes) => encodeBody(bytes, ['gzip']) },
  { name: 'not compressed', make: (bytes) => plainBytes(gzipSync(bytes, { level: 0 })) },
  { name: 'two members', make: (bytes) => concatBytes(halves(bytes).map((half) => plainBytes(gzipSync(half)))) },
];

const DEFLATE_SHAPES: readonly FrameShape[] = [
  { name: 'with the zlib wrapper', make: (bytes) => encodeBody(bytes, ['deflate']) },
  { name: 'without it', make: (bytes) => plainBytes(deflateRawSync(bytes)) },
];

const SHAPES: Readonly<Record<string, readonly FrameShape[]>> = {
  zstd: ZSTD_SHAPES,
  gzip: GZIP_SHAPES,
  deflate: DEFLATE_SHAPES,
  br: [{ name: 'one stream', make: (bytes) => encodeBody(bytes, ['br']) }],
};

/** The shapes in which a body with these codings can come: the outermost coding in each of its own, the inner ones as we write them. */
export function shapesOf(encodings: readonly string[]): FrameShape[] {
  const outermost = encodings.at(-1) ?? '';
  const inner = encodings.slice(0, -1);
  const shapes = Object.hasOwn(SHAPES, outermost) ? SHAPES[outermost]! : [];
  return shapes.map(({ name, make }) => ({
    name: `${outermost}, ${name}`,
    make: async (bytes) => make(await encodeBody(bytes, inner)),
  }));
}

async function blocksOf(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  const coded = await compress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), level);
  return plainBytes(coded).subarray(LIBZSTD_HEADER);
}

interface FrameOptions {
  size?: boolean;
  checksum?: boolean;
  /** No window: the content is the window. */
  single?: boolean;
}

function frame(bytes: Uint8Array, blocks: Uint8Array, { size, checksum, single }: FrameOptions): Uint8Array {
  // A content size of 8 bytes has flag 3; a single segment has no window descriptor (RFC 8878 section 3.1.1.1.1).
  const descriptor = (size ? 0xc0 : 0) | (single ? 0x20 : 0) | (checksum ? 0x04 : 0);
  return concatBytes([
    Uint8Array.from([...MAGIC, descriptor, ...(single ? [] : [WINDOW])]),
    ...(size ? [littleEndian(bytes.length, 8)] : []),
    blocks,
    ...(checksum ? [littleEndian(checksumOf(bytes), 4)] : []),
  ]);
}

function checksumOf(bytes: Uint8Array): number {
  const hash = new Xxh64();
  hash.update(bytes);
  return hash.low32();
}

function rawBlocks(bytes: Uint8Array, size: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length || at === 0; at += size) {
    const part = bytes.subarray(at, at + size);
    const last = at + size >= bytes.length ? 1 : 0;
    blocks.push(littleEndian(part.length * 8 + last, 3), part);
  }
  return concatBytes(blocks);
}

/** A frame of four bytes that decoders pass over (RFC 8878 section 3.1.2). */
function skippable(nibble: number): Uint8Array {
  return Uint8Array.from([0x50 | nibble, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
}

function halves(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  const middle = bytes.length >> 1;
  return [bytes.subarray(0, middle), bytes.subarray(middle)];
}

function littleEndian(value: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, rest = value; i < length; i++, rest = Math.floor(rest / 256)) bytes[i] = rest % 256;
  return bytes;
}
