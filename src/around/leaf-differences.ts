import { type Fields, nameOf } from '../report/fields.ts';

/** A leaf, or a whole branch, that is in one of two JSON values alone, or differs. */
export interface LeafDifference {
  kind: 'dropped' | 'added' | 'changed';
  /** JSON pointer (RFC 6901): in the first value, for what was added in the second. */
  pointer: string;
  before?: unknown;
  after?: unknown;
}

/** More than anybody reads. */
const MOST = 500;
/** Cells of the table in which two lists are aligned. */
const MOST_CELLS = 1_000_000;

/**
 * Where two JSON values differ, leaf by leaf. Items of lists are aligned first, so that one that was put in or left out is told as that and does
 * not shift the rest. The order of members of objects does not count.
 */
export function leafDifferences(before: unknown, after: unknown): LeafDifference[] {
  const found: LeafDifference[] = [];
  walk(before, after, '', found);
  return found;
}

function walk(before: unknown, after: unknown, pointer: string, found: LeafDifference[]): void {
  if (found.length >= MOST || before === after) return;
  if (before === undefined) found.push({ kind: 'added', pointer, after });
  else if (after === undefined) found.push({ kind: 'dropped', pointer, before });
  else if (Array.isArray(before) && Array.isArray(after)) walkLists(before, after, pointer, found);
  else if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      walk(own(before, key), own(after, key), `${pointer}/${escapeToken(key)}`, found);
    }
  } else found.push({ kind: 'changed', pointer, before, after });
}

function walkLists(
  before: readonly unknown[],
  after: readonly unknown[],
  pointer: string,
  found: LeafDifference[],
): void {
  for (const [i, j] of align(before, after)) {
    if (j === undefined) walk(before[i!], undefined, `${pointer}/${i}`, found);
    else if (i === undefined) walk(undefined, after[j], `${pointer}/${j}`, found);
    else walk(before[i], after[j], `${pointer}/${i}`, found);
  }
}

type Pair = [before: number | undefined, after: number | undefined];

/** Equal items belong together, in their order; of what stands between them, items that are of one kind. */
function align(before: readonly unknown[], after: readonly unknown[]): Pair[] {
  const [a, b] = [before.map(textOf), after.map(textOf)];
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  for (const [x, y] of [...commonItems(a, b), [a.length, b.length] as const]) {
    pairs.push(...pairKin(before, after, [i, x], [j, y]));
    if (x < a.length) pairs.push([x, y]);
    [i, j] = [x + 1, y + 1];
  }
  return pairs;
}

/** The longest common subsequence of two lists; where that would take too long, their common beginning and end. */
function commonItems(a: readonly string[], b: readonly string[]): [number, number][] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const middle: [number, number][] = [];
  const [n, m] = [a.length - head - tail, b.length - head - tail];
  if (n * m <= MOST_CELLS)
    for (const [i, j] of subsequence(a.slice(head, head + n), b.slice(head, head + m)))
      middle.push([i + head, j + head]);
  return [
    ...Array.from({ length: head }, (_, i): [number, number] => [i, i]),
    ...middle,
    ...Array.from({ length: tail }, (_, i): [number, number] => [a.length - tail + i, b.length - tail + i]),
  ];
}

function subsequence(a: readonly string[], b: readonly string[]): [number, number][] {
  const width = b.length + 1;
  const length = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [down, right] = [length[(i + 1) * width + j]!, length[i * width + j + 1]!];
      length[i * width + j] = a[i] === b[j] ? length[(i + 1) * width + j + 1]! + 1 : Math.max(down, right);
    }
  }
  const pairs: [number, number][] = [];
  for (let [i, j] = [0, 0]; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i += 1;
    else j += 1;
  }
  return pairs;
}

function pairKin(
  before: readonly unknown[],
  after: readonly unknown[],
  [i, endI]: [number, number],
  [j, endJ]: [number, number],
): Pair[] {
  const pairs: Pair[] = [];
  const free = new Set(Array.from({ length: endJ - j }, (_, k) => j + k));
  for (let x = i; x < endI; x++) {
    const kin = kinOf(before[x]);
    const y = [...free].find((k) => kinOf(after[k]) === kin);
    if (y !== undefined) free.delete(y);
    pairs.push([x, y]);
  }
  return [...pairs, ...[...free].map((y): Pair => [undefined, y])];
}

/** What two versions of one item have in common. */
function kinOf(item: unknown): string {
  if (!isObject(item)) return Array.isArray(item) ? 'list' : typeof item;
  const inner = isObject(item.function) ? nameOf(item.function.name) : undefined;
  // Items of conversations go without their type in some gateways.
  const type = nameOf(item.type) ?? (item.role === undefined ? '' : 'message');
  return [type, nameOf(item.role) ?? '', nameOf(item.name) ?? inner ?? ''].join(' ');
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(value: Fields, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function escapeToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Equal for equal values whatever the order of members. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([x], [y]) => (x < y ? -1 : 1))) : member,
  );
}
