import type { Outcome } from '../util/types.ts';
import type { RecordingExchange } from './exchange-state.ts';
import { lateCloseLine, takeLines } from './exchange-writer.ts';
import { finishJournal } from './finish.ts';
import type { WebSocketClose } from './format.ts';
import { type Head, HeadCache } from './head-cache.ts';
import type { ReadJournal } from './index-journal.ts';
import { type JournalFile, JournalWriter, removeFile } from './journal.ts';
import { RECORDING_LIMITS } from './limits.ts';
import { messageOf } from './output-error.ts';
import type { JournalPart } from './raw-records.ts';
import type { Redactor } from './redact.ts';
import type { RecordingSummary } from './tap.ts';
import { playTape, type TapePlace } from './tape-player.ts';
import { keepTouching } from './ticker.ts';

/** Where a recording is written. */
export interface RecordingPlace {
  /** The cassette. */
  path: string;
  /** Its journal, which exists and has its first line. */
  part: string;
  force: boolean;
}

/**
 * Writes the journal of a recording: plays the tape, redacts what is on it, and appends it. Works in whatever thread it stands
 * in; it has no clock but that of the tape.
 */
export class JournalEngine implements TapePlace {
  readonly #place: RecordingPlace;
  readonly #file: JournalFile;
  readonly #journal: JournalWriter;
  readonly #heads: HeadCache;
  readonly #onFailure: (message: string) => void;
  readonly #stopTouching: () => void;
  /** Exchanges that were not closed yet. */
  readonly #open = new Map<number, { exchange: RecordingExchange | undefined }>();
  /** Those with something to write; the others with a record that is being made. */
  #changed: RecordingExchange[] = [];
  readonly #making = new Set<Promise<void>>();
  /** Lines of exchanges that are written already. */
  #late: JournalPart[] = [];
  #waitingBytes = 0;
  #failed: string | undefined;
  #outcomes: Partial<Record<Outcome, number>> = {};

  constructor(place: RecordingPlace, file: JournalFile, redactor: Redactor, onFailure: (message: string) => void) {
    this.#place = place;
    this.#file = file;
    this.#journal = new JournalWriter(file);
    this.#heads = new HeadCache(redactor);
    this.#onFailure = onFailure;
    this.#stopTouching = keepTouching(file);
  }

  /** Bytes taken in and not on the disk. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Takes in a stretch of tape, and writes what has ended in it and what has gathered much; with `all` everything. Resolves when
   * that is on the disk, or when recording has failed.
   */
  async play(tape: Uint8Array, all: boolean): Promise<void> {
    if (this.#failed !== undefined) return;
    try {
      playTape(tape, this);
      await this.#write(all, false);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Writes what is left and turns the journal into the cassette. */
  async finish(): Promise<RecordingSummary> {
    this.#stopTouching();
    try {
      while (this.#making.size > 0) await Promise.all(this.#making);
      for (const { exchange } of this.#open.values()) this.#list(exchange!);
      if (this.#failed === undefined) await this.#write(true, true);
      // What was being written before is on the disk when this comes back.
      await this.#journal.append([]);
    } catch (error) {
      this.#fail(error);
    }
    try {
      const finished = await finishRecording(this.#place, (at, length) => this.#file.read(at, length));
      return this.#failed === undefined ? finished : { ...finished, failed: this.#failed };
    } catch (error) {
      this.#fail(error);
      return unfinished(this.#place, this.#outcomes, this.#failed ?? '');
    } finally {
      await this.#file.close();
    }
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    this.#stopTouching();
    await this.#file.close();
    await removeFile(this.#place.part);
  }

  find(seq: number): RecordingExchange | undefined {
    return this.#open.get(seq)?.exchange;
  }

  head(status: number, list: Uint8Array): Head {
    return this.#heads.find(status, list);
  }

  began(exchange: RecordingExchange): void {
    this.#open.set(exchange.facts.seq, { exchange });
  }

  touched(exchange: RecordingExchange, bytes: number): void {
    this.#waitingBytes += bytes;
    this.#list(exchange);
  }

  closed(exchange: RecordingExchange): void {
    const { seq } = exchange.facts;
    this.#open.get(seq)!.exchange = undefined;
    this.#open.delete(seq);
    this.#list(exchange);
  }

  socketClosed(seq: number, close: WebSocketClose): void {
    this.#late.push(lateCloseLine(seq, close, this.#heads));
  }

  #list(exchange: RecordingExchange): void {
    if (exchange.listed) return;
    exchange.listed = true;
    this.#changed.push(exchange);
  }

  async #write(all: boolean, last: boolean): Promise<void> {
    const due = this.#changed;
    this.#changed = [];
    const written: Written = { parts: this.#late, bytes: 0, outcomes: [] };
    this.#late = [];
    const making: Promise<void>[] = [];
    for (const exchange of due) {
      if (!all && !exchange.closing && exchange.waitingBytes < RECORDING_LIMITS.flushBytes) {
        this.#changed.push(exchange);
        continue;
      }
      exchange.listed = false;
      const made = this.#take(exchange, last, written);
      if (made) making.push(made);
    }
    await Promise.all([this.#append(written), ...making]);
  }

  /** Resolves when the records of an exchange have been made and written; undefined when they were made at once. */
  #take(exchange: RecordingExchange, last: boolean, written: Written): Promise<void> | undefined {
    if (exchange.busy) {
      exchange.again = true;
      return undefined;
    }
    const bytes = exchange.waitingBytes;
    const outcome = exchange.closeWritten ? undefined : exchange.closing?.outcome;
    const lines = takeLines(exchange, this.#heads, last);
    if (!(lines instanceof Promise)) {
      for (const part of lines) written.parts.push(part);
      written.bytes += bytes;
      if (outcome) written.outcomes.push(outcome);
      return undefined;
    }
    exchange.busy = true;
    const made = lines.then(async (parts) => {
      exchange.busy = false;
      await this.#append({ parts, bytes, outcomes: outcome ? [outcome] : [] });
      if (!exchange.again) return;
      exchange.again = false;
      const more: Written = { parts: [], bytes: 0, outcomes: [] };
      await this.#take(exchange, last, more);
      await this.#append(more);
    });
    const settled = made.catch((error) => this.#fail(error)).finally(() => this.#making.delete(settled));
    this.#making.add(settled);
    return settled;
  }

  async #append({ parts, bytes, outcomes }: Written): Promise<void> {
    if (parts.length > 0 && this.#failed === undefined) {
      await this.#journal.append(parts).catch((error) => this.#fail(error));
    }
    this.#waitingBytes -= bytes;
    if (this.#failed !== undefined) return;
    for (const outcome of outcomes) this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
  }

  #fail(error: unknown): void {
    if (this.#failed !== undefined) return;
    this.#failed = failureOf(this.#place, error);
    this.#onFailure(this.#failed);
  }
}

/** Records that go to the disk together. */
interface Written {
  parts: JournalPart[];
  /** Of the traffic that they are about. */
  bytes: number;
  outcomes: Outcome[];
}

/** Why a recording stopped, for people. */
export function failureOf({ part }: RecordingPlace, error: unknown): string {
  return `${part} cannot be written: ${messageOf(error)}.`;
}

/** Turns a journal into its cassette. @throws TapedeckError `output-failed` */
export async function finishRecording(place: RecordingPlace, read: ReadJournal): Promise<RecordingSummary> {
  const finished = await finishJournal(read, place.path, place.force);
  if (!finished) throw new Error('the journal cannot be read again');
  await removeFile(place.part);
  return finished;
}

/** There is no cassette, but a journal that the next command turns into one when the disk lets it. */
export function unfinished(
  { part }: RecordingPlace,
  outcomes: RecordingSummary['outcomes'],
  failed: string,
): RecordingSummary {
  const exchanges = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  return { path: part, exchanges, outcomes, bytes: 0, redacted: {}, failed };
}
