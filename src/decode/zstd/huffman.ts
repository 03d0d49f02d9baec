import { BackwardBits } from './bits.ts';
import { ensure } from './damage.ts';
import { decodeInterleaved, readFseTable } from './fse.ts';

/** A Huffman decoding table, looked up with the next `log` bits. */
export interface HuffmanTable {
  log: number;
  symbols: Uint8Array;
  /** Length of the code of each entry, in bits. */
  lengths: Uint8Array;
}

/** Longest code (RFC 8878 section 4.2.1). */
const LONGEST = 11;
/** The weight of the last of 256 symbols is not written. */
const MOST_WEIGHTS = 255;
/** Limits of the table that weights are coded with (RFC 8878 section 4.2.1.2); no weight is above 11. */
const WEIGHT_TABLE = { log: 6, symbols: LONGEST + 1 };
/** A first byte from here on is a count of weights of four bits each, less 127. */
const PLAIN_WEIGHTS = 128;

/** Reads the description of a table (RFC 8878 section 4.2.1) in `bytes` at `from`; `next` is the index after it. */
export function readHuffmanTable(bytes: Uint8Array, from: number, to: number): { table: HuffmanTable; next: number } {
  ensure(from < to, 'a Huffman table is cut off');
  const head = bytes[from]!;
  const length = head < PLAIN_WEIGHTS ? head : (head - PLAIN_WEIGHTS + 2) >> 1;
  const next = from + 1 + length;
  ensure(next <= to, 'a Huffman table is cut off');
  const weights =
    head < PLAIN_WEIGHTS
      ? readCodedWeights(bytes, from + 1, next)
      : Array.from({ length: head - PLAIN_WEIGHTS + 1 }, (_, i) => {
          const pair = bytes[from + 1 + (i >> 1)]!;
          return i % 2 === 0 ? pair >> 4 : pair & 15;
        });
  return { table: buildHuffmanTable(weights), next };
}

/** Fills `output` with what the stream in `bytes` from `from` to `to` stands for; all of its bits must be used up. */
export function decodeHuffman(
  bytes: Uint8Array,
  from: number,
  to: number,
  table: HuffmanTable,
  output: Uint8Array,
): void {
  const source = new BackwardBits(bytes, from, to);
  const { log, symbols, lengths } = table;
  for (let i = 0; i < output.length; i++) {
    const entry = source.peek(log);
    output[i] = symbols[entry]!;
    source.skip(lengths[entry]!);
    ensure(source.left >= 0, 'literals end before they are whole');
  }
  ensure(source.left === 0, 'literals with bits left over');
}

function readCodedWeights(bytes: Uint8Array, from: number, to: number): number[] {
  const { table, next } = readFseTable(bytes, from, to, WEIGHT_TABLE);
  return decodeInterleaved(table, new BackwardBits(bytes, next, to), MOST_WEIGHTS);
}

/** The weights come to a power of two with that of the last symbol, which is not written (RFC 8878 section 4.2.1). */
function buildHuffmanTable(written: readonly number[]): HuffmanTable {
  let sum = 0;
  for (const weight of written) {
    ensure(weight <= LONGEST, 'a Huffman weight above the highest');
    if (weight > 0) sum += 1 << (weight - 1);
  }
  ensure(sum > 0, 'a Huffman table without codes');
  const log = 32 - Math.clz32(sum);
  ensure(log <= LONGEST, 'a Huffman code that is too long');
  const rest = (1 << log) - sum;
  ensure((rest & (rest - 1)) === 0, 'Huffman weights that do not add up');
  const weights = [...written, 32 - Math.clz32(rest)];
  const longest = weights.filter((weight) => weight === 1).length;
  ensure(longest >= 2 && longest % 2 === 0, 'Huffman codes of the longest kind without their pair');
  return fillHuffmanTable(weights, log);
}

/** Longest codes first, and among equals by symbol. */
function fillHuffmanTable(weights: readonly number[], log: number): HuffmanTable {
  const symbols = new Uint8Array(1 << log);
  const lengths = new Uint8Array(1 << log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    for (let symbol = 0; symbol < weights.length; symbol++) {
      if (weights[symbol] !== weight) continue;
      const end = at + (1 << (weight - 1));
      symbols.fill(symbol, at, end);
      lengths.fill(log + 1 - weight, at, end);
      at = end;
    }
  }
  return { log, symbols, lengths };
}
