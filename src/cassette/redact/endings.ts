/**
 * Words that are looked for backwards from their last byte: one step a byte, and most texts fail at the first or second.
 * Bytes of 128 and more end every word.
 */
export class Endings {
  /** The next node by node and byte; 0: no word goes on so. The first node is 0 too, as none leads back to it. */
  next: Int16Array;
  /** By node, what the words that begin there are: bits that the owner gives a meaning. */
  marks: Uint16Array;
  private used = 1;

  constructor() {
    this.next = new Int16Array(16 * WIDTH);
    this.marks = new Uint16Array(16);
  }

  /** @param mark bits to set where the word is read to its first byte */
  add(word: string, mark: number): void {
    let node = 0;
    for (const char of [...word].reverse()) node = this.step(node, char.charCodeAt(0));
    this.marks[node]! |= mark;
  }

  /** The mark of this very word; 0 when it is none. */
  markOf(word: string): number {
    let node = 0;
    for (const char of [...word].reverse()) {
      node = this.next[node * WIDTH + char.charCodeAt(0)]!;
      if (node === 0) return 0;
    }
    return this.marks[node]!;
  }

  /** What all words that end with the byte at `end` mean. */
  marksAt(bytes: Uint8Array, end: number): number {
    const { next, marks } = this;
    let found = 0;
    let node = 0;
    for (let at = end; at >= 0 && bytes[at]! < WIDTH; at--) {
      node = next[node * WIDTH + bytes[at]!]!;
      if (node === 0) break;
      found |= marks[node]!;
    }
    return found;
  }

  /** The same in any case, with `-`, `_` or nothing for every `-` and `_`. */
  addLoose(word: string, mark: number): void {
    let nodes = [0];
    for (const char of [...word.toLowerCase()].reverse()) {
      if (char === '-' || char === '_') nodes.push(...nodes.map((node) => this.both(node, '-', '_')));
      else nodes = nodes.map((node) => this.both(node, char, char.toUpperCase()));
    }
    for (const node of nodes) this.marks[node]! |= mark;
  }

  /** Where either character leads, which is one place: words of both sorts are not mixed. */
  private both(node: number, one: string, other: string): number {
    const to = this.step(node, one.charCodeAt(0));
    this.next[node * WIDTH + other.charCodeAt(0)] = to;
    return to;
  }

  private step(node: number, byte: number): number {
    const known = this.next[node * WIDTH + byte]!;
    if (known !== 0) return known;
    if (this.used === this.marks.length) this.grow();
    this.next[node * WIDTH + byte] = this.used;
    return this.used++;
  }

  private grow(): void {
    const [next, marks] = [new Int16Array(2 * this.next.length), new Uint16Array(2 * this.marks.length)];
    next.set(this.next);
    marks.set(this.marks);
    [this.next, this.marks] = [next, marks];
  }
}

const WIDTH = 128;
