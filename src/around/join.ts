import type { EntryJoin } from '../cassette/format.ts';
import type { Sketch } from './sketch.ts';

/** To which request of the client a request of the gateway belongs; undefined: to none. */
export type Joined = (EntryJoin & { front: number }) | undefined;

/** Two taps of one process have one clock, but a request is told a moment after it came. */
const SLACK_MS = 25;

/**
 * Finds for each request that the gateway made the one of a client that it was made for. Only what was under way at that
 * time comes into question. Evidence in this order: an id of the request that was passed on, the session, the ids of tool calls,
 * content, and at last the time alone.
 * @param fronts what the clients asked, in the order of time
 * @param backs what the gateway asked, in the order of time
 * @returns one for each of `backs`
 */
export function joinSketches(fronts: readonly Sketch[], backs: readonly Sketch[]): Joined[] {
  const state: State = { fronts, taken: new Map(), idUses: countUses(fronts) };
  const joined = backs.map((back) => {
    const found = findFront(back, state);
    if (found) state.taken.set(found.front, (state.taken.get(found.front) ?? 0) + 1);
    return found;
  });
  return joined.map((found, i) => found ?? leftOver(backs[i]!, i, backs, joined, state));
}

interface State {
  fronts: readonly Sketch[];
  /** How many attempts a front has by now. */
  taken: Map<number, number>;
  /** How many fronts have a request id. */
  idUses: ReadonlyMap<string, number>;
}

function countUses(fronts: readonly Sketch[]): Map<string, number> {
  const uses = new Map<string, number>();
  for (const { requestIds } of fronts) for (const id of requestIds) uses.set(id, (uses.get(id) ?? 0) + 1);
  return uses;
}

function findFront(back: Sketch, state: State): Joined {
  const { fronts, idUses } = state;
  const open = underWay(back, fronts);
  if (open.length === 0) return undefined;
  const byId = open.filter((i) =>
    [...back.requestIds].some((id) => idUses.get(id) === 1 && fronts[i]!.requestIds.has(id)),
  );
  if (byId.length === 1) return { front: byId[0]!, by: 'request-id', certainty: 'certain' };
  const bySession = open.filter(
    (i) => meets(back.sessions, fronts[i]!.sessions) || meets(back.requestIds, fronts[i]!.requestIds),
  );
  if (bySession.length === 1) return { front: bySession[0]!, by: 'session', certainty: 'certain' };
  const left = bySession.length > 0 ? bySession : open;
  const byCalls = best(left, (i) => shared(back.callIds, fronts[i]!.callIds));
  if (byCalls.length === 1)
    return { front: byCalls[0]!, by: 'call-ids', certainty: left.length === 1 ? 'certain' : 'likely' };
  return byContent(back, left, state) ?? withoutContent(back, left, state);
}

/** Requests of the same kind that were not answered yet when this one began. */
function underWay(back: Sketch, fronts: readonly Sketch[]): number[] {
  return [...fronts.keys()].filter((i) => {
    const front = fronts[i]!;
    if (front.kind !== back.kind) return false;
    return front.startedAt <= back.startedAt + SLACK_MS && back.startedAt <= front.endedAt + SLACK_MS;
  });
}

function byContent(back: Sketch, left: readonly number[], state: State): Joined {
  const { fronts } = state;
  const same = left.filter((i) => {
    const { lastUser } = fronts[i]!;
    return lastUser !== undefined && back.said.includes(lastUser);
  });
  if (same.length === 0) return undefined;
  if (same.length === 1) return { front: same[0]!, by: 'content', certainty: 'certain' };
  const scored = best(same, (i) => shared(back.leaves, fronts[i]!.leaves) / (1 + fronts[i]!.leaves.size));
  const closest = scored.length > 0 ? scored : same;
  const told = closest.length > 1 ? best(closest, (i) => shared(back.answer, fronts[i]!.answer)) : closest;
  if (told.length === 1) return { front: told[0]!, by: 'content', certainty: 'likely' };
  return inOrder(told.length > 0 ? told : closest, state, 'guess');
}

/** Neither side says anything (a list of models), or the gateway lost what was said. */
function withoutContent(back: Sketch, left: readonly number[], state: State): Joined {
  const silent = left.filter((i) => back.lastUser === undefined || state.fronts[i]!.lastUser === undefined);
  if (silent.length === 0) return undefined;
  return inOrder(silent, state, silent.length === 1 ? 'likely' : 'guess');
}

/** The first that has no attempt yet, else the last one that began. */
function inOrder(left: readonly number[], { taken }: State, certainty: EntryJoin['certainty']): Joined {
  const free = left.find((i) => !taken.has(i));
  return { front: free ?? left.at(-1)!, by: 'order', certainty };
}

/**
 * Says something else than any client under way: it may be what the gateway made of the only request that has no other one, or
 * nobody asked for it.
 */
function leftOver(back: Sketch, at: number, backs: readonly Sketch[], joined: readonly Joined[], state: State): Joined {
  const free = underWay(back, state.fronts).filter((i) => !state.taken.has(i));
  if (free.length !== 1) return undefined;
  const rivals = backs.filter((other, i) => i !== at && !joined[i] && underWay(other, state.fronts).includes(free[0]!));
  return rivals.length > 0 ? undefined : { front: free[0]!, by: 'order', certainty: 'guess' };
}

/** The indices with the highest score above 0. */
function best(indices: readonly number[], scoreOf: (i: number) => number): number[] {
  const scores = indices.map(scoreOf);
  const top = Math.max(0, ...scores);
  return top === 0 ? [] : indices.filter((_, i) => scores[i] === top);
}

function shared(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let count = 0;
  for (const value of a) if (b.has(value)) count += 1;
  return count;
}

function meets(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return shared(a, b) > 0;
}
