import { ensure } from './damage.ts';

/** How many bits one read gives at most: four bytes hold that many wherever the first of them stands. */
export const MOST_BITS = 25;

/** Bits read from the front, the lowest of each byte first: the description of an FSE table (RFC 8878 section 4.1.1). */
export class ForwardBits {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  /** Reads `bytes` from index `from` up to `to`. */
  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from * 8;
    this.#end = to * 8;
  }

  /** `count` bits without taking them; those past the end are 0. */
  peek(count: number): number {
    const byte = this.#at >>> 3;
    let value = 0;
    for (let i = 3; i >= 0; i--) value = (value << 8) | (byte + i < this.#end >>> 3 ? this.#bytes[byte + i]! : 0);
    return (value >>> (this.#at & 7)) & ((1 << count) - 1);
  }

  skip(count: number): void {
    this.#at += count;
    ensure(this.#at <= this.#end, 'a table description is cut off');
  }

  read(count: number): number {
    const value = this.peek(count);
    this.skip(count);
    return value;
  }

  /** Index of the first byte that has not been touched. */
  nextByte(): number {
    return (this.#at + 7) >>> 3;
  }
}

/**
 * Bits read from the back, the highest first, below the 1 that marks the end (RFC 8878 section 4.1.2). The bytes have at
 * least three in front of the stream, which a block has in its header: a read near the start may look at them.
 */
export class BackwardBits {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  #at: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    const last = to > from ? bytes[to - 1]! : 0;
    ensure(last !== 0, 'a bit stream has no end mark');
    this.#bytes = bytes;
    this.#start = from * 8;
    this.#at = to * 8 - 1 - Math.clz32(last << 24);
  }

  /** Bits not taken yet; negative after a read past the start. */
  get left(): number {
    return this.#at - this.#start;
  }

  /** The next `count` (0 to 25) bits without taking them; those before the start have no meaning. */
  peek(count: number): number {
    const top = this.#at - 1;
    const byte = top >> 3;
    const bytes = this.#bytes;
    const value = (bytes[byte]! << 24) | (bytes[byte - 1]! << 16) | (bytes[byte - 2]! << 8) | bytes[byte - 3]!;
    // Two shifts, since a shift by 32 is none.
    return ((value << (7 - (top & 7))) >>> 1) >>> (31 - count);
  }

  skip(count: number): void {
    this.#at -= count;
  }

  /** As `peek`, and takes them. Before the next read, `left` must be seen not to be negative. */
  read(count: number): number {
    const value = this.peek(count);
    this.#at -= count;
    return value;
  }
}
