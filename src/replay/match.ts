import type { RecordedExchange } from '../cassette/legs.ts';
import type { Protocol, Side } from '../util/types.ts';
import type { Closest } from './closest.ts';
import { type Recording, recordingsOf } from './recording.ts';
import {
  type MatchLevel,
  type MatchRequest,
  type MatchRules,
  routeOf,
  SOCKET_METHOD,
  type TargetBase,
} from './request.ts';
import { type AskedRequest, type RecordedRequest, RequestTable } from './request-table.ts';

/** What an exhausted key gives: a miss, its last answer again, or all of them again from the first. */
export type Repeat = 'none' | 'last' | 'cycle';

export interface MatchOptions {
  level: MatchLevel;
  repeat: Repeat;
  /** Whose requests are served; `client` when absent. */
  side?: Side;
  /** Base URL of the recorded upstream: its path and query are no part of what its requests ask for. */
  base?: TargetBase;
  /** Field rules of the user's own. */
  rules?: MatchRules;
}

/** Why a request has no recording. */
export interface Miss {
  method: string;
  target: string;
  /** `exhausted`: there are equal requests, and all were served. `unknown`: there is none. */
  reason: 'unknown' | 'exhausted';
  /** How many equal requests were recorded; 0 with `unknown`. */
  recorded: number;
  protocol: Protocol | null;
  /** The recorded request of the same method and path that differs least; undefined when there is none. */
  closest?: Closest;
}

/** What is found without reading the cassette; `explain` completes a miss. */
export type Found = { hit: RecordedRequest; repeated: boolean } | { miss: Unexplained };

/** A miss whose closest recording has yet to be looked for. */
export interface Unexplained {
  /** Recordings to be compared, in recorded order. */
  candidates: readonly RecordedRequest[];
  /** Takes one of them. */
  consider(known: RecordedRequest, recording: Recording): void;
  /** The miss, with the closest of those that were taken. */
  explain(): Miss;
}

/** Finds recordings by requests, and counts what was served; of the cassette it keeps where its exchanges are. */
export interface Finder {
  find(request: MatchRequest): Found;
  /** Recordings that no request got yet, in recorded order. */
  leftovers(): RecordedRequest[];
  /** What was recorded of requests for a WebSocket at that target. */
  upgradeAt(target: string): UpgradeChoice;
}

export interface UpgradeChoice {
  /** Whether there was any, accepted or not. */
  recorded: boolean;
  /**
   * The one that an upgrade is to be accepted as; undefined: it is not. The next one that was recorded decides, since one may have
   * been refused and another accepted.
   */
  accepted: RecordedRequest | undefined;
}

/**
 * Asked again, a safe request (RFC 9110 section 9.2.1) gets its last answer whatever `repeat` says: how often a client polls
 * is not what a test of its turns is about. Codex 0.169.0 fetches its list of models one to three times a run.
 */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Recordings with one key. */
interface Queue {
  all: RecordedRequest[];
  /** All before this one were served. */
  next: number;
  /** How often one was given out again. */
  repeats: number;
}

/**
 * Indexes the requests of a cassette, in steps between which exchanges are handed in: `learn` takes each in its order, and
 * `unsettled` says how many from the first are to be handed to `relearn`. Then `finder` can be asked.
 */
export function createMatchIndex(options: MatchOptions): RequestTable {
  const { level, side = 'client', base, rules } = options;
  return new RequestTable({ level, side, base, rules });
}

/**
 * Looks requests up in a table that is complete. Equal requests are served in recorded order; a request
 * is looked up in one step, and only a miss looks at the others.
 */
export function createFinder(table: RequestTable, { level, repeat }: MatchOptions): Finder {
  const queues = queuesOf(table);
  /** At level `turn`: which recorded session a live one plays. */
  const sessions = new Map<string, string>();

  function pick(queue: Queue, session: string | undefined): Found | undefined {
    const fresh = nextFresh(queue, session);
    if (fresh) {
      fresh.served = true;
      if (session !== undefined && fresh.session !== undefined) sessions.set(session, fresh.session);
      return { hit: fresh, repeated: false };
    }
    if (repeat === 'none' && !isSafe(queue.all[0]!)) return undefined;
    const again = repeat !== 'cycle' ? queue.all.length - 1 : queue.repeats++ % queue.all.length;
    return { hit: queue.all[again]!, repeated: true };
  }

  function nextFresh(queue: Queue, session: string | undefined): RecordedRequest | undefined {
    while (queue.all[queue.next]?.served) queue.next++;
    for (let i = queue.next; i < queue.all.length; i++) {
      const item = queue.all[i]!;
      if (!item.served && mayPlay(item, session)) return item;
    }
    return undefined;
  }

  /** At level `turn` bodies do not count, so two conversations are kept apart by their sessions. */
  function mayPlay(item: RecordedRequest, session: string | undefined): boolean {
    if (level !== 'turn' || session === undefined) return true;
    const mine = sessions.get(session);
    if (mine !== undefined) return item.session === mine;
    return ![...sessions.values()].includes(item.session ?? '');
  }

  /** A safe request that was asked less often than when it was recorded. */
  function wasPolled(item: RecordedRequest): boolean {
    return isSafe(item) && (queues.get(item.key)?.all.some(({ served }) => served) ?? false);
  }

  function missOf(asked: AskedRequest): Unexplained {
    const { request, route } = asked;
    const recorded = queues.get(asked.key)?.all.length ?? 0;
    const { closest, consider } = table.search(asked);
    return {
      candidates: table.candidates(asked),
      consider,
      explain() {
        const best = closest.result();
        return {
          method: request.method,
          target: request.target,
          reason: recorded > 0 ? 'exhausted' : 'unknown',
          recorded,
          protocol: route?.protocol ?? null,
          ...(best ? { closest: best } : {}),
        };
      },
    };
  }

  const leftovers = () => table.all.filter((item) => !item.served && !wasPolled(item));

  return {
    find(request) {
      const asked = table.ask(request);
      const queue = queues.get(asked.key);
      return (queue && pick(queue, asked.session)) ?? { miss: missOf(asked) };
    },
    leftovers,
    upgradeAt(target) {
      const route = routeOf({ method: SOCKET_METHOD, target, body: undefined }, undefined);
      const here = (list: readonly RecordedRequest[]) => list.filter(({ upgrade }) => upgrade?.route === route);
      const isAccepted = ({ upgrade }: RecordedRequest) => upgrade?.accepted === true;
      const [left, all] = [here(leftovers()), here(table.all)];
      const decides = left[0] ?? all.findLast(isAccepted);
      const offered = decides !== undefined && isAccepted(decides);
      return { recorded: all.length > 0, accepted: offered ? (left.find(isAccepted) ?? decides) : undefined };
    },
  };
}

/** The queues of a table by their keys; most have one recording alone, for which nothing is kept but that. */
function queuesOf(table: RequestTable): { get(key: string): Queue | undefined } {
  const queues = new Map<string, Queue | RecordedRequest>();
  for (const item of table.all) {
    const known = queues.get(item.key);
    if (!known) queues.set(item.key, item);
    else if ('all' in known) known.all.push(item);
    else queues.set(item.key, { all: [known, item], next: 0, repeats: 0 });
  }
  return {
    get(key) {
      const known = queues.get(key);
      return known && 'index' in known ? { all: [known], next: 0, repeats: 0 } : known;
    },
  };
}

function isSafe({ route }: RecordedRequest): boolean {
  return SAFE_METHODS.has(route.method);
}

export type MatchResult = { hit: Recording; repeated: boolean } | { miss: Miss };

export interface Matcher {
  /** Finds the recording for a request and counts it as served. */
  match(request: MatchRequest): MatchResult;
  /** Recordings that no request got yet, in recorded order. */
  leftovers(): Recording[];
}

/**
 * Matches requests against exchanges that are in memory. Requests that did not arrive whole, and
 * WebSocket connections on which nothing was asked, cannot be asked for and are left out.
 */
export function createMatcher(exchanges: Iterable<RecordedExchange>, options: MatchOptions): Matcher {
  const list = [...exchanges];
  const side = options.side ?? 'client';
  const table = createMatchIndex(options);
  for (const exchange of list) table.learn(exchange);
  for (const exchange of list.slice(0, table.unsettled)) table.relearn(exchange);
  const finder = createFinder(table, options);
  const load = ({ number, attempt }: RecordedRequest): Recording =>
    recordingsOf(list[number - 1]!, side).find((one) => one.attempt === attempt)!;
  return {
    match(request) {
      const found = finder.find(request);
      if ('hit' in found) return { hit: load(found.hit), repeated: found.repeated };
      for (const known of found.miss.candidates) found.miss.consider(known, load(known));
      return { miss: found.miss.explain() };
    },
    leftovers: () => finder.leftovers().map(load),
  };
}
