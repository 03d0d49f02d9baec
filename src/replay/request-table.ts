import { createHash } from 'node:crypto';
import type { RecordedExchange } from '../cassette/legs.ts';
import type { Protocol, Side } from '../util/types.ts';
import { ClosestSearch, type ShownBody } from './closest.ts';
import { type Draft, draftOf } from './draft.ts';
import { applyRules, type RuleTree } from './fields.ts';
import { ElidableTexts, unnumber } from './placeholders.ts';
import { type Recording, recordingsOf, requestOf, upgradeOf } from './recording.ts';
import {
  type ComparedRequest,
  compareForm,
  type MatchLevel,
  type MatchRequest,
  type MatchRules,
  type ParsedBody,
  routeOf,
  ruleTreeOf,
  SOCKET_METHOD,
  type TargetBase,
} from './request.ts';
import { createScrubber, mergePlaces, type Places, placeScrubber, type Scrubber } from './scrub.ts';
import { SketchList, sketchOf } from './sketch.ts';

/** Method and path, with the recorded requests that have them. */
export interface Route {
  /** `POST /responses`. */
  name: string;
  method: string;
  protocol: Protocol | null;
  all: RecordedRequest[];
}

/** What is kept in memory of a recorded request: where it is, and what it is compared as, not what it says. */
export interface RecordedRequest {
  /** Among all recorded requests, from 0. */
  readonly index: number;
  /** Of its exchange in the cassette, from 1. */
  readonly number: number;
  readonly id: string;
  readonly seq: number;
  /** From 1; on the upstream side only. */
  readonly attempt: number | undefined;
  readonly route: Route;
  /** Of a request for a WebSocket: the route of its messages, and what came of it. */
  readonly upgrade: { route: string; accepted: boolean } | undefined;
  /** Equal for requests that match. */
  key: string;
  session: string | undefined;
  served: boolean;
}

export interface TableOptions {
  level: MatchLevel;
  side: Side;
  base: TargetBase | undefined;
  rules?: MatchRules | undefined;
}

/** A request on its way through the table. */
export interface AskedRequest {
  request: MatchRequest;
  key: string;
  session: string | undefined;
  route: Route | undefined;
}

/** A request with all that it is compared by, for those who explain a comparison. */
export interface RequestView {
  form: ComparedRequest;
  body: ParsedBody;
  /** The field rules that were applied. */
  tree: RuleTree;
  /** The texts that stand behind tokens in `form.body` and in what `apply` gives. */
  notes: ReadonlyMap<string, string>;
  /** Replaces the places alone. */
  places: Scrubber;
  /** Puts another document of the same exchange through rules, as the request's own body was. */
  apply(document: unknown, tree: RuleTree): unknown;
}

/**
 * So many recordings are compared value by value to name the closest one; of a cassette with more of that route those whose
 * sketches are most alike. Reading them takes some tens of milliseconds.
 */
const CANDIDATES = 64;

/**
 * After so many changes every exchange is learnt a second time anyway, and the first time finds the places alone: a cassette of many
 * sessions in directories of their own would cost a new set of patterns for each.
 */
const MOST_CHANGES = 16;

/**
 * The recorded requests of a cassette and what they are compared as, in memory that does not depend on how long they are. Every
 * exchange is learnt once, and those before `unsettled` once more: a directory that only a later one named counts in them too.
 */
export class RequestTable {
  readonly all: RecordedRequest[] = [];
  readonly #options: TableOptions;
  readonly #texts = new ElidableTexts();
  readonly #routes = new Map<string, Route>();
  readonly #sketches = new SketchList();
  readonly #work = new Set<string>();
  readonly #home = new Set<string>();
  /** Made of the places when it is needed. */
  #known: Scrubber | undefined;
  /** How often exchanges named places that none before did. */
  #changes = 0;
  #learnt = 0;
  #settledFrom = 1;
  #again = 0;

  constructor(options: TableOptions) {
    this.#options = options;
  }

  /** How many exchanges, from the first, are to be learnt again. */
  get unsettled(): number {
    return this.#settledFrom - 1;
  }

  /** Takes the exchanges in their order. */
  learn(exchange: RecordedExchange): void {
    this.#learnt += 1;
    const drafts = this.#draftsOf(exchange);
    this.#learnPlaces(drafts.map(({ places }) => places));
    const isFutile = this.#changes > MOST_CHANGES;
    if (isFutile) this.#settledFrom = this.#learnt + 1;
    for (const draft of drafts) {
      const known = this.#add(draft);
      if (!isFutile) this.#keep(known, this.#learnForm(draft));
    }
  }

  /** Takes the first `unsettled` exchanges another time. */
  relearn(exchange: RecordedExchange): void {
    for (const draft of this.#draftsOf(exchange)) {
      this.#keep(this.all[this.#again]!, this.#learnForm(draft));
      this.#again += 1;
    }
  }

  /** What a request is looked up by. */
  ask(request: MatchRequest): AskedRequest {
    const { form, route } = this.#formOf(request);
    return { request, key: keyOf(form), session: form.session, route };
  }

  /** The recorded requests that are worth comparing with one that has no recording, in recorded order. */
  candidates({ request, route }: AskedRequest): RecordedRequest[] {
    if (!route || route.all.length <= CANDIDATES) return route?.all ?? [];
    const sketch = sketchOf(this.#formOf(request).form.body);
    const likeness = new Map(route.all.map((one) => [one, this.#sketches.likeness(one.index, sketch)]));
    const rank = (a: RecordedRequest, b: RecordedRequest) =>
      likeness.get(b)! - likeness.get(a)! || Number(a.served) - Number(b.served) || a.index - b.index;
    const best = [...route.all].sort(rank).slice(0, CANDIDATES);
    return best.sort((a, b) => a.index - b.index);
  }

  /** Looks for the closest one of `candidates`; `consider` takes them one by one. */
  search({ request }: AskedRequest): {
    consider(known: RecordedRequest, recording: Recording): void;
    closest: ClosestSearch;
  } {
    const closest = new ClosestSearch(this.#show(request));
    return {
      closest,
      consider: (known, recording) => {
        const recorded = requestOf(recording);
        if (recorded) closest.consider(recording, known.served, this.#show(recorded));
      },
    };
  }

  /**
   * What a request is compared as, with what was done to it.
   * @param protocol whose rules count; that of the recorded requests of its path when not given
   */
  view(request: MatchRequest, protocol?: Protocol | null): RequestView {
    const { level, rules } = this.#options;
    const draft = draftOf(request);
    const { body } = draft;
    const notes = new Map<string, string>();
    const spoken = protocol ?? this.#routes.get(routeOf(request, this.#options.base))?.protocol ?? null;
    const find = (text: string, make: (text: string) => string) => this.#texts.find(text, make, notes);
    const { places, scrub } = this.#scrubbersOf(draft.places);
    const make = (kind: 'static' | 'scrub') => (kind === 'static' ? unnumber : (raw: string) => scrub(unnumber(raw)));
    return {
      form: this.#compare(draft, spoken, find),
      body,
      tree: ruleTreeOf(level, spoken, rules),
      notes,
      places,
      apply: (document, tree) => applyRules(document, tree, (text, kind) => find(text, make(kind))).value,
    };
  }

  #draftsOf(exchange: RecordedExchange): RecordedDraft[] {
    return recordingsOf(exchange, this.#options.side).flatMap((recording) => {
      const request = requestOf(recording);
      return request ? [{ recording, ...draftOf(request) }] : [];
    });
  }

  #learnPlaces(list: readonly Places[]): void {
    const before = this.#work.size + this.#home.size;
    for (const { work, home } of list) {
      for (const path of work) this.#work.add(path);
      for (const path of home) this.#home.add(path);
    }
    if (this.#work.size + this.#home.size === before) return;
    this.#changes += 1;
    this.#known = undefined;
    this.#texts.clear();
    this.#settledFrom = this.#learnt;
  }

  #learnForm(draft: RecordedDraft): ComparedRequest {
    const { _protocol } = draft.recording.entry;
    return this.#compare(draft, _protocol, (text, make) => this.#texts.learn(text, make));
  }

  #formOf(request: MatchRequest, notes?: Map<string, string>): { form: ComparedRequest; route: Route | undefined } {
    const route = this.#routes.get(routeOf(request, this.#options.base));
    const find = (text: string, make: (text: string) => string) => this.#texts.find(text, make, notes);
    return { form: this.#compare(draftOf(request), route?.protocol ?? null, find), route };
  }

  #show(request: MatchRequest): ShownBody {
    const notes = new Map<string, string>();
    return { body: this.#formOf(request, notes).form.body, notes };
  }

  #compare(
    { request, body, places }: Draft,
    protocol: Protocol | null,
    text: (value: string, make: (value: string) => string) => string,
  ): ComparedRequest {
    const { level, base, rules } = this.#options;
    const { scrub } = this.#scrubbersOf(places);
    return compareForm(request, body, { level, protocol, base, rules, scrub, text });
  }

  #scrubbersOf(ofRequest: Places): { places: Scrubber; scrub: Scrubber } {
    this.#known ??= placeScrubber(mergePlaces([{ work: [...this.#work], home: [...this.#home] }]));
    const [own, others] = [placeScrubber(ofRequest), this.#known];
    return { places: (text) => others(own(text)), scrub: createScrubber(own, others) };
  }

  #add({ recording, request }: RecordedDraft): RecordedRequest {
    const { exchange, entry, attempt } = recording;
    const { base } = this.#options;
    const name = routeOf(request, base);
    const route = this.#routes.get(name) ?? {
      name,
      method: request.method,
      protocol: entry._protocol,
      all: [],
    };
    this.#routes.set(name, route);
    const upgrade = upgradeOf(recording);
    const socketRoute = upgrade && routeOf({ ...request, method: SOCKET_METHOD }, base);
    const known: RecordedRequest = {
      index: this.all.length,
      number: this.#learnt,
      id: exchange.id,
      seq: exchange.seq,
      attempt,
      route,
      upgrade: socketRoute === undefined ? undefined : { route: socketRoute, accepted: upgrade === 'accepted' },
      key: '',
      session: undefined,
      served: false,
    };
    this.all.push(known);
    route.all.push(known);
    return known;
  }

  #keep(known: RecordedRequest, form: ComparedRequest): void {
    known.key = keyOf(form);
    // At the other levels bodies tell conversations apart.
    if (this.#options.level === 'turn') known.session = form.session;
    this.#sketches.set(known.index, sketchOf(form.body));
  }
}

interface RecordedDraft extends Draft {
  recording: Recording;
}

/** The hash of a key as a string of its bytes: half as long as in hex, and a cassette may have very many. */
function keyOf({ key }: ComparedRequest): string {
  return createHash('sha256').update(key).digest('binary');
}
