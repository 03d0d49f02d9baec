import type { Dispatcher } from 'undici';
import { tellSentHead } from '../../upstream/sent-head.ts';
import { DispatcherAdapter } from './adapter.ts';
import { Call } from './call.ts';
import type { CallDeck } from './call-deck.ts';
import type { Pace } from './pace.ts';
import { CassettePersister } from './persister.ts';
import { Polly, type PollyConfig, type PollyInstance } from './polly.ts';
import { Reply } from './reply.ts';
import { writtenFields } from './sent-head.ts';
import { undici } from './undici.ts';

/** What Polly does with requests, and when each read of an answer is told. */
export interface PollyOptions extends Pick<PollyConfig, 'mode' | 'recordIfMissing'> {
  startPace(): Pace;
}

/** Polly takes a URL apart to find what was registered for it; here nothing is. */
const ANY_URL = '/';

/** Emptied at the end: the tables that a busy Set grows out of would hold it all until a full garbage collection. */
interface Running {
  reply: Reply | undefined;
  over: Promise<void> | undefined;
}

/** The work of a dispatcher whose requests go through a Polly of its own, which finds and keeps recordings in the deck. */
export class PollyCalls {
  readonly #polly: PollyInstance;
  readonly #adapter: DispatcherAdapter;
  readonly #running = new Set<Running>();
  #closed = false;

  constructor(deck: CallDeck, options: PollyOptions) {
    this.#polly = startPolly(deck, options);
    this.#adapter = this.#polly.adapters.get(DispatcherAdapter.id) as DispatcherAdapter;
  }

  /** Takes a request as undici's dispatchers do. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const reply = new Reply(handler);
    try {
      if (this.#closed) throw new (undici().errors.ClientDestroyedError)();
      if (options.upgrade || options.method === 'CONNECT') {
        const message = 'a cassette is played over HTTP requests, not over upgraded connections';
        throw new (undici().errors.NotSupportedError)(message);
      }
      const call = new Call(options, reply);
      reply.onAbort = (reason) => call.drop(reason);
      reply.start();
      if (reply.over) return;
      // A proxy that records its upstream leg waits for what is written after `onConnect`.
      tellSentHead({ httpVersion: '1.1', method: call.method, target: call.path, headers: writtenFields(call) });
      this.#run(call);
    } catch (error) {
      reply.fail(error as Error);
    }
  }

  /** Resolves when what is in flight is over; takes nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#over();
  }

  /** Ends what is in flight with an error. */
  async destroy(error?: Error): Promise<void> {
    this.#closed = true;
    for (const { reply } of this.#running) reply?.abort(error ?? new (undici().errors.ClientDestroyedError)());
    await this.#over();
    await this.#polly.stop();
  }

  #run(call: Call): void {
    const { reply, method } = call;
    const handled = this.#adapter.handleRequest({ url: ANY_URL, method, requestArguments: { call } }).then(
      () => {},
      // Polly's own fault, or that of a handler: whoever asked is told all the same.
      (error: Error) => reply.fail(error),
    );
    const running: Running = { reply, over: undefined };
    this.#running.add(running);
    running.over = handled.finally(() => {
      this.#running.delete(running);
      running.reply = undefined;
      running.over = undefined;
    });
  }

  #over(): Promise<unknown> {
    return Promise.all([...this.#running].map(({ over }) => over));
  }
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
