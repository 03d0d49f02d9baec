/** A leaf, or a branch that only one of the two has, in which two JSON values differ. An absent value is undefined. */
export interface ValueDifference {
  /** JSON pointer (RFC 6901). */
  pointer: string;
  expected: unknown;
  actual: unknown;
}

/** More than anybody reads; what is counted beyond is of no use. */
const MOST = 1000;

/** Where two JSON values differ, in the order of the expected one. Items of lists are compared by index. */
export function differencesOf(expected: unknown, actual: unknown): ValueDifference[] {
  const found: ValueDifference[] = [];
  walk(expected, actual, '', found);
  return found;
}

function walk(expected: unknown, actual: unknown, pointer: string, found: ValueDifference[]): void {
  if (found.length >= MOST || Object.is(expected, actual)) return;
  const bothLists = Array.isArray(expected) === Array.isArray(actual);
  if (!isContainer(expected) || !isContainer(actual) || !bothLists) {
    found.push({ pointer, expected, actual });
    return;
  }
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const place = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    walk(fieldOf(expected, key), fieldOf(actual, key), place, found);
  }
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function fieldOf(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
