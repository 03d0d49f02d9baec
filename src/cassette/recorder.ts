import { TapedeckError } from '../errors.ts';
import { oneByte } from './bytes-json.ts';
import { type EngineHost, type EngineSetup, hostHere, hostInThread } from './engine-host.ts';
import { TapedExchange, type TapHost } from './exchange-tap.ts';
import {
  createJournalFile,
  type JournalFile,
  JournalWriter,
  look,
  openJournalToAppend,
  removeFile,
  thisProcess,
} from './journal.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { errnoOf, outputError } from './output-error.ts';
import { JOURNAL_VERSION, type JournalStart, type RecordingHeader } from './records.ts';
import { JOURNAL_SUFFIX, recoverJournals } from './recovery.ts';
import { createRedactor } from './redact.ts';
import type { ExchangeStart, ExchangeTap, Recorder, RecordingSummary } from './tap.ts';
import { TapeWriter } from './tape.ts';
import { createTicker, type Ticker } from './ticker.ts';

export interface RecorderOptions {
  /** The cassette that will be written; while recording, its journal stands beside it. */
  path: string;
  /** Replace an existing cassette. */
  force?: boolean;
  header: RecordingHeader;
  /** Patterns of the user's own secrets. */
  redactPatterns?: RegExp[];
  /** Called once when recording stops before its end; traffic goes on. */
  onFailure?(message: string): void;
  /**
   * Whether a thread of its own redacts and writes. The default where Tapedeck is compiled: a thread that runs TypeScript takes
   * long to start. A journal of another kind can only be written by this one.
   */
  ownThread?: boolean;
  /** Creates the journal; another one than the file system's is for tests of failing disks. */
  createJournal?(path: string): Promise<JournalFile>;
}

/** A recorder of a file. */
export interface FileRecorder extends Recorder {
  /**
   * Ends a recording that failed: one without an exchange leaves nothing behind, and a cassette of that name as it was; another
   * one is closed.
   */
  discard(): Promise<void>;
}

/**
 * Begins a recording. Everything that can be wrong with the output is found here, before any traffic.
 * @throws TapedeckError `output-exists`, `output-failed`; `usage` for a pattern that cannot be used
 */
export async function createRecorder(options: RecorderOptions): Promise<FileRecorder> {
  const { path, force = false, header } = options;
  const redactPatterns = options.redactPatterns ?? [];
  const redactor = createRedactor({ patterns: redactPatterns });
  await recoverFirst(path);
  const found = await look(path);
  if (found?.folder) throw outputError(path, Object.assign(new Error('it is a folder'), { code: 'EISDIR' }));
  if (found && !force) throw outputError(path, Object.assign(new Error('it exists'), { code: 'EEXIST' }));
  const upstream = { ...header.upstream, url: redactor.url(header.upstream.url) };
  const start: JournalStart = {
    tapedeckJournal: JOURNAL_VERSION,
    owner: await thisProcess(),
    force,
    header: { ...header, upstream },
  };
  const place = { path, part: `${path}${JOURNAL_SUFFIX}`, force };
  const setup: EngineSetup = { place, upstreamUrl: header.upstream.url, redactPatterns };
  try {
    const file = await (options.createJournal ?? createJournalFile)(place.part);
    await new JournalWriter(file).append([`${oneByte(JSON.stringify(start))}\n`]).catch(async (error) => {
      await file.close();
      await removeFile(place.part);
      throw error;
    });
    return await TapeRecorder.begin(setup, file, options);
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? inTheWay(place.part) : outputError(path, error);
  }
}

/** What a killed recording of the same name left is made a cassette first, so that it is not lost. */
async function recoverFirst(path: string): Promise<void> {
  for (const recovery of await recoverJournals(`${path}${JOURNAL_SUFFIX}`)) {
    if (recovery.outcome === 'running') {
      const hint = 'Wait for its end, or name another file with -o.';
      throw new TapedeckError('output-exists', `${path} is being recorded by process ${recovery.pid}.`, { hint });
    }
    if (recovery.outcome !== 'recovered') throw inTheWay(recovery.journal);
  }
}

function inTheWay(part: string): TapedeckError {
  const hint = 'Move it away, or name another file with -o.';
  return new TapedeckError('output-exists', `${part} is in the way of the recording.`, { hint });
}

interface Signal {
  promise: Promise<void>;
  resolve: () => void;
}

function createSignal(): Signal {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** A stretch of tape that is not on the disk yet. */
interface Sent {
  bytes: number;
  at: number;
}

/** The recorder on the side of the traffic: puts what the taps are told on the tape, and hands that over now and then. */
class TapeRecorder implements FileRecorder, TapHost {
  readonly tape = new TapeWriter((full) => this.#send(full, false));
  readonly #ticker: Ticker = createTicker({ ready: () => this.#flush(false), all: () => this.#flush(true) });
  readonly #onFailure: ((message: string) => void) | undefined;
  #host!: EngineHost;
  #exchanges = 0;
  /** In the order in which they were sent. */
  readonly #sent = new Set<Sent>();
  #sentBytes = 0;
  /** Bytes that wait in the engine for a later flush. */
  #waitingBytes = 0;
  #roomWanted: Signal | undefined;
  #failed = false;
  #ending = false;
  #summary: Promise<RecordingSummary> | undefined;

  static async begin(setup: EngineSetup, file: JournalFile, options: RecorderOptions): Promise<TapeRecorder> {
    const recorder = new TapeRecorder(options.onFailure);
    const onFailure = (message: string) => recorder.#fail(message);
    const ownThread = options.ownThread ?? (!options.createJournal && import.meta.url.endsWith('.js'));
    if (!ownThread) {
      recorder.#host = hostHere(setup, file, onFailure);
      return recorder;
    }
    await file.close();
    // Where no thread can be had (a limit of the system's), this one does the work.
    recorder.#host = await hostInThread(setup, onFailure).catch(async () =>
      hostHere(setup, await openJournalToAppend(setup.place.part), onFailure),
    );
    return recorder;
  }

  private constructor(onFailure: ((message: string) => void) | undefined) {
    this.#onFailure = onFailure;
  }

  get stopped(): boolean {
    return this.#failed || this.#ending;
  }

  room(): Promise<void> | undefined {
    if (this.stopped || this.#hasRoom()) return undefined;
    // What has gathered of running exchanges would otherwise wait for its time.
    if (this.#sent.size === 0) this.#flush(true);
    this.#roomWanted ??= createSignal();
    return this.#roomWanted.promise;
  }

  open(start: ExchangeStart): ExchangeTap {
    this.#exchanges += 1;
    return new TapedExchange(this.#exchanges, start, this);
  }

  touched(): void {
    this.#ticker.later();
  }

  closed(): void {
    this.#ticker.soon();
  }

  close(): Promise<RecordingSummary> {
    this.#ending = true;
    this.#summary ??= this.#finish();
    return this.#summary;
  }

  async discard(): Promise<void> {
    if (this.#exchanges > 0) {
      await this.close();
      return;
    }
    this.#ending = true;
    this.#ticker.stop();
    await this.#host.discard();
  }

  /** Whether the queue before the disk is short, in bytes and in time. */
  #hasRoom(): boolean {
    if (this.#waitingBytes + this.#sentBytes + this.tape.length > RECORDING_LIMITS.queuedBytes) return false;
    const [oldest] = this.#sent;
    return !oldest || this.#ticker.now() - oldest.at <= RECORDING_LIMITS.behindMs;
  }

  #flush(all: boolean): void {
    const tape = this.tape.take();
    if (tape || all) this.#send(tape ?? new Uint8Array(0), all);
  }

  #send(tape: Uint8Array, all: boolean): void {
    if (this.#failed) return;
    const sent: Sent = { bytes: tape.length, at: this.#ticker.now() };
    this.#sent.add(sent);
    this.#sentBytes += sent.bytes;
    void this.#host.play(tape, all).then((waitingBytes) => {
      this.#sent.delete(sent);
      this.#sentBytes -= sent.bytes;
      this.#waitingBytes = waitingBytes;
      if (this.#roomWanted && this.#hasRoom()) this.#giveRoom();
    });
  }

  #giveRoom(): void {
    this.#roomWanted?.resolve();
    this.#roomWanted = undefined;
  }

  #fail(message: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#giveRoom();
    this.#onFailure?.(message);
  }

  async #finish(): Promise<RecordingSummary> {
    this.#ticker.stop();
    this.#flush(false);
    const summary = await this.#host.finish();
    this.#giveRoom();
    return summary;
  }
}
