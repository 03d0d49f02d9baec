import { Worker } from 'node:worker_threads';
import { failureOf, finishRecording, JournalEngine, type RecordingPlace, unfinished } from './engine.ts';
import { type JournalFile, openJournalFile } from './journal.ts';
import { createRedactor } from './redact.ts';
import type { RecordingSummary } from './tap.ts';

/** What an engine needs to know, in whatever thread it is. */
export interface EngineSetup {
  place: RecordingPlace;
  /** Of the header, unredacted: it is the first that the redactor sees. */
  upstreamUrl: string;
  redactPatterns: RegExp[];
}

/** An engine, from the side of the traffic. */
export interface EngineHost {
  /**
   * Hands over a stretch of tape, whose memory is the engine's from now on. Resolves with the bytes that wait in the engine, when what
   * ended in it is on the disk; also when recording has failed.
   */
  play(tape: Uint8Array, all: boolean): Promise<number>;
  finish(): Promise<RecordingSummary>;
  discard(): Promise<void>;
}

/** What goes to the thread, and what comes back from it. */
export type ToThread = { do: 'play'; n: number; tape: Uint8Array; all: boolean } | { do: 'finish' | 'discard' };
export type FromThread =
  | { did: 'start' | 'discard' }
  | { did: 'play'; n: number; waitingBytes: number }
  | { did: 'finish'; summary: RecordingSummary }
  | { did: 'fail'; message: string };

/** An engine in the thread of the traffic, beside it. */
export function hostHere(setup: EngineSetup, file: JournalFile, onFailure: (message: string) => void): EngineHost {
  const redactor = createRedactor({ patterns: setup.redactPatterns });
  redactor.url(setup.upstreamUrl);
  const engine = new JournalEngine(setup.place, file, redactor, onFailure);
  return {
    async play(tape, all) {
      // Never within a call that the traffic makes.
      await null;
      await engine.play(tape, all);
      return engine.waitingBytes;
    },
    async finish() {
      await null;
      return engine.finish();
    },
    discard: () => engine.discard(),
  };
}

/** A thread does not know TypeScript by itself. */
function startThread(setup: EngineSetup): Worker {
  const here = import.meta.url;
  const typed = here.endsWith('.ts');
  return new Worker(new URL(typed ? './engine-thread.ts' : './engine-thread.js', here), {
    workerData: setup,
    name: 'recorder',
    // Nearly all that it makes is garbage at once: the less often that is collected the less of it is taken for more.
    resourceLimits: { maxYoungGenerationSizeMb: 96 },
    ...(typed ? { execArgv: ['--import', 'tsx'] } : {}),
  });
}

/**
 * An engine in a thread of its own. When that ends before it is told to, recording has failed as it does with a broken disk:
 * traffic goes on, and what is in the journal becomes the cassette.
 * @throws what keeps the thread from starting
 */
export async function hostInThread(
  setup: EngineSetup,
  onFailure: (message: string) => void,
  thread: Worker = startThread(setup),
): Promise<EngineHost> {
  const host = new ThreadHost(setup.place, thread, onFailure);
  await host.started;
  return host;
}

class ThreadHost implements EngineHost {
  readonly started: Promise<void>;
  readonly #place: RecordingPlace;
  readonly #thread: Worker;
  readonly #onFailure: (message: string) => void;
  readonly #playing = new Map<number, (waitingBytes: number) => void>();
  #plays = 0;
  #started = false;
  /** Whoever waits for the thread's last word. */
  #last: { done(answer: RecordingSummary | undefined): void; failed(error: Error): void } | undefined;
  #dead: string | undefined;

  constructor(place: RecordingPlace, thread: Worker, onFailure: (message: string) => void) {
    this.#place = place;
    this.#thread = thread;
    this.#onFailure = onFailure;
    this.started = new Promise((resolve, reject) => {
      thread.on('message', (message: FromThread) => {
        if (message.did === 'start') {
          this.#started = true;
          thread.unref();
          resolve();
        } else this.#hear(message);
      });
      const died = (error: Error) => {
        reject(error);
        this.#died(error);
      };
      thread.on('error', died);
      thread.on('exit', (code) => died(new Error(`the thread that writes it ended with code ${code}`)));
    });
  }

  play(tape: Uint8Array, all: boolean): Promise<number> {
    if (this.#dead !== undefined) return Promise.resolve(0);
    const n = this.#plays;
    this.#plays += 1;
    return new Promise((resolve) => {
      // As long as something is on its way to the disk the process does not end by itself.
      if (this.#playing.size === 0) this.#thread.ref();
      this.#playing.set(n, resolve);
      this.#tell({ do: 'play', n, tape, all }, [tape.buffer as ArrayBuffer]);
    });
  }

  async finish(): Promise<RecordingSummary> {
    if (this.#dead === undefined) {
      try {
        return (await this.#ask('finish'))!;
      } catch {
        // What killed the thread may have been the finishing itself, so it is left to the next command.
        return unfinished(this.#place, {}, this.#dead ?? '');
      }
    }
    const file = await openJournalFile(this.#place.part).catch(() => undefined);
    try {
      if (!file) return unfinished(this.#place, {}, this.#dead);
      const finished = await finishRecording(this.#place, (at, length) => file.read(at, length));
      return { ...finished, failed: this.#dead };
    } catch {
      return unfinished(this.#place, {}, this.#dead);
    } finally {
      await file?.close();
    }
  }

  async discard(): Promise<void> {
    if (this.#dead === undefined) await this.#ask('discard').catch(() => undefined);
  }

  async #ask(what: 'finish' | 'discard'): Promise<RecordingSummary | undefined> {
    this.#thread.ref();
    const answer = await new Promise<RecordingSummary | undefined>((done, failed) => {
      this.#last = { done, failed };
      this.#tell({ do: what });
    });
    this.#last = undefined;
    this.#dead = 'the recording is over';
    await this.#thread.terminate();
    return answer;
  }

  #tell(message: ToThread, transfer: ArrayBuffer[] = []): void {
    this.#thread.postMessage(message, transfer);
  }

  #hear(message: FromThread): void {
    if (message.did === 'fail') this.#onFailure(message.message);
    else if (message.did === 'play') this.#played(message.n, message.waitingBytes);
    else this.#last?.done(message.did === 'finish' ? message.summary : undefined);
  }

  #played(n: number, waitingBytes: number): void {
    this.#playing.get(n)?.(waitingBytes);
    this.#playing.delete(n);
    if (this.#playing.size === 0 && !this.#last) this.#thread.unref();
  }

  #died(error: Error): void {
    if (this.#dead !== undefined || !this.#started) return;
    this.#dead = failureOf(this.#place, error);
    this.#onFailure(this.#dead);
    for (const resolve of this.#playing.values()) resolve(0);
    this.#playing.clear();
    this.#last?.failed(error);
  }
}
