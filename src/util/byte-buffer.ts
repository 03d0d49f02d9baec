/**
 * A queue of bytes for parsers that read pieces of any size and need whole lines or blocks. Appending is linear over
 * all (the store doubles), and a piece that meets an empty queue is borrowed, not copied.
 */
export class ByteBuffer {
  #store: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #owned = false;

  get length(): number {
    return this.#end - this.#start;
  }

  /** Adds `chunk` at the end. Views given out earlier are no longer valid after it. */
  append(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.length === 0) {
      this.#store = chunk;
      this.#start = 0;
      this.#end = chunk.length;
      this.#owned = false;
      return;
    }
    this.#reserve(chunk.length);
    this.#store.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** A view of the bytes waiting. */
  view(): Uint8Array {
    return this.#store.subarray(this.#start, this.#end);
  }

  /** Removes `count` bytes (at most all) from the front and gives a view of them. */
  take(count: number): Uint8Array {
    const to = Math.min(this.#start + count, this.#end);
    const taken = this.#store.subarray(this.#start, to);
    this.#start = to;
    return taken;
  }

  #reserve(more: number): void {
    const length = this.length;
    if (this.#owned && this.#end + more <= this.#store.length) return;
    // Moving to the front is worth it only when at least half is free: else each byte could be moved many times.
    if (this.#owned && (length + more) * 2 <= this.#store.length) {
      this.#store.copyWithin(0, this.#start, this.#end);
    } else {
      const grown = new Uint8Array((length + more) * 2);
      grown.set(this.view());
      this.#store = grown;
      this.#owned = true;
    }
    this.#start = 0;
    this.#end = length;
  }
}
