import { ensure } from './damage.ts';
import type { HuffmanTable } from './huffman.ts';
import { decodeHuffman, readHuffmanTable } from './huffman.ts';

/** What the header of a literals section says. Indexes are into the block. */
export interface LiteralsHeader {
  type: 'raw' | 'rle' | 'coded' | 'coded-as-before';
  /** How many literals there are. */
  size: number;
  streams: 1 | 4;
  /** Where the content stands, and where the sequences begin after it. */
  from: number;
  next: number;
}

const TYPES = ['raw', 'rle', 'coded', 'coded-as-before'] as const;
/** By size format (RFC 8878 section 3.1.1.3.1.1): length of the header, where the size stands in it and its bits. */
const PLAIN_FORMATS = [
  { bytes: 1, at: 3, bits: 5 },
  { bytes: 2, at: 4, bits: 12 },
  { bytes: 1, at: 3, bits: 5 },
  { bytes: 3, at: 4, bits: 20 },
] as const;
/** The coded size follows the size, with as many bits. */
const CODED_FORMATS = [
  { bytes: 3, at: 4, bits: 10, streams: 1 },
  { bytes: 3, at: 4, bits: 10, streams: 4 },
  { bytes: 4, at: 4, bits: 14, streams: 4 },
  { bytes: 5, at: 4, bits: 18, streams: 4 },
] as const;
/** Three sizes of two bytes each, in front of four streams. */
const JUMP_TABLE_BYTES = 6;
/** libzstd takes four streams for no fewer literals. */
const FEWEST_OF_FOUR = 6;

/** Reads the header of the literals section at index `from` of `block`; at most `most` literals. */
export function readLiteralsHeader(block: Uint8Array, from: number, most: number): LiteralsHeader {
  const head = block[from]!;
  const type = TYPES[(head & 3) as 0 | 1 | 2 | 3];
  const coded = type === 'coded' || type === 'coded-as-before';
  const format = (coded ? CODED_FORMATS : PLAIN_FORMATS)[((head >> 2) & 3) as 0 | 1 | 2 | 3];
  const at = from + format.bytes;
  ensure(at <= block.length, 'literals are cut off');
  // Up to 40 bits, which is more than a shift can hold.
  let value = 0;
  for (let i = at - 1; i >= from; i--) value = value * 256 + block[i]!;
  const size = Math.floor(value / 2 ** format.at) % 2 ** format.bits;
  const content = coded ? Math.floor(value / 2 ** (format.at + format.bits)) : type === 'rle' ? 1 : size;
  ensure(size <= most && (size > 0 || !coded), 'as many literals as a block cannot have');
  ensure(at + content <= block.length, 'literals are cut off');
  return { type, size, streams: 'streams' in format ? format.streams : 1, from: at, next: at + content };
}

/**
 * Decodes a literals section (RFC 8878 section 3.1.1.3.1). The literals may stand in `scratch`, which has room for them.
 * `previous` is the Huffman table of the block before; `table` is the one for the block after.
 */
export function decodeLiterals(
  block: Uint8Array,
  header: LiteralsHeader,
  scratch: Uint8Array,
  previous: HuffmanTable | undefined,
): { bytes: Uint8Array; table: HuffmanTable | undefined } {
  const { type, size, from, next } = header;
  if (type === 'raw') return { bytes: block.subarray(from, next), table: previous };
  const output = scratch.subarray(0, size);
  if (type === 'rle') return { bytes: output.fill(block[from]!), table: previous };
  const fresh = type === 'coded' ? readHuffmanTable(block, from, next) : undefined;
  const table = fresh?.table ?? previous;
  ensure(table !== undefined, 'literals without a Huffman table');
  const decodeStreams = header.streams === 1 ? decodeHuffman : decodeFourStreams;
  decodeStreams(block, fresh?.next ?? from, next, table, output);
  return { bytes: output, table };
}

/** Four streams of a quarter each, rounded up; the last is what is left (RFC 8878 section 3.1.1.3.1.6). */
function decodeFourStreams(block: Uint8Array, from: number, to: number, table: HuffmanTable, output: Uint8Array): void {
  const quarter = (output.length + 3) >> 2;
  ensure(output.length >= FEWEST_OF_FOUR && quarter * 3 <= output.length, 'too few literals for four streams');
  ensure(from + JUMP_TABLE_BYTES <= to, 'literals are cut off');
  let at = from + JUMP_TABLE_BYTES;
  for (let i = 0; i < 4; i++) {
    const size = block[from + 2 * i]! | (block[from + 2 * i + 1]! << 8);
    const end = i < 3 ? at + size : to;
    ensure(end <= to, 'literals are cut off');
    decodeHuffman(block, at, end, table, output.subarray(i * quarter, i < 3 ? (i + 1) * quarter : output.length));
    at = end;
  }
}
