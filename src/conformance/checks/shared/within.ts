import { isSameJson } from '../../harness/same-json.ts';
import type { Difference } from './json-difference.ts';

type Json = Record<string, unknown>;

/**
 * Where a JSON value does not have what another one has. What it has besides does not matter, and a null is as good as nothing; lists
 * must be of the same length.
 */
export function lostFrom(before: unknown, after: unknown, pointer = ''): Difference[] {
  if (before === null && after === undefined) return [];
  if (isObject(before) && isObject(after))
    return Object.keys(before).flatMap((key) =>
      lostFrom(before[key], after[key], `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    );
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((one, i) => lostFrom(one, after[i], `${pointer}/${i}`));
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ pointer, before, after }];
}

/**
 * Whether a difference is one of writing alone: JSON in a string with other white space or another order of its keys, or the texts of
 * a content in other pieces.
 */
export function isRewritten({ before, after }: Difference): boolean {
  if (typeof before === 'string' && typeof after === 'string') {
    const [one, other] = [objectIn(before), objectIn(after)];
    return one !== undefined && other !== undefined && isSameJson(one, other);
  }
  const [one, other] = [textsOf(before), textsOf(after)];
  return one !== undefined && one === other;
}

function objectIn(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The words of a list that has nothing but texts. */
function textsOf(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const texts = value.map((part) => (isObject(part) && typeof part.text === 'string' ? part.text : undefined));
  return texts.includes(undefined) ? undefined : texts.join('').replace(/\s+/g, '');
}

/** Where one value of a list is found in another list, and what it lost on the way; `at` is -1 when nothing of its type is there. */
export interface Found {
  at: number;
  lost: Difference[];
}

/** Looks for each value, in order, the value of its `type` that lost least, behind the place of the one before. */
export function findEach(due: readonly Json[], list: unknown): Found[] {
  const all = Array.isArray(list) ? (list as unknown[]) : [];
  let from = 0;
  return due.map((one) => {
    let best: Found = { at: -1, lost: [] };
    for (let at = from; at < all.length; at++) {
      const other = all[at];
      if (!isObject(other) || typeOf(other) !== typeOf(one)) continue;
      const lost = lostFrom(one, other);
      if (best.at < 0 || lost.length < best.lost.length) best = { at, lost };
      if (lost.length === 0) break;
    }
    if (best.at >= 0 && best.lost.length === 0) from = best.at + 1;
    return best;
  });
}

/** A message may leave its type out. */
function typeOf({ type, role }: Json): unknown {
  return type ?? (typeof role === 'string' ? 'message' : undefined);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
