import type { Buffer } from 'node:buffer';
import { TAPE_BYTES } from './tape-format.ts';

/** Texts as a tape has them, and which lists of them it has. */

const WIDE = /[^\0-\xff]/;

/** What a text takes at most. */
export function textRoom(text: string): number {
  return TAPE_BYTES.text + 2 * text.length;
}

/** Writes a text with its length; answers with the place behind it. */
export function writeText(bytes: Buffer, view: DataView, at: number, text: string): number {
  const start = at + TAPE_BYTES.text;
  if (text === '') {
    view.setUint32(at, 0);
    return start;
  }
  const wide = WIDE.test(text);
  const written = bytes.write(text, start, wide ? 'utf16le' : 'latin1');
  view.setUint32(at, wide ? written + 1 : written * 2);
  return start + written;
}

/** The texts of a list, one after the other. */
export interface List {
  text: string;
  wide: boolean;
}

const NOTHING: List = { text: '', wide: false };

export function joinList(first: readonly string[], rest: readonly string[]): List {
  if (first.length + rest.length === 0) return NOTHING;
  const text = first.join('') + rest.join('');
  return { text, wide: WIDE.test(text) };
}

/** With its own length. @param count of its texts */
export function listBytes({ text, wide }: List, count: number): number {
  return 4 + TAPE_BYTES.list + 4 * count + text.length * (wide ? 2 : 1);
}

/**
 * Writes several texts: all that belongs to them is one run of bytes, so that a list that comes again is known by it. Answers with
 * the place behind it.
 */
export function writeList(
  bytes: Buffer,
  view: DataView,
  start: number,
  list: List,
  first: readonly string[],
  rest: readonly string[],
): number {
  const { text, wide } = list;
  const count = first.length + rest.length;
  view.setUint32(start, listBytes(list, count) - 4);
  view.setUint8(start + 4, wide ? 1 : 0);
  view.setUint32(start + 5, count);
  let at = start + 4 + TAPE_BYTES.list;
  for (let i = 0; i < first.length; i++, at += 4) view.setUint32(at, first[i]!.length);
  for (let i = 0; i < rest.length; i++, at += 4) view.setUint32(at, rest[i]!.length);
  return text === '' ? at : at + bytes.write(text, at, wide ? 'utf16le' : 'latin1');
}

/** Lists remembered of each leg: those of a few clients that take turns. */
const REMEMBERED = 4;

interface KnownList {
  first: readonly string[];
  rest: readonly string[];
  place: number;
}

/**
 * Lists that stand on a stretch of tape, and where. Heads come again with every request of a connection: to compare them costs
 * a fraction of what it does to write them, and to read them again.
 */
export class KnownLists {
  readonly #legs: KnownList[][] = [[], [], [], []];
  readonly #next: number[] = [0, 0, 0, 0];
  #empty = true;

  /** Another stretch begins. */
  forget(): void {
    if (this.#empty) return;
    this.#empty = true;
    for (const lists of this.#legs) lists.length = 0;
    this.#next.fill(0);
  }

  find(leg: number, first: readonly string[], rest: readonly string[]): number | undefined {
    const lists = this.#legs[leg]!;
    for (let i = 0; i < lists.length; i++) {
      const { first: knownFirst, rest: knownRest, place } = lists[i]!;
      if (areSame(knownRest, rest) && areSame(knownFirst, first)) return place;
    }
    return undefined;
  }

  add(leg: number, first: readonly string[], rest: readonly string[], place: number): void {
    // Nobody changes what is remembered.
    this.#legs[leg]![this.#next[leg]!] = { first: first.slice(), rest: rest.slice(), place };
    this.#next[leg] = (this.#next[leg]! + 1) % REMEMBERED;
    this.#empty = false;
  }
}

/** What differs, an id or a length, mostly stands at the end. */
function areSame(known: readonly string[], texts: readonly string[]): boolean {
  if (known.length !== texts.length) return false;
  for (let i = texts.length - 1; i >= 0; i--) if (known[i] !== texts[i]) return false;
  return true;
}
