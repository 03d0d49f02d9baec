import { BackwardBits, MOST_BITS } from './bits.ts';
import { ensure } from './damage.ts';
import type { FseTable } from './fse.ts';
import { buildFseTable, readFseTable, singleSymbolTable } from './fse.ts';

/** The tables of one block, which the next may use again: literal lengths, offsets, match lengths. */
export type SequenceTables = readonly [lengths: FseTable, offsets: FseTable, matches: FseTable];

/** Takes one sequence: so many literals, then a match of so many bytes. `offset` is a value of the format, not a distance. */
export type SequenceHandler = (literals: number, offset: number, match: number) => void;

interface Kind {
  standard: FseTable;
  log: number;
  symbols: number;
}

/** Extra bits of a literal length by its code, and the lowest length of each (RFC 8878 section 3.1.1.3.2.1.1). */
const LENGTH_BITS = [...Array(16).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const LENGTH_BASES = sumUp(LENGTH_BITS, 0);
/** The same of a match length, of which the shortest is 3. */
const MATCH_BITS = [...Array(32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const MATCH_BASES = sumUp(MATCH_BITS, 3);

/** Standard counts (RFC 8878 section 3.1.1.3.2.2) and limits of each table. */
const KINDS: readonly [Kind, Kind, Kind] = [
  kindOf(
    6,
    [4, 3, ...Array(11).fill(2), 1, 1, 1, ...Array(9).fill(2), 3, 2, ...Array(5).fill(1), -1, -1, -1, -1],
    9,
    36,
  ),
  kindOf(5, [...Array(6).fill(1), 2, 2, 2, ...Array(15).fill(1), -1, -1, -1, -1, -1], 8, 32),
  kindOf(6, [1, 4, 3, ...Array(6).fill(2), ...Array(37).fill(1), ...Array(7).fill(-1)], 9, 53),
];

/**
 * Decodes the sequences section (RFC 8878 section 3.1.1.3.2) of `block` from index `from` to its end, and gives each
 * sequence to `take`. Returns the tables for the next block.
 */
export function decodeSequences(
  block: Uint8Array,
  from: number,
  previous: SequenceTables | undefined,
  take: SequenceHandler,
): SequenceTables | undefined {
  const { count, next } = readSequenceCount(block, from);
  if (count === 0) {
    ensure(next === block.length, 'bytes after a block without sequences');
    return previous;
  }
  ensure(next < block.length, 'sequences are cut off');
  const modes = block[next]!;
  ensure((modes & 3) === 0, 'a reserved bit of the sequences is set');
  let at = next + 1;
  const readTable = (kind: 0 | 1 | 2): FseTable => {
    const read = readSequenceTable(block, at, KINDS[kind], (modes >> (6 - 2 * kind)) & 3, previous?.[kind]);
    at = read.next;
    return read.table;
  };
  const tables: SequenceTables = [readTable(0), readTable(1), readTable(2)];
  runSequences(new BackwardBits(block, at, block.length), count, tables, take);
  return tables;
}

/** Number_of_Sequences: one to three bytes. */
function readSequenceCount(block: Uint8Array, from: number): { count: number; next: number } {
  const first = block[from] ?? 0;
  const bytes = first < 128 ? 1 : first < 255 ? 2 : 3;
  const next = from + bytes;
  ensure(next <= block.length, 'sequences are cut off');
  if (bytes === 1) return { count: first, next };
  if (bytes === 2) return { count: ((first - 128) << 8) | block[from + 1]!, next };
  return { count: 0x7f00 + (block[from + 1]! | (block[from + 2]! << 8)), next };
}

function readSequenceTable(
  block: Uint8Array,
  at: number,
  kind: Kind,
  mode: number,
  previous: FseTable | undefined,
): { table: FseTable; next: number } {
  if (mode === 0) return { table: kind.standard, next: at };
  if (mode === 2) return readFseTable(block, at, block.length, kind);
  if (mode === 3) {
    ensure(previous !== undefined, 'sequences use a table again that there was not');
    return { table: previous, next: at };
  }
  const symbol = block[at] ?? kind.symbols;
  ensure(symbol < kind.symbols, 'sequences with a code that there is not');
  return { table: singleSymbolTable(symbol), next: at + 1 };
}

/** Bits are read in this order: offset, match, literals; then the next states of literals, match, offset. */
function runSequences(source: BackwardBits, count: number, tables: SequenceTables, take: SequenceHandler): void {
  const [lengths, offsets, matches] = tables;
  const begin = (table: FseTable) => (source.left < 0 ? 0 : source.read(table.log));
  let lengthState = begin(lengths);
  let offsetState = begin(offsets);
  let matchState = begin(matches);
  for (let left = count; left > 0; left--) {
    ensure(source.left >= 0, 'sequences end before they are whole');
    const lengthCode = lengths.symbols[lengthState]!;
    const matchCode = matches.symbols[matchState]!;
    const offsetCode = offsets.symbols[offsetState]!;
    ensure(offsetCode <= MOST_BITS, 'an offset beyond every window');
    const offset = (1 << offsetCode) + source.read(offsetCode);
    ensure(source.left >= 0, 'sequences end before they are whole');
    const match = MATCH_BASES[matchCode]! + source.read(MATCH_BITS[matchCode]!);
    ensure(source.left >= 0, 'sequences end before they are whole');
    const length = LENGTH_BASES[lengthCode]! + source.read(LENGTH_BITS[lengthCode]!);
    ensure(source.left >= 0, 'sequences end before they are whole');
    take(length, offset, match);
    if (left === 1) break;
    // At most 9, 9 and 8 bits, which are checked with the next sequence; at the start there are bytes to look at.
    lengthState = lengths.bases[lengthState]! + source.read(lengths.bits[lengthState]!);
    if (source.left < 0) continue;
    matchState = matches.bases[matchState]! + source.read(matches.bits[matchState]!);
    if (source.left < 0) continue;
    offsetState = offsets.bases[offsetState]! + source.read(offsets.bits[offsetState]!);
  }
  ensure(source.left === 0, 'sequences with bits left over');
}

function kindOf(standardLog: number, counts: number[], log: number, symbols: number): Kind {
  return { standard: buildFseTable(counts, standardLog), log, symbols };
}

/** The lowest value of each code, where each covers as many values as its extra bits tell. */
function sumUp(bits: readonly number[], first: number): number[] {
  let base = first;
  return bits.map((count) => {
    const value = base;
    base += 2 ** count;
    return value;
  });
}
