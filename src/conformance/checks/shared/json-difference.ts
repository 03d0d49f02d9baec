/** A place at which two JSON values differ: the value there before and after, undefined where there is none. */
export interface Difference {
  pointer: string;
  before: unknown;
  after: unknown;
}

/** Where two JSON values differ, as deep as both have the same kind of value; the order of keys does not matter. */
export function sortedDifferences(before: unknown, after: unknown, pointer = ''): Difference[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) =>
      sortedDifferences(before[key], after[key], `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
    );
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, i) => sortedDifferences(before[i], after[i], `${pointer}/${i}`)).flat();
  }
  return before === after ? [] : [{ pointer, before, after }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
