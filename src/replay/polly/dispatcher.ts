import { Dispatcher, errors, getGlobalDispatcher } from 'undici';
import type { CassetteHeader } from '../../cassette/format.ts';
import type { RecordedExchange } from '../../cassette/legs.ts';
import type { RecordingSummary } from '../../cassette/tap.ts';
import { tellSentHead } from '../../upstream/sent-head.ts';
import type { ExchangeSource } from '../exchange-source.ts';
import type { Leftover } from '../library.ts';
import type { Repeat } from '../match.ts';
import type { Speed } from '../player.ts';
import type { MatchLevel } from '../request.ts';
import { DispatcherAdapter } from './adapter.ts';
import { Call } from './call.ts';
import type { CallDeck } from './call-deck.ts';
import { type CassetteMode, openDeck } from './deck.ts';
import type { CassetteMiss } from './missed.ts';
import { type Pace, startPace } from './pace.ts';
import { CassettePersister } from './persister.ts';
import { Polly, type PollyConfig, type PollyInstance } from './polly.ts';
import { Reply } from './reply.ts';
import { writtenFields } from './sent-head.ts';

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
    header: options.header,
    upstream: options.upstream ?? getGlobalDispatcher(),
  });
  const config = { mode: deck.recordsAll ? 'record' : 'replay', recordIfMissing: mode === 'new_episodes' } as const;
  const dispatcher = createPollyDispatcher(deck, { ...config, startPace: () => startPace(speed) });
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

/** What Polly does with requests, and when each read of an answer is told. */
export interface PollyOptions extends Pick<PollyConfig, 'mode' | 'recordIfMissing'> {
  startPace(): Pace;
}

/** A dispatcher whose requests go through a Polly of its own, which finds and keeps recordings in the deck. */
export function createPollyDispatcher(deck: CallDeck, options: PollyOptions): Dispatcher {
  return new PollyDispatcher(startPolly(deck, options));
}

function startPolly(deck: CallDeck, { mode, recordIfMissing, startPace }: PollyOptions): PollyInstance {
  return new Polly('tapedeck', {
    mode,
    recordIfMissing,
    adapters: [DispatcherAdapter],
    adapterOptions: { [DispatcherAdapter.id]: { startPace } },
    persister: CassettePersister,
    persisterOptions: { [CassettePersister.id]: { deck } },
    // It would print every miss, which is told where it is asked for.
    logLevel: 'silent',
    timing: null,
    matchRequestsBy: { method: false, headers: false, body: false, order: false, url: false },
  });
}

/** Hands every request to Polly. */
class PollyDispatcher extends Dispatcher {
  readonly #polly: PollyInstance;
  readonly #adapter: DispatcherAdapter;
  readonly #running = new Map<Reply, Promise<void>>();
  #closed = false;

  constructor(polly: PollyInstance) {
    super();
    this.#polly = polly;
    this.#adapter = polly.adapters.get(DispatcherAdapter.id) as DispatcherAdapter;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const reply = new Reply(handler);
    try {
      if (this.#closed) throw new errors.ClientDestroyedError();
      if (options.upgrade || options.method === 'CONNECT') {
        throw new errors.NotSupportedError('a cassette is played over HTTP requests, not over upgraded connections');
      }
      const call = new Call(options, reply);
      reply.onAbort = (reason) => call.drop(reason);
      reply.start();
      if (reply.over) return true;
      // A proxy that records its upstream leg waits for what is written after `onConnect`.
      tellSentHead({ httpVersion: '1.1', method: call.method, target: call.path, headers: writtenFields(call) });
      this.#run(call);
    } catch (error) {
      reply.fail(error as Error);
    }
    return true;
  }

  /** Resolves when what is in flight is over; takes nothing more. */
  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | undefined {
    this.#closed = true;
    return withCallback(Promise.all(this.#running.values()), callback);
  }

  /** Ends what is in flight with an error. */
  override destroy(error?: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | undefined {
    const error = typeof first === 'function' ? undefined : first;
    this.#closed = true;
    for (const reply of this.#running.keys()) reply.abort(error ?? new errors.ClientDestroyedError());
    const over = Promise.all(this.#running.values()).then(() => this.#polly.stop());
    return withCallback(over, typeof first === 'function' ? first : second);
  }

  #run(call: Call): void {
    const { reply, url, method } = call;
    const handled = this.#adapter.handleRequest({ url, method, requestArguments: { call } }).then(
      () => {},
      // Polly's own fault, or that of a handler: whoever asked is told all the same.
      (error: Error) => reply.fail(error),
    );
    this.#running.set(
      reply,
      handled.finally(() => this.#running.delete(reply)),
    );
  }
}

function withCallback(over: Promise<unknown>, callback: (() => void) | undefined): Promise<void> | undefined {
  const done = over.then(() => {});
  if (!callback) return done;
  done.then(callback, callback);
  return undefined;
}
