/**
 * Ends a text where one of the stop sequences begins, for providers that know none. It holds back what may be the beginning
 * of one, so the text before it is the same however the deltas are cut.
 */
export class StopCutter {
  readonly #sequences: readonly string[];
  readonly #longest: number;
  #held = '';
  #stop: string | undefined;

  constructor(sequences: readonly string[]) {
    this.#sequences = sequences.filter((sequence) => sequence !== '');
    this.#longest = Math.max(0, ...this.#sequences.map((sequence) => sequence.length));
  }

  /** The sequence that the text ran into. */
  get stop(): string | undefined {
    return this.#stop;
  }

  /** @returns what of the text may be told now */
  push(delta: string): string {
    if (this.#longest === 0) return delta;
    if (this.#stop !== undefined) return '';
    const text = this.#held + delta;
    const hit = this.#firstHit(text);
    if (hit) {
      this.#stop = hit.sequence;
      this.#held = '';
      return text.slice(0, hit.at);
    }
    const keep = this.#openEnd(text);
    this.#held = text.slice(text.length - keep);
    return text.slice(0, text.length - keep);
  }

  /** The text is over. @returns what was held back */
  flush(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }

  /** The sequence that is complete first, as a model that stops by itself would stop at it; of two, the longer one. */
  #firstHit(text: string): { at: number; end: number; sequence: string } | undefined {
    let first: { at: number; end: number; sequence: string } | undefined;
    for (const sequence of this.#sequences) {
      const at = text.indexOf(sequence);
      const end = at + sequence.length;
      if (at >= 0 && (!first || end < first.end || (end === first.end && at < first.at))) first = { at, end, sequence };
    }
    return first;
  }

  /** Length of the longest end of the text with which a sequence begins. */
  #openEnd(text: string): number {
    let length = Math.min(text.length, this.#longest);
    while (!this.#sequences.some((sequence) => sequence.startsWith(text.slice(text.length - length)))) length -= 1;
    return length;
  }
}
