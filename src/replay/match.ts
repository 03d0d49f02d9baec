import type { Entry } from '../cassette/format.ts';
import { legOf, type RecordedExchange } from '../cassette/legs.ts';
import { createOf, isOverWebSocket } from '../cassette/messages.ts';
import type { Protocol, Side } from '../util/types.ts';
import { compareValues, type FirstDifference } from './difference.ts';
import { stringsOf } from './fields.ts';
import { ElidableTexts } from './placeholders.ts';
import {
  type ComparedRequest,
  compareForm,
  type MatchLevel,
  type MatchRequest,
  type ParsedBody,
  parseBody,
  routeOf,
  SOCKET_METHOD,
  type TargetBase,
} from './request.ts';
import { createScrubber, findPlaces, mergePlaces, type Places, placeScrubber } from './scrub.ts';

/** What an exhausted key gives: a miss, its last answer again, or all of them again from the first. */
export type Repeat = 'none' | 'last' | 'cycle';

export interface MatchOptions {
  level: MatchLevel;
  repeat: Repeat;
  /** Whose requests are served; `client` when absent. */
  side?: Side;
  /** Base URL of the recorded upstream: its path and query are no part of what its requests ask for. */
  base?: TargetBase;
}

/** One recorded request with its answer. */
export interface Recording {
  exchange: RecordedExchange;
  entry: Entry;
  /** From 1; on the upstream side only. */
  attempt?: number;
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
  closest?: { recording: Recording; leaves: number; first: FirstDifference | undefined };
}

export type MatchResult = { hit: Recording; repeated: boolean } | { miss: Miss };

export interface Matcher {
  /** Finds the recording for a request and counts it as served. */
  match(request: MatchRequest): MatchResult;
  /** Recordings that no request got yet, in recorded order. */
  leftovers(): Recording[];
  /** All that can be asked for, in recorded order. */
  recordings: readonly Recording[];
}

interface Indexed {
  recording: Recording;
  safe: boolean;
  form: ComparedRequest;
  served: boolean;
}

/**
 * Asked again, a safe request (RFC 9110 section 9.2.1) gets its last answer whatever `repeat` says: how often a client polls
 * is not what a test of its turns is about. Codex 0.169.0 fetches its list of models one to three times a run.
 */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Recordings with one key. */
interface Queue {
  all: Indexed[];
  /** All before this one were served. */
  next: number;
  /** How often one was given out again. */
  repeats: number;
}

interface Route {
  protocol: Protocol | null;
  all: Indexed[];
}

/**
 * Indexes the requests of a cassette by what they are compared as. Equal requests are served in recorded order; a request
 * is looked up in one step, and only a miss looks at the others. Requests that did not arrive whole, and
 * WebSocket connections on which nothing was asked, cannot be asked for and are left out.
 */
export function createMatcher(exchanges: Iterable<RecordedExchange>, options: MatchOptions): Matcher {
  const { level, repeat, base } = options;
  const texts = new ElidableTexts();
  const indexed: Indexed[] = [];
  const queues = new Map<string, Queue>();
  const routes = new Map<string, Route>();
  /** At level `turn`: which recorded session a live one plays. */
  const sessions = new Map<string, string>();

  const drafts = recordingsOf(exchanges, options.side ?? 'client').flatMap((recording) => draft(recording) ?? []);
  const known = placeScrubber(mergePlaces(drafts.map(({ places }) => places)));
  for (const { recording, request, body, places } of drafts) add(recording, request, body, places);

  function add(recording: Recording, request: MatchRequest, body: ParsedBody, places: Places): void {
    const protocol = recording.entry._protocol;
    const form = compareForm(request, body, {
      level,
      protocol,
      base,
      scrub: createScrubber(placeScrubber(places), known),
      text: (value, make) => texts.learn(value, make),
    });
    const item: Indexed = { recording, safe: SAFE_METHODS.has(request.method), form, served: false };
    indexed.push(item);
    getOrMake(queues, form.key, (): Queue => ({ all: [], next: 0, repeats: 0 })).all.push(item);
    getOrMake(routes, routeOf(request, base), (): Route => ({ protocol, all: [] })).all.push(item);
  }

  function formOf(request: MatchRequest): { form: ComparedRequest; route: Route | undefined } {
    const route = routes.get(routeOf(request, base));
    const body = parseBody(request.body);
    const form = compareForm(request, body, {
      level,
      protocol: route?.protocol ?? null,
      base,
      scrub: createScrubber(placeScrubber(placesOf(body)), known),
      text: (value, make) => texts.find(value, make),
    });
    return { form, route };
  }

  function pick(queue: Queue, session: string | undefined): MatchResult | undefined {
    const fresh = nextFresh(queue, session);
    if (fresh) {
      fresh.served = true;
      if (session !== undefined && fresh.form.session !== undefined) sessions.set(session, fresh.form.session);
      return { hit: fresh.recording, repeated: false };
    }
    if (repeat === 'none' && !queue.all[0]?.safe) return undefined;
    const again = repeat !== 'cycle' ? queue.all.length - 1 : queue.repeats++ % queue.all.length;
    return { hit: queue.all[again]!.recording, repeated: true };
  }

  function nextFresh(queue: Queue, session: string | undefined): Indexed | undefined {
    while (queue.all[queue.next]?.served) queue.next++;
    for (let i = queue.next; i < queue.all.length; i++) {
      const item = queue.all[i]!;
      if (!item.served && mayPlay(item, session)) return item;
    }
    return undefined;
  }

  /** At level `turn` bodies do not count, so two conversations are kept apart by their sessions. */
  function mayPlay(item: Indexed, session: string | undefined): boolean {
    if (level !== 'turn' || session === undefined) return true;
    const mine = sessions.get(session);
    if (mine !== undefined) return item.form.session === mine;
    return ![...sessions.values()].includes(item.form.session ?? '');
  }

  /** A safe request that was asked less often than when it was recorded. */
  function wasPolled({ safe, form }: Indexed): boolean {
    return safe && (queues.get(form.key)?.all.some((item) => item.served) ?? false);
  }

  function explainMiss(request: MatchRequest, form: ComparedRequest, route: Route | undefined): Miss {
    const equal = queues.get(form.key)?.all.length ?? 0;
    const closest = route && closestOf(route.all, form);
    return {
      method: request.method,
      target: request.target,
      reason: equal > 0 ? 'exhausted' : 'unknown',
      recorded: equal,
      protocol: route?.protocol ?? null,
      ...(closest ? { closest } : {}),
    };
  }

  return {
    match(request) {
      const { form, route } = formOf(request);
      const queue = queues.get(form.key);
      return (queue && pick(queue, form.session)) ?? { miss: explainMiss(request, form, route) };
    },
    recordings: drafts.map(({ recording }) => recording),
    leftovers: () => indexed.filter((item) => !item.served && !wasPolled(item)).map((item) => item.recording),
  };
}

function recordingsOf(exchanges: Iterable<RecordedExchange>, side: Side): Recording[] {
  const recordings: Recording[] = [];
  for (const exchange of exchanges) {
    if (side === 'client') recordings.push({ exchange, entry: exchange.client });
    else for (const entry of exchange.attempts) recordings.push({ exchange, entry, attempt: entry._attempt ?? 1 });
  }
  return recordings.filter(({ entry }) => !entry.request._incomplete);
}

interface Draft {
  recording: Recording;
  request: MatchRequest;
  body: ParsedBody;
  places: Places;
}

/** Undefined for a WebSocket connection on which nothing was asked. */
function draft(recording: Recording): Draft | undefined {
  const { exchange, entry, attempt } = recording;
  const leg = attempt === undefined ? legOf(exchange, 'client-request') : legOf(exchange, 'upstream-request', attempt);
  const overSocket = isOverWebSocket(entry);
  const bytes = overSocket ? createOf(leg?.messages ?? [])?.data : (leg?.body?.decoded ?? leg?.body?.wire);
  if (overSocket && !bytes) return undefined;
  const body = parseBody(bytes);
  const method = overSocket ? SOCKET_METHOD : entry.request.method;
  return { recording, request: { method, target: entry.request.url, body: bytes }, body, places: placesOf(body) };
}

function placesOf(body: ParsedBody): Places {
  return body.kind === 'json' ? findPlaces(stringsOf(body.value)) : { work: [], home: [] };
}

/** The recording with the fewest leaves that differ; of several, the first that nobody got yet. */
function closestOf(all: readonly Indexed[], form: ComparedRequest): Miss['closest'] {
  let best: { item: Indexed; leaves: number; first: FirstDifference | undefined } | undefined;
  for (const item of all) {
    const { leaves, first } = compareValues(item.form.body, form.body, best ? best.leaves + 1 : undefined);
    const better = !best || leaves < best.leaves || (leaves === best.leaves && best.item.served && !item.served);
    if (better) best = { item, leaves, first };
  }
  return best && { recording: best.item.recording, leaves: best.leaves, first: best.first };
}

function getOrMake<V>(map: Map<string, V>, key: string, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
