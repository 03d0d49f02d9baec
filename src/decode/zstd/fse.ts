import type { BackwardBits } from './bits.ts';
import { ForwardBits } from './bits.ts';
import { ensure } from './damage.ts';

/** A decoding table of Finite State Entropy: for each state its symbol, and how the next state is found. */
export interface FseTable {
  /** The table has 2 ** log states. */
  log: number;
  symbols: Uint8Array;
  /** Bits to read for the next state, and what they are added to. */
  bits: Uint8Array;
  bases: Uint16Array;
}

/** Log of the smallest table that can be described (RFC 8878 section 4.1.1). */
const SMALLEST_LOG = 5;

/** Builds a table from counts, -1 standing for "less than 1" (RFC 8878 section 4.1.1). The counts fill it exactly. */
export function buildFseTable(counts: ArrayLike<number>, log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(counts.length);
  let free = size;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    next[symbol] = Math.abs(counts[symbol]!);
    if (counts[symbol] === -1) symbols[--free] = symbol;
  }
  spreadSymbols(symbols, counts, free);
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state]!;
    const turn = next[symbol]!;
    next[symbol] = turn + 1;
    const count = log - (31 - Math.clz32(turn));
    bits[state] = count;
    bases[state] = (turn << count) - size;
  }
  return { log, symbols, bits, bases };
}

/** A table of one symbol, which costs no bits. */
export function singleSymbolTable(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

/** Reads the description of a table that stands in `bytes` at `from`; `next` is the index after it. */
export function readFseTable(
  bytes: Uint8Array,
  from: number,
  to: number,
  most: { log: number; symbols: number },
): { table: FseTable; next: number } {
  const source = new ForwardBits(bytes, from, to);
  const log = source.read(4) + SMALLEST_LOG;
  ensure(log <= most.log, `a table with an accuracy of ${log}, more than ${most.log}`);
  const counts: number[] = [];
  let remaining = 1 << log;
  while (remaining > 0) {
    const count = readCount(source, remaining);
    counts.push(count);
    remaining -= Math.abs(count);
    if (count === 0) readZeros(source, counts, most.symbols);
    ensure(remaining >= 0 && counts.length <= most.symbols, 'a table with more symbols than there are');
  }
  return { table: buildFseTable(counts, log), next: source.nextByte() };
}

/** Decodes symbols with two states in turn until the bits are used up (RFC 8878 section 4.2.1.2); at most `most`. */
export function decodeInterleaved(table: FseTable, source: BackwardBits, most: number): number[] {
  const states = [source.read(table.log), source.left < 0 ? 0 : source.read(table.log)];
  ensure(source.left >= 0, 'a bit stream ends before its states');
  const symbols: number[] = [];
  for (let turn = 0; ; turn ^= 1) {
    ensure(symbols.length < most - 1, 'more Huffman weights than there are symbols');
    const state = states[turn]!;
    symbols.push(table.symbols[state]!);
    states[turn] = table.bases[state]! + source.read(table.bits[state]!);
    if (source.left >= 0) continue;
    // The state that ran out of bits is done; the other one still stands for a symbol.
    symbols.push(table.symbols[states[turn ^ 1]!]!);
    return symbols;
  }
}

/** Reads one count: fewer bits where only small ones are left, one bit less for the lower of those. */
function readCount(source: ForwardBits, remaining: number): number {
  const bits = 32 - Math.clz32(remaining + 1);
  const lowMask = (1 << (bits - 1)) - 1;
  const spare = (1 << bits) - 2 - remaining;
  const value = source.peek(bits);
  const low = value & lowMask;
  if (low < spare) {
    source.skip(bits - 1);
    return low - 1;
  }
  source.skip(bits);
  return (value > lowMask ? value - spare : value) - 1;
}

/** After a count of 0: two bits tell how many more follow; 3 tells that two more bits do. */
function readZeros(source: ForwardBits, counts: number[], most: number): void {
  let repeat: number;
  do {
    repeat = source.read(2);
    for (let i = 0; i < repeat; i++) counts.push(0);
  } while (repeat === 3 && counts.length <= most);
}

function spreadSymbols(symbols: Uint8Array, counts: ArrayLike<number>, free: number): void {
  const size = symbols.length;
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    for (let i = 0; i < counts[symbol]!; i++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= free);
    }
  }
}
