const PRIME1 = 0x9e3779b185ebca87n;
const PRIME2 = 0xc2b2ae3d27d4eb4fn;
const PRIME3 = 0x165667b19e3779f9n;
const PRIME4 = 0x85ebca77c2b2ae63n;
const PRIME5 = 0x27d4eb2f165667c5n;
const STRIPE = 32;

/**
 * XXH64 with seed 0, over pieces of any size: the content checksum of zstd is its low 32 bits (RFC 8878 section 3.1.1).
 * BigInt makes it slow (100 MB a second), which is enough for what it is for: streamed answers with a checksum.
 */
export class Xxh64 {
  #lanes: [bigint, bigint, bigint, bigint] = [wrap(PRIME1 + PRIME2), PRIME2, 0n, wrap(-PRIME1)];
  readonly #tail = new Uint8Array(STRIPE);
  #tailLength = 0;
  #total = 0;

  update(bytes: Uint8Array): void {
    this.#total += bytes.length;
    let at = 0;
    if (this.#tailLength > 0) {
      at = Math.min(STRIPE - this.#tailLength, bytes.length);
      this.#tail.set(bytes.subarray(0, at), this.#tailLength);
      this.#tailLength += at;
      if (this.#tailLength < STRIPE) return;
      this.#mixStripe(viewOf(this.#tail), 0);
      this.#tailLength = 0;
    }
    const view = viewOf(bytes);
    for (; at + STRIPE <= bytes.length; at += STRIPE) this.#mixStripe(view, at);
    this.#tail.set(bytes.subarray(at));
    this.#tailLength = bytes.length - at;
  }

  /** The hash of all bytes so far. */
  digest(): bigint {
    let hash = this.#total >= STRIPE ? this.#joinLanes() : PRIME5;
    hash = wrap(hash + BigInt(this.#total));
    const view = viewOf(this.#tail);
    let at = 0;
    for (; at + 8 <= this.#tailLength; at += 8) {
      hash = wrap(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * PRIME1 + PRIME4);
    }
    if (at + 4 <= this.#tailLength) {
      hash = wrap(rotate(hash ^ wrap(BigInt(view.getUint32(at, true)) * PRIME1), 23n) * PRIME2 + PRIME3);
      at += 4;
    }
    for (; at < this.#tailLength; at += 1) {
      hash = wrap(rotate(hash ^ wrap(BigInt(view.getUint8(at)) * PRIME5), 11n) * PRIME1);
    }
    hash = wrap((hash ^ (hash >> 33n)) * PRIME2);
    hash = wrap((hash ^ (hash >> 29n)) * PRIME3);
    return hash ^ (hash >> 32n);
  }

  /** The low 32 bits of the digest. */
  low32(): number {
    return Number(BigInt.asUintN(32, this.digest()));
  }

  #mixStripe(view: DataView, at: number): void {
    const lanes = this.#lanes;
    lanes[0] = round(lanes[0], view.getBigUint64(at, true));
    lanes[1] = round(lanes[1], view.getBigUint64(at + 8, true));
    lanes[2] = round(lanes[2], view.getBigUint64(at + 16, true));
    lanes[3] = round(lanes[3], view.getBigUint64(at + 24, true));
  }

  #joinLanes(): bigint {
    const [a, b, c, d] = this.#lanes;
    let hash = wrap(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
    for (const lane of this.#lanes) hash = wrap((hash ^ round(0n, lane)) * PRIME1 + PRIME4);
    return hash;
  }
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function rotate(value: bigint, by: bigint): bigint {
  return wrap((value << by) | (value >> (64n - by)));
}

function round(lane: bigint, input: bigint): bigint {
  return wrap(rotate(wrap(lane + input * PRIME2), 31n) * PRIME1);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
