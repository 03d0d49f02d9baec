import type { Dispatcher } from 'undici';

/** A dispatched request, with all that its handler was told. */
export interface Dispatched {
  /** `start`, `head 200`, `data …`, `end`, `fail CODE`, in order. */
  readonly events: string[];
  readonly chunks: Buffer[];
  readonly headers: [name: string, value: string][];
  readonly statusText: string;
  readonly trailers: string[];
  readonly error: Error | undefined;
  /** The body so far. */
  text(): string;
  /** Resolves when the last of these events is there. */
  until(event: string): Promise<void>;
  /** Resolves at the end or at the failure. */
  readonly over: Promise<void>;
  pause(): void;
  resume(): void;
  abort(reason?: Error): void;
}

export interface DispatchInput {
  path?: string;
  method?: string;
  origin?: string;
  headers?: Dispatcher.DispatchOptions['headers'];
  body?: unknown;
  query?: Record<string, unknown>;
}

/**
 * Dispatches a request with a handler of one of undici's two forms.
 * @param pauseAfter pauses after that many chunks (0: at the head), until `resume`
 */
export function dispatch(
  dispatcher: Dispatcher,
  input: DispatchInput = {},
  { form = 'older', pauseAfter }: { form?: 'older' | 'newer'; pauseAfter?: number } = {},
): Dispatched {
  const seen = new Seen(pauseAfter);
  const { path = '/v1/responses', method = 'POST', origin = 'https://provider.example', ...rest } = input;
  const handler = form === 'older' ? olderHandler(seen) : newerHandler(seen);
  dispatcher.dispatch({ path, method, origin, ...rest } as Dispatcher.DispatchOptions, handler);
  return seen;
}

class Seen implements Dispatched {
  readonly events: string[] = [];
  readonly chunks: Buffer[] = [];
  readonly trailers: string[] = [];
  headers: [string, string][] = [];
  statusText = '';
  error: Error | undefined;
  readonly over: Promise<void>;
  stop: () => void = () => {};
  go: () => void = () => {};
  abort: (reason?: Error) => void = () => {};
  readonly #pauseAfter: number | undefined;
  #paused = false;
  #waiting: { event: string; resolve(): void }[] = [];

  constructor(pauseAfter: number | undefined) {
    this.#pauseAfter = pauseAfter;
    this.over = new Promise((resolve) => {
      for (const event of ['end', 'fail']) this.#waiting.push({ event, resolve });
    });
  }

  get full(): boolean {
    return this.#paused;
  }

  /** The head is there; `pauseAfter: 0` pauses at it. */
  begin(status: number): void {
    if (this.#pauseAfter === 0) this.#paused = true;
    this.tell(`head ${status}`);
  }

  tell(event: string): void {
    this.events.push(event);
    for (const one of this.#waiting) if (event === one.event || event.startsWith(`${one.event} `)) one.resolve();
  }

  take(chunk: Buffer): void {
    this.chunks.push(chunk);
    if (this.chunks.length === this.#pauseAfter) this.#paused = true;
    this.tell(`data ${chunk.toString('latin1')}`);
  }

  text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  until(event: string): Promise<void> {
    if (this.events.includes(event)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ event, resolve }));
  }

  pause(): void {
    this.#paused = true;
    this.stop();
  }

  resume(): void {
    this.#paused = false;
    this.go();
  }
}

function olderHandler(seen: Seen): Dispatcher.DispatchHandler {
  return {
    onConnect(abort) {
      seen.abort = abort;
      seen.tell('start');
    },
    onHeaders(status, raw, resume, statusText) {
      seen.go = resume;
      seen.statusText = statusText;
      const texts = raw.map((field) => field.toString('latin1'));
      seen.headers = texts.flatMap((name, i) => (i % 2 === 0 ? [[name, texts[i + 1]!] as [string, string]] : []));
      seen.begin(status);
      return !seen.full;
    },
    onData(chunk) {
      seen.take(chunk);
      return !seen.full;
    },
    onComplete(trailers) {
      seen.trailers.push(...(trailers ?? []).map(String));
      seen.tell('end');
    },
    onError(error) {
      seen.error = error;
      seen.tell(`fail ${(error as NodeJS.ErrnoException).code ?? error.message}`);
    },
  };
}

function newerHandler(seen: Seen): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      seen.abort = (reason) => controller.abort(reason ?? new Error('aborted'));
      seen.stop = () => controller.pause();
      seen.go = () => controller.resume();
      seen.tell('start');
    },
    onResponseStart(controller, status, headers, statusText) {
      seen.statusText = statusText ?? '';
      seen.headers = Object.entries(headers).map(([name, value]) => [name, String(value)]);
      seen.begin(status);
      if (seen.full) controller.pause();
    },
    onResponseData(controller, chunk) {
      seen.take(chunk);
      if (seen.full) controller.pause();
    },
    onResponseEnd(_, trailers) {
      seen.trailers.push(...Object.entries(trailers).flat().map(String));
      seen.tell('end');
    },
    onResponseError(_, error) {
      seen.error = error;
      seen.tell(`fail ${(error as NodeJS.ErrnoException).code ?? error.message}`);
    },
  };
}
