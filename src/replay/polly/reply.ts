import type { Dispatcher } from 'undici';
import { headerPairs } from '../../util/headers.ts';
import type { RawHeaders } from '../../util/types.ts';
import { undici } from './undici.ts';

type Handler = Dispatcher.DispatchHandler;
type Fields = Record<string, string | string[]>;

/** The calls of a handler, whichever of undici's two forms it has. */
interface Form {
  start(reply: Reply): void;
  head(reply: Reply, status: number, raw: Buffer[], statusText: string): void;
  data(reply: Reply, chunk: Buffer): void;
  end(reply: Reply, raw: Buffer[]): void;
  fail(reply: Reply, error: Error): void;
}

/**
 * What a dispatched request is told: a start, a head (interim ones before it), data, and exactly one end or failure. It is
 * the controller of undici's newer handlers as well, and what the older ones say with `false` and `resume` becomes the same.
 */
export class Reply implements Dispatcher.DispatchController {
  rawHeaders: Buffer[] | null = null;
  rawTrailers: Buffer[] | null = null;
  readonly #form: Form;
  #gone: AbortController | undefined;
  #onAbort: ((reason: Error) => void) | undefined;
  #paused = false;
  #over = false;
  #reason: Error | null = null;
  #onResume: (() => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(handler: Handler) {
    this.#form = handler.onRequestStart ? newForm(handler) : oldForm(handler);
  }

  get paused(): boolean {
    return this.#paused;
  }

  get aborted(): boolean {
    return this.#reason !== null;
  }

  get reason(): Error | null {
    return this.#reason;
  }

  /** Nothing is told any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Aborted when the request is, by the one who asked. Made when somebody wants it: most do not, and it costs as much as a small answer. */
  get gone(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#reason) this.#gone.abort(this.#reason);
    return this.#gone.signal;
  }

  /** Called when the request is aborted by the one who asked. */
  set onAbort(listener: (reason: Error) => void) {
    this.#onAbort = listener;
  }

  /** Called whenever data may be told again. */
  set onResume(resume: () => void) {
    this.#onResume = resume;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#onResume?.();
    this.#wake?.();
  }

  /** The one who asked wants nothing more; as with undici, its handler is told at once. */
  abort(reason?: Error | null): void {
    if (this.#over) return;
    this.#reason = reason ?? new (undici().errors.RequestAbortedError)();
    this.#finish(() => this.#form.fail(this, this.#reason!));
    this.#onAbort?.(this.#reason);
    this.#gone?.abort(this.#reason);
  }

  start(): void {
    this.#tell(() => this.#form.start(this));
  }

  head(status: number, headers: RawHeaders, statusText: string): void {
    this.rawHeaders = headers.map((text) => Buffer.from(text, 'latin1'));
    this.#tell(() => this.#form.head(this, status, this.rawHeaders!, statusText));
  }

  data(chunk: Buffer): void {
    this.#tell(() => this.#form.data(this, chunk));
  }

  end(trailers: RawHeaders = []): void {
    this.rawTrailers = trailers.map((text) => Buffer.from(text, 'latin1'));
    this.#finish(() => {
      try {
        this.#form.end(this, this.rawTrailers!);
      } catch (error) {
        this.#form.fail(this, error as Error);
      }
    });
  }

  fail(error: Error): void {
    this.#finish(() => this.#form.fail(this, error));
  }

  /** Resolves when data may be told: true; or when nothing may any more: false. */
  async ready(): Promise<boolean> {
    while (this.#paused && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.#over;
  }

  /** What a handler throws ends its request. */
  #tell(call: () => void): void {
    if (this.#over) return;
    try {
      call();
    } catch (error) {
      this.abort(error as Error);
    }
  }

  #finish(call: () => void): void {
    if (this.#over) return;
    this.#over = true;
    this.#wake?.();
    call();
  }
}

function oldForm(handler: Handler): Form {
  return {
    // The second argument is the one of the retry handler, which has none here.
    start: (reply) =>
      (handler as { onConnect?(abort: (error?: Error) => void, context: null): void }).onConnect?.(
        (error) => reply.abort(error),
        null,
      ),
    head(reply, status, raw, statusText) {
      handler.onResponseStarted?.();
      if (handler.onHeaders?.(status, raw, () => reply.resume(), statusText) === false) reply.pause();
    },
    data(reply, chunk) {
      if (handler.onData?.(chunk) === false) reply.pause();
    },
    end: (_, raw) => handler.onComplete?.(raw as unknown as string[]),
    fail: (_, error) => handler.onError?.(error),
  };
}

function newForm(handler: Handler): Form {
  return {
    start: (reply) => handler.onRequestStart?.(reply, null),
    head: (reply, status, raw, statusText) => handler.onResponseStart?.(reply, status, parseFields(raw), statusText),
    data: (reply, chunk) => handler.onResponseData?.(reply, chunk),
    end: (reply, raw) => handler.onResponseEnd?.(reply, parseFields(raw)),
    fail: (reply, error) => handler.onResponseError?.(reply, error),
  };
}

/** Names in lower case, several lines of one name as a list. */
function parseFields(raw: readonly Buffer[]): Fields {
  const fields: Fields = {};
  for (const [name, value] of headerPairs(raw.map((field) => field.toString('latin1')))) {
    const key = name.toLowerCase();
    const known = fields[key];
    fields[key] = known === undefined ? value : [known, value].flat();
  }
  return fields;
}
