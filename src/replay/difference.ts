/** A place where two requests differ; an absent value is undefined. */
export interface FirstDifference {
  /** JSON pointer in the body (RFC 6901). */
  pointer: string;
  recorded: unknown;
  live: unknown;
}

export interface Difference {
  /** Number of leaves that differ; at most `atMost`, where counting stops. */
  leaves: number;
  /** The first one in the order of the live body; undefined when nothing differs. */
  first: FirstDifference | undefined;
}

/** Counts the leaves in which two JSON values differ and finds the first one; stops at `atMost` leaves. */
export function compareValues(recorded: unknown, live: unknown, atMost = Number.POSITIVE_INFINITY): Difference {
  const result: Difference = { leaves: 0, first: undefined };
  const walk = (a: unknown, b: unknown, pointer: string): void => {
    if (result.leaves >= atMost || a === b) return;
    if (isContainer(a) && isContainer(b) && Array.isArray(a) === Array.isArray(b)) {
      const keys = new Set([...Object.keys(b), ...Object.keys(a)]);
      for (const key of keys) walk(fieldOf(a, key), fieldOf(b, key), `${pointer}/${escapeSegment(key)}`);
      return;
    }
    result.first ??= { pointer, recorded: a, live: b };
    result.leaves += Math.max(countLeaves(a), countLeaves(b));
  };
  walk(recorded, live, '');
  result.leaves = Math.min(result.leaves, atMost);
  return result;
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function fieldOf(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function escapeSegment(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

function countLeaves(value: unknown): number {
  if (!isContainer(value)) return 1;
  let leaves = 0;
  for (const field of Object.values(value)) leaves += countLeaves(field);
  return Math.max(1, leaves);
}

/** Characters shown before and after the place where two texts part. */
const BEFORE = 24;
const AFTER = 56;

/**
 * Two values for a message of one line: as JSON, texts cut to the neighbourhood of their first difference, `(absent)`
 * for a value that is not there.
 */
export function showPair(recorded: unknown, live: unknown): { recorded: string; live: string } {
  const from = typeof recorded === 'string' && typeof live === 'string' ? commonPrefix(recorded, live) : 0;
  return { recorded: show(recorded, from), live: show(live, from) };
}

function commonPrefix(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

function show(value: unknown, at: number): string {
  if (value === undefined) return '(absent)';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const start = Math.max(0, at - BEFORE);
  const end = at + AFTER;
  const part = text.slice(start, end);
  const quoted = typeof value === 'string' ? JSON.stringify(part) : part;
  return `${start > 0 ? '…' : ''}${quoted}${end < text.length ? '…' : ''}`;
}
