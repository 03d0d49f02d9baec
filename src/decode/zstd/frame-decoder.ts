import type { DecodeProblem } from '../types.ts';
import { catchDamage, ensure } from './damage.ts';
import type { BlockHeader, BlockType, FrameHeader } from './header.ts';
import { BLOCK_HEADER_BYTES, BLOCK_MAXIMUM } from './header.ts';
import type { HuffmanTable } from './huffman.ts';
import { decodeLiterals, readLiteralsHeader } from './literals.ts';
import type { SequenceTables } from './sequences.ts';
import { decodeSequences } from './sequences.ts';

/** The offsets that a frame begins with (RFC 8878 section 3.1.1.5). */
const FIRST_OFFSETS = [1, 4, 8] as const;
/** Shorter runs are copied faster byte by byte than by a call. */
const SHORT_RUN = 32;

/**
 * Decodes the blocks of frames, one at a time, strictly by RFC 8878: all that a block holds must be used up, distances
 * stay within the window and within what was decoded, and no block comes to more than its maximum. So the work is bounded
 * by what comes in and what goes out, whatever the bytes. Checksum, content size and the end of a frame are not its
 * matter: the scanner and its handler see to them.
 */
export class ZstdFrameDecoder {
  #windowSize = 0;
  #blockMaximum = 0;
  /** What was decoded last, at least as far back as the window reaches. It is kept for the next frame. */
  #store: Uint8Array = new Uint8Array(0);
  #end = 0;
  readonly #literals = new Uint8Array(BLOCK_MAXIMUM);
  #huffman: HuffmanTable | undefined;
  #tables: SequenceTables | undefined;
  #offsets: [number, number, number] = [...FIRST_OFFSETS];

  /** A new frame begins: nothing of the one before it counts. */
  begin(header: FrameHeader): void {
    this.#windowSize = header.windowSize;
    this.#blockMaximum = header.blockMaximum;
    this.#end = 0;
    this.#huffman = undefined;
    this.#tables = undefined;
    this.#offsets = [...FIRST_OFFSETS];
  }

  /**
   * What a whole block decodes to, a view that holds until the next call; or what is wrong with it. `block` has its header
   * in front, `offset` is its place in the coded body.
   */
  decode(header: BlockHeader, block: Uint8Array, offset: number): Uint8Array | DecodeProblem {
    this.#makeRoom();
    const start = this.#end;
    return catchDamage(() => {
      this.#decodeInto[header.type](block, header.size);
      return this.#store.subarray(start, this.#end);
    }, offset);
  }

  readonly #decodeInto: Readonly<Record<BlockType, (block: Uint8Array, size: number) => void>> = {
    raw: (block, size) => this.#append(block, BLOCK_HEADER_BYTES, size),
    rle: (block, size) => {
      this.#store.fill(block[BLOCK_HEADER_BYTES]!, this.#end, this.#end + size);
      this.#end += size;
    },
    compressed: (block) => this.#decodeCompressed(block),
    reserved: () => ensure(false, 'a block of the reserved type'),
  };

  #decodeCompressed(block: Uint8Array): void {
    const most = this.#end + this.#blockMaximum;
    const literals = readLiteralsHeader(block, BLOCK_HEADER_BYTES, this.#blockMaximum);
    const { bytes, table } = decodeLiterals(block, literals, this.#literals, this.#huffman);
    this.#huffman = table;
    let used = 0;
    this.#tables = decodeSequences(block, literals.next, this.#tables, (count, offset, match) => {
      ensure(used + count <= bytes.length, 'sequences ask for more literals than there are');
      ensure(this.#end + count + match <= most, 'a block that comes to more than its maximum');
      this.#append(bytes, used, count);
      used += count;
      this.#repeat(this.#distanceOf(offset, count), match);
    });
    ensure(this.#end + bytes.length - used <= most, 'a block that comes to more than its maximum');
    this.#append(bytes, used, bytes.length - used);
  }

  #append(bytes: Uint8Array, from: number, count: number): void {
    const store = this.#store;
    const at = this.#end;
    if (count >= SHORT_RUN) store.set(bytes.subarray(from, from + count), at);
    else for (let i = 0; i < count; i++) store[at + i] = bytes[from + i]!;
    this.#end = at + count;
  }

  /** Appends `count` bytes from `distance` back; they may be bytes that this call itself appends. */
  #repeat(distance: number, count: number): void {
    ensure(distance > 0 && distance <= Math.min(this.#end, this.#windowSize), 'a match before the beginning');
    const store = this.#store;
    const at = this.#end;
    const from = at - distance;
    if (count >= SHORT_RUN && distance >= count) store.copyWithin(at, from, from + count);
    else for (let i = 0; i < count; i++) store[at + i] = store[from + i]!;
    this.#end = at + count;
  }

  /** Values 1 to 3 stand for an offset used before; after no literals they mean one later (RFC 8878 section 3.1.1.5). */
  #distanceOf(value: number, literals: number): number {
    const [first, second, third] = this.#offsets;
    if (value > 3) {
      this.#offsets = [value - 3, first, second];
      return value - 3;
    }
    const place = literals === 0 ? value : value - 1;
    if (place === 0) return first;
    if (place === 1) this.#offsets = [second, first, third];
    else this.#offsets = [place === 2 ? third : first - 1, first, second];
    return this.#offsets[0];
  }

  /** Makes room for a block: after the first blocks for the window and a part more, then what is out of reach is dropped. */
  #makeRoom(): void {
    const needed = this.#end + this.#blockMaximum;
    if (needed <= this.#store.length) return;
    const most = this.#windowSize + Math.max(this.#windowSize >> 2, 2 * this.#blockMaximum);
    if (needed <= most) {
      // The second step is the last: pages that are not written to cost nothing, and there is nothing to copy again.
      const grown = new Uint8Array(this.#end === 0 ? 2 * this.#blockMaximum : most);
      grown.set(this.#store.subarray(0, this.#end));
      this.#store = grown;
      return;
    }
    this.#store.copyWithin(0, this.#end - this.#windowSize, this.#end);
    this.#end = this.#windowSize;
  }
}
