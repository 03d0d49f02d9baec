/** What of an exchange decides about its partner in another cassette. */
export interface Pairable {
  /** Number in its cassette, from 1. */
  number: number;
  /** Equal for requests that match; undefined for one that cannot be asked for. */
  key: string | undefined;
  /** Method and path. */
  route: string;
}

export interface Pair<T> {
  a: T;
  b: T;
  /** Equal requests; or, of those that were left, the next of the same method and path. */
  by: 'key' | 'order';
}

export interface Pairing<T> {
  /** In the order of `a`. */
  pairs: Pair<T>[];
  onlyA: T[];
  onlyB: T[];
  /** Pairs that stand in another order in `b`: the fewest without which the order is the same. */
  moved: Pair<T>[];
}

/** Pairs the exchanges of two cassettes: by key and in order where keys are equal, and what is left by method, path and order. */
export function pairUp<T extends Pairable>(a: readonly T[], b: readonly T[]): Pairing<T> {
  const byKey = pairBy(a, b, 'key', ({ key }) => key);
  const byRoute = pairBy(byKey.onlyA, byKey.onlyB, 'order', ({ route }) => route);
  const pairs = [...byKey.pairs, ...byRoute.pairs].sort((x, y) => x.a.number - y.a.number);
  return { pairs, onlyA: byRoute.onlyA, onlyB: byRoute.onlyB, moved: movedPairs(pairs) };
}

function pairBy<T>(
  a: readonly T[],
  b: readonly T[],
  by: Pair<T>['by'],
  nameOf: (one: T) => string | undefined,
): Omit<Pairing<T>, 'moved'> {
  const waiting = new Map<string | undefined, T[]>();
  for (const one of [...b].reverse()) {
    const list = waiting.get(nameOf(one));
    if (list) list.push(one);
    else waiting.set(nameOf(one), [one]);
  }
  const pairs: Pair<T>[] = [];
  const onlyA: T[] = [];
  const taken = new Set<T>();
  for (const one of a) {
    const name = nameOf(one);
    const partner = name === undefined ? undefined : waiting.get(name)?.pop();
    if (partner) {
      pairs.push({ a: one, b: partner, by });
      taken.add(partner);
    } else onlyA.push(one);
  }
  return { pairs, onlyA, onlyB: b.filter((one) => !taken.has(one)) };
}

/** All but a longest run of pairs whose numbers rise in `b` as they do in `a`. */
function movedPairs<T extends Pairable>(pairs: readonly Pair<T>[]): Pair<T>[] {
  /** `ends[n]`: index of the pair with the lowest number that a rising run of n + 1 pairs can end with. */
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  for (const [i, { b }] of pairs.entries()) {
    const at = lowerBound(ends, (index) => pairs[index]!.b.number < b.number);
    before.push(ends[at - 1]);
    ends[at] = i;
  }
  const kept = new Set<number>();
  for (let at = ends.at(-1); at !== undefined; at = before[at]) kept.add(at);
  return pairs.filter((_, i) => !kept.has(i));
}

/** Index of the first item that is not `below`. */
function lowerBound(list: readonly number[], below: (item: number) => boolean): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (below(list[middle]!)) from = middle + 1;
    else to = middle;
  }
  return from;
}
