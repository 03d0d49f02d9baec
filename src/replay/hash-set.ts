/** Half of the places stay free, so that a search is short. */
const FULL = 0.5;

/**
 * A set of hashes by 64 of their bits, in 16 to 32 bytes each: a Set of strings would take ten times that, and a cassette may have
 * very many texts. That two of a million texts are taken for one has a chance of 1 to 30 million.
 */
export class HashSet {
  #places = new Uint32Array(2 * 1024);
  #size = 0;

  /** @param hash SHA-256 in hex */
  has(hash: string): boolean {
    const [high, low] = halves(hash);
    const at = this.#find(high, low);
    return this.#places[at] === high && this.#places[at + 1] === low;
  }

  add(hash: string): void {
    const [high, low] = halves(hash);
    if (this.#put(high, low)) this.#size += 1;
    if (this.#size > (this.#places.length / 2) * FULL) this.#grow();
  }

  clear(): void {
    this.#places = new Uint32Array(2 * 1024);
    this.#size = 0;
  }

  #put(high: number, low: number): boolean {
    const at = this.#find(high, low);
    if (this.#places[at] === high && this.#places[at + 1] === low) return false;
    this.#places[at] = high;
    this.#places[at + 1] = low;
    return true;
  }

  /** Where a hash stands, or would stand. */
  #find(high: number, low: number): number {
    const last = this.#places.length - 2;
    let at = (low * 2) % this.#places.length;
    while (this.#places[at] !== 0 && (this.#places[at] !== high || this.#places[at + 1] !== low)) {
      at = at === last ? 0 : at + 2;
    }
    return at;
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) if (old[at] !== 0) this.#put(old[at]!, old[at + 1]!);
  }
}

/** Zero stands for a free place. */
function halves(hash: string): [high: number, low: number] {
  return [Number.parseInt(hash.slice(0, 8), 16) || 1, Number.parseInt(hash.slice(8, 16), 16)];
}
