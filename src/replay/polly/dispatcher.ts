import { Dispatcher, getGlobalDispatcher } from 'undici';
import type { CassetteHeader } from '../../cassette/format.ts';
import type { RecordedExchange } from '../../cassette/legs.ts';
import type { RecordingSummary } from '../../cassette/tap.ts';
import type { ExchangeSource } from '../exchange-source.ts';
import type { Leftover } from '../library.ts';
import type { Repeat } from '../match.ts';
import type { Speed } from '../player.ts';
import type { MatchLevel, MatchRules } from '../request.ts';
import { PollyCalls } from './calls.ts';
import { type CassetteMode, openDeck } from './deck.ts';
import type { CassetteMiss } from './missed.ts';
import { startPace } from './pace.ts';

export interface CassetteDispatcherOptions {
  /** Path of a cassette; or exchanges that are read elsewhere, which can be played and not recorded. */
  cassette: string | Iterable<RecordedExchange> | ExchangeSource;
  /** `none` (the default) never uses the network. */
  mode?: CassetteMode;
  /** How much of two requests must be equal; `shape` when absent. */
  match?: MatchLevel;
  /** What follows when all equal recordings were served; a miss when absent. */
  repeat?: Repeat;
  /** Milliseconds that a recording may be old; an older one is not served. */
  maxAge?: number;
  /**
   * Whose legs are served. `upstream` (the default) takes the place of the network behind a proxy; `gateway` that of a gateway before its
   * client. They differ where the recorded gateway translated or failed; a cassette without upstream legs is served by its client legs.
   */
  as?: 'gateway' | 'upstream';
  /** `instant` when absent. */
  speed?: Speed;
  /** Patterns of the user's own secrets, as they were given to the recording. */
  redact?: RegExp[];
  /** Field rules of the user's own, on top of those of each protocol. */
  rules?: MatchRules;
  /** For exchanges that are read elsewhere: the header of their cassette, which tells the base URL and whether anything was redacted. */
  header?: Pick<CassetteHeader, 'upstream' | 'redacted'>;
  /** Sends the requests that are recorded; undici's global dispatcher of this moment when absent. */
  upstream?: Dispatcher;
}

export interface CassetteDispatcher {
  /** For `setGlobalDispatcher`, `fetch(url, { dispatcher })`, an SDK's `fetchOptions`, or `startProxy`. */
  readonly dispatcher: Dispatcher;
  /** Requests that got a recorded answer. */
  readonly served: number;
  /** Requests that went to the network and were recorded. */
  readonly recorded: number;
  /** Requests that got no answer but an error that says why. */
  readonly misses: readonly CassetteMiss[];
  /** Exchanges of which a request has not been asked for yet. */
  leftovers(): Leftover[];
  /**
   * Ends what is in flight, closes the cassette, and tells what was recorded; undefined when nothing was.
   * @throws TapedeckError `output-failed`, `cassette-edited` (the new recording stands beside the cassette then)
   */
  close(): Promise<RecordingSummary | undefined>;
}

/**
 * A dispatcher for undici that answers from a cassette, and records to it where its mode says so. Answers stream as they were
 * recorded, read by read, with the backpressure of whoever asked; a miss is answered with status 400, which clients take as final.
 * @throws TapedeckError as `openCassette`; `usage` for a mode that records exchanges without a file
 */
export async function createCassetteDispatcher(options: CassetteDispatcherOptions): Promise<CassetteDispatcher> {
  const { mode = 'none', speed = 'instant' } = options;
  const deck = await openDeck({
    cassette: options.cassette,
    mode,
    match: options.match ?? 'shape',
    repeat: options.repeat ?? 'none',
    maxAge: options.maxAge,
    as: options.as ?? 'upstream',
    redact: options.redact ?? [],
    rules: options.rules,
    header: options.header,
    upstream: options.upstream ?? getGlobalDispatcher(),
  });
  const config = { mode: deck.recordsAll ? 'record' : 'replay', recordIfMissing: mode === 'new_episodes' } as const;
  const dispatcher = new PollyDispatcher(new PollyCalls(deck, { ...config, startPace: () => startPace(speed) }));
  return {
    dispatcher,
    get served() {
      return deck.served;
    },
    get recorded() {
      return deck.recorded;
    },
    misses: deck.misses,
    leftovers: () => deck.leftovers(),
    async close() {
      await dispatcher.destroy();
      return deck.finish();
    },
  };
}

/** Hands every request to Polly. */
class PollyDispatcher extends Dispatcher {
  readonly #calls: PollyCalls;

  constructor(calls: PollyCalls) {
    super();
    this.#calls = calls;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.#calls.dispatch(options, handler);
    return true;
  }

  /** Resolves when what is in flight is over; takes nothing more. */
  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | undefined {
    return withCallback(this.#calls.close(), callback);
  }

  /** Ends what is in flight with an error. */
  override destroy(error?: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | undefined {
    const over = this.#calls.destroy((typeof first === 'function' ? undefined : first) ?? undefined);
    return withCallback(over, typeof first === 'function' ? first : second);
  }
}

function withCallback(over: Promise<void>, callback: (() => void) | undefined): Promise<void> | undefined {
  if (!callback) return over;
  over.then(callback, callback);
  return undefined;
}
