import { sha256Hex } from '../util/sha256.ts';
import { HashSet } from './hash-set.ts';

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

/** Whether a text is nothing but the elision of a longer one. */
export function isElided(text: string): boolean {
  return ELIDED.test(text);
}

/**
 * Makes a text equal to its own elision, whichever of the two the cassette holds: both have the same SHA-256, and what
 * the first of them was compared as, the other is compared as too. Long texts are compared by a token that holds the hash of
 * what was made of them, so that little is kept of a cassette however long its texts are.
 */
export class ElidableTexts {
  /** Of texts that are changed before they are compared: their hash, and the token. */
  readonly #changed = new Map<string, string>();
  /** Hashes of texts that are compared as they are, and of elisions. */
  readonly #unchanged = new HashSet();

  /** A text of the cassette: compared as what `make` gives, and so is every later one with its hash. */
  learn(text: string, make: (text: string) => string): string {
    const hash = hashOf(text);
    const known = hash === undefined ? undefined : this.#known(hash);
    if (known !== undefined) return known;
    const isElision = ELIDED.test(text);
    const made = isElision ? text : make(text);
    const token = isElision || made === text ? tokenFor(text, hash) : shorten(made);
    if (hash !== undefined && token === tokenOf(hash)) this.#unchanged.add(hash);
    else if (hash !== undefined) this.#changed.set(hash, token);
    return token;
  }

  /**
   * A text of a request: as one that was learnt, else as `make` gives it. Learns nothing, so memory is bounded.
   * @param notes gets what the token stands for
   */
  find(text: string, make: (text: string) => string, notes?: Map<string, string>): string {
    const hash = hashOf(text);
    const isElision = ELIDED.test(text);
    const known = hash === undefined ? undefined : this.#known(hash);
    if (known !== undefined && !notes) return known;
    const made = isElision ? text : make(text);
    const token = known ?? (isElision || made === text ? tokenFor(text, hash) : shorten(made));
    notes?.set(token, made);
    return token;
  }

  /** Forgets all: what texts are compared as has changed. */
  clear(): void {
    this.#changed.clear();
    this.#unchanged.clear();
  }

  #known(hash: string): string | undefined {
    return this.#changed.get(hash) ?? (this.#unchanged.has(hash) ? tokenOf(hash) : undefined);
  }
}

/** Puts back what tokens stand for, in a value that is shown. */
export function withTexts(value: unknown, notes: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return notes.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item) => withTexts(item, notes));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withTexts(field, notes)]));
}

function hashOf(text: string): string | undefined {
  if (text.length < ELIDED_AT_LEAST) return undefined;
  return ELIDED.exec(text)?.[1] ?? sha256Hex(text);
}

/** As long as a text is that has one, so that no other text is equal to it. */
function tokenOf(hash: string): string {
  return `sha256:${hash}`;
}

/** Of a text that is compared as it is, or of an elision. @param hash undefined of a short one */
function tokenFor(text: string, hash: string | undefined): string {
  return hash === undefined ? text : tokenOf(hash);
}

function shorten(made: string): string {
  return made.length < ELIDED_AT_LEAST ? made : tokenOf(sha256Hex(made));
}
