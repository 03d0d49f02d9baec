/** Numbers in a sketch: enough to tell two values that are much alike from two that are not, in 64 bytes a value. */
const SKETCH_LENGTH = 16;

/** No leaf fell into this place. */
const EMPTY = 0xffff_ffff;

/**
 * A sketch of a JSON value, by which two values can be compared roughly when one of them is not at hand: its leaves, with the
 * place where each stands, are hashed into sixteen groups, and of each group the smallest hash is kept (MinHash by one permutation).
 */
export function sketchOf(value: unknown): Uint32Array {
  const sketch = new Uint32Array(SKETCH_LENGTH).fill(EMPTY);
  const waiting: [value: unknown, place: number][] = [[value, 1]];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [part, place] = next;
    if (typeof part === 'object' && part !== null) {
      for (const [key, field] of Object.entries(part)) waiting.push([field, hashText(key, place)]);
    } else {
      const hash = hashText(`${typeof part} ${String(part)}`, place);
      const group = hash % SKETCH_LENGTH;
      sketch[group] = Math.min(sketch[group]!, Math.floor(hash / SKETCH_LENGTH));
    }
  }
  return sketch;
}

/** Sketches in one block of memory. */
const IN_BLOCK = 1024;

/** Sketches by number, from 0. */
export class SketchList {
  readonly #blocks: Uint32Array[] = [];

  set(number: number, sketch: Uint32Array): void {
    const block = Math.floor(number / IN_BLOCK);
    this.#blocks[block] ??= new Uint32Array(IN_BLOCK * SKETCH_LENGTH);
    this.#blocks[block].set(sketch, (number % IN_BLOCK) * SKETCH_LENGTH);
  }

  /** How many numbers a sketch shares with that of a number; groups that are empty in both count. */
  likeness(number: number, sketch: Uint32Array): number {
    const block = this.#blocks[Math.floor(number / IN_BLOCK)];
    const at = (number % IN_BLOCK) * SKETCH_LENGTH;
    let equal = 0;
    for (let i = 0; i < SKETCH_LENGTH; i++) if (sketch[i] === block?.[at + i]) equal += 1;
    return equal;
  }
}

/** FNV-1a with a final mix, 32 bits. */
function hashText(text: string, seed: number): number {
  let hash = (0x811c_9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
