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
