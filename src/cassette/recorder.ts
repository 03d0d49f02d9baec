import { TapedeckError } from '../errors.ts';
import type { Outcome } from '../util/types.ts';
import { type TapHost, TappedExchange } from './exchange-tap.ts';
import { takeRecords } from './exchange-writer.ts';
import { finishJournal } from './finish.ts';
import {
  createJournalFile,
  createTicker,
  type JournalFile,
  JournalWriter,
  look,
  removeFile,
  type Ticker,
  thisProcess,
} from './journal.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { errnoOf, messageOf, outputError } from './output-error.ts';
import { JOURNAL_VERSION, type JournalStart, type RecordingHeader } from './records.ts';
import { JOURNAL_SUFFIX, recoverJournals } from './recovery.ts';
import { createRedactor, type Redactor } from './redact.ts';
import type { ExchangeStart, ExchangeTap, Recorder, RecordingSummary } from './tap.ts';

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
  const redactor = createRedactor(options.redactPatterns ? { patterns: options.redactPatterns } : {});
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
  const part = `${path}${JOURNAL_SUFFIX}`;
  try {
    const file = await (options.createJournal ?? createJournalFile)(part);
    const journal = new JournalWriter(file);
    await journal.append(`${JSON.stringify(start)}\n`).catch(async (error) => {
      await file.close();
      await removeFile(part);
      throw error;
    });
    return new JournalRecorder({ path, part, force }, file, journal, redactor, options.onFailure);
  } catch (error) {
    throw errnoOf(error) === 'EEXIST' ? inTheWay(part) : outputError(path, error);
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

interface Place {
  path: string;
  part: string;
  force: boolean;
}

class JournalRecorder implements FileRecorder, TapHost {
  readonly #place: Place;
  readonly #file: JournalFile;
  readonly #journal: JournalWriter;
  readonly #redactor: Redactor;
  readonly #onFailure: ((message: string) => void) | undefined;
  readonly #ticker: Ticker;
  /** Exchanges with something to write: at once, and with the next tick. */
  readonly #ready = new Set<TappedExchange>();
  readonly #changed = new Set<TappedExchange>();
  /** Exchanges being written, and those of them that have something new. */
  readonly #writing = new Map<TappedExchange, Promise<void>>();
  readonly #again = new Set<TappedExchange>();
  /** Exchanges that were not closed yet. */
  readonly #open = new Set<TappedExchange>();
  #exchanges = 0;
  #queuedBytes = 0;
  #roomWanted: Signal | undefined;
  #failed: string | undefined;
  #outcomes: Partial<Record<Outcome, number>> = {};
  #ending = false;
  #summary: Promise<RecordingSummary> | undefined;

  constructor(
    place: Place,
    file: JournalFile,
    journal: JournalWriter,
    redactor: Redactor,
    onFailure: ((message: string) => void) | undefined,
  ) {
    this.#place = place;
    this.#file = file;
    this.#journal = journal;
    this.#redactor = redactor;
    this.#onFailure = onFailure;
    this.#ticker = createTicker({
      ready: () => this.#flush(this.#ready),
      all: () => this.#flush(this.#changed),
      // Whether that works does not matter to the recording: the next write will tell.
      heartbeat: () => void file.touch().catch(() => undefined),
    });
  }

  get stopped(): boolean {
    return this.#failed !== undefined || this.#ending;
  }

  room(): Promise<void> | undefined {
    if (this.stopped || this.#queuedBytes <= RECORDING_LIMITS.queuedBytes) return undefined;
    this.#roomWanted ??= createSignal();
    return this.#roomWanted.promise;
  }

  open(start: ExchangeStart): ExchangeTap {
    this.#exchanges += 1;
    const exchange = new TappedExchange(this.#exchanges, start, this);
    if (!this.stopped) this.#open.add(exchange);
    return exchange;
  }

  touched(exchange: TappedExchange, bytes: number): void {
    this.#queuedBytes += bytes;
    this.#changed.add(exchange);
    const { flushBytes, queuedBytes } = RECORDING_LIMITS;
    if (exchange.waitingBytes < flushBytes && this.#queuedBytes <= queuedBytes) {
      this.#ticker.later();
      return;
    }
    this.#ready.add(exchange);
    this.#ticker.now();
  }

  closed(exchange: TappedExchange): void {
    this.#open.delete(exchange);
    this.#ready.add(exchange);
    if (this.#ready.size < RECORDING_LIMITS.gathered) this.#ticker.soon();
    else this.#ticker.now();
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
    await this.#file.close();
    await removeFile(this.#place.part);
  }

  #flush(exchanges: Set<TappedExchange>): void {
    const list = [...exchanges];
    exchanges.clear();
    for (const exchange of list) this.#write(exchange);
  }

  #write(exchange: TappedExchange): void {
    this.#changed.delete(exchange);
    this.#ready.delete(exchange);
    if (this.#failed !== undefined) return;
    if (this.#writing.has(exchange)) {
      this.#again.add(exchange);
      return;
    }
    const written = this.#writeOnce(exchange).then(() => {
      this.#writing.delete(exchange);
      if (this.#again.delete(exchange)) this.#write(exchange);
    });
    this.#writing.set(exchange, written);
  }

  async #writeOnce(exchange: TappedExchange): Promise<void> {
    const bytes = exchange.waitingBytes;
    const outcome = exchange.closeWritten ? undefined : exchange.closing?.outcome;
    try {
      const records = await takeRecords(exchange, this.#redactor, this.#ending);
      if (records.length > 0) await this.#journal.append(records.map((one) => `${JSON.stringify(one)}\n`).join(''));
      if (outcome) {
        this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
        exchange.forget();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#queuedBytes -= bytes;
    if (this.#queuedBytes <= RECORDING_LIMITS.queuedBytes) this.#giveRoom();
  }

  #fail(error: unknown): void {
    if (this.#failed !== undefined) return;
    this.#failed = `${this.#place.part} cannot be written: ${messageOf(error)}.`;
    this.#giveRoom();
    this.#onFailure?.(this.#failed);
  }

  #giveRoom(): void {
    this.#roomWanted?.resolve();
    this.#roomWanted = undefined;
  }

  async #finish(): Promise<RecordingSummary> {
    this.#ticker.stop();
    this.#flush(new Set([...this.#ready, ...this.#changed, ...this.#open]));
    while (this.#writing.size > 0) await Promise.all(this.#writing.values());
    this.#giveRoom();
    const { path, part, force } = this.#place;
    try {
      const finished = await finishJournal((at, length) => this.#file.read(at, length), path, force);
      if (!finished) throw new Error('the journal cannot be read again');
      await removeFile(part);
      return this.#failed === undefined ? finished : { ...finished, failed: this.#failed };
    } catch (error) {
      this.#fail(error);
      return this.#unfinished(part);
    } finally {
      await this.#file.close();
    }
  }

  /** There is no cassette, but a journal that the next command turns into one when the disk lets it. */
  #unfinished(part: string): RecordingSummary {
    const outcomes = this.#outcomes;
    const exchanges = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
    return { path: part, exchanges, outcomes, bytes: 0, redacted: {}, failed: this.#failed ?? '' };
  }
}
