/** Where the lines of one exchange are, and how many bytes they have, in turns. */
export type Lines = readonly number[];

/** Numbers of a line: exchange, place, bytes. */
const PER_LINE = 3;

/**
 * Where the lines of a journal are, by exchange. A long recording has very many, so they are kept as numbers in one block, 28 bytes
 * each.
 */
export class JournalLines {
  #numbers = new Float64Array(1024 * PER_LINE);
  #count = 0;
  /** Lines by exchange, those of one in the order of the journal; undefined: to be sorted. */
  #order: Uint32Array | undefined;

  /** Takes the lines in the order of the journal. */
  add(seq: number, at: number, bytes: number): void {
    const from = this.#count * PER_LINE;
    if (from === this.#numbers.length) {
      const more = new Float64Array(2 * this.#numbers.length);
      more.set(this.#numbers);
      this.#numbers = more;
    }
    this.#numbers.set([seq, at, bytes], from);
    this.#count += 1;
    this.#order = undefined;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Each exchange with its lines, in the order in which their requests began. */
  *inOrder(): Generator<[seq: number, lines: Lines]> {
    const numbers = this.#numbers;
    let seq = Number.NaN;
    let lines: number[] = [];
    for (const line of this.#sorted()) {
      const from = line * PER_LINE;
      const next = numbers[from]!;
      if (next !== seq) {
        if (lines.length > 0) yield [seq, lines];
        [seq, lines] = [next, []];
      }
      lines.push(numbers[from + 1]!, numbers[from + 2]!);
    }
    if (lines.length > 0) yield [seq, lines];
  }

  #sorted(): Uint32Array {
    if (this.#order) return this.#order;
    const numbers = this.#numbers;
    const order = Uint32Array.from({ length: this.#count }, (_, line) => line);
    order.sort((a, b) => numbers[a * PER_LINE]! - numbers[b * PER_LINE]! || a - b);
    this.#order = order;
    return order;
  }
}
