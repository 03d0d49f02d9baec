import { sha256Hex } from '../util/sha256.ts';

/** `[redacted:KIND#n]`: n tells values of one cassette apart and says nothing about them. */
const REDACTED = /\[redacted:([\w.-]+)#\d+\]/g;
/** A whole text that was elided. */
const ELIDED = /^\[elided:sha256=([0-9a-f]{64});chars=\d+\]$/;
/** A placeholder alone holds a hash of 64 characters, so nobody elides a shorter text. */
const ELIDED_AT_LEAST = 64;

/** Makes placeholders of redacted values equal where their kind is. */
export function unnumber(text: string): string {
  return text.includes('[redacted:') ? text.replace(REDACTED, '[redacted:$1]') : text;
}

/**
 * Makes a text equal to its own elision, whichever of the two the cassette holds: both have the same SHA-256, and what
 * the first of them was compared as, the other is compared as too.
 */
export class ElidableTexts {
  readonly #byHash = new Map<string, string>();

  /** A text of the cassette: compared as `make` gives it, and so is every later one with its hash. */
  learn(text: string, make: (text: string) => string): string {
    const hash = hashOf(text);
    if (hash === undefined) return make(text);
    const known = this.#byHash.get(hash);
    if (known !== undefined) return known;
    const made = make(text);
    this.#byHash.set(hash, made);
    return made;
  }

  /** A text of a request: as one that was learnt, else as `make` gives it. Learns nothing, so memory is bounded. */
  find(text: string, make: (text: string) => string): string {
    const hash = hashOf(text);
    return (hash === undefined ? undefined : this.#byHash.get(hash)) ?? make(text);
  }
}

function hashOf(text: string): string | undefined {
  if (text.length < ELIDED_AT_LEAST) return undefined;
  return ELIDED.exec(text)?.[1] ?? sha256Hex(text);
}
