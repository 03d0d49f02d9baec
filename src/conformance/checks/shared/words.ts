import type { Ending } from '../../harness/said.ts';

/** How an answer ends, in words that follow "the answer". */
export function tellEnding(ending: Ending): string {
  return ending === 'none' ? 'does not say how it ends' : `ends as ${ending}`;
}

/** The beginning of a text that may be long, with an ellipsis where it is cut. */
export function startOf(text: string, characters: number): string {
  if (text.length <= characters) return text;
  // Not in the middle of a character of two units.
  return `${text.slice(0, characters - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The same of a JSON value. */
export function startOfJson(value: unknown, characters: number): string {
  return startOf(JSON.stringify(value) ?? 'no JSON', characters);
}

/** What stands around the first place at which two texts differ. */
export interface Differing {
  /** Index of the first character (UTF-16) that is not the same. */
  at: number;
  expected: string;
  actual: string;
}

const BEFORE = 40;
const BEHIND = 80;

/** Undefined where two texts are the same. */
export function differing(expected: string, actual: string): Differing | undefined {
  if (expected === actual) return undefined;
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at++;
  const around = (text: string) => {
    const start = Math.max(0, at - BEFORE);
    return `${start > 0 ? '…' : ''}${startOf(text.slice(start), at - start + BEHIND)}`;
  };
  return { at, expected: around(expected), actual: around(actual) };
}
