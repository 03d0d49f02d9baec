import { Buffer } from 'node:buffer';
import type { Outcome, Protocol, RawHeaders } from '../util/types.ts';
import type { EntryEnd } from './format.ts';
import {
  CLIENT_REQUEST,
  ENDED_BY,
  ENDED_HOW,
  NO_SLOT,
  OP,
  OUTCOMES,
  PROTOCOLS,
  SAME_LIST,
  TAPE_BYTES,
} from './tape-format.ts';
import { joinList, KnownLists, type List, listBytes, textRoom, writeList, writeText } from './tape-lists.ts';

/**
 * The tape: what the taps of a recording were told, as bytes in the order it was said, so that a whole stretch of traffic goes
 * to the thread that writes it as one buffer. Here is the writing half; `tape-player.ts` is the reading one.
 *
 * Every call is one operation: its code, the number of the exchange, then what is listed at its method. Numbers are big-endian
 * (what `DataView` does unless told otherwise); a text has its length and width before it.
 */

/** Where a `data` or `reads` operation names the second message. */
const ALSO_AT = 7;

/** Bytes of a block: some milliseconds of a busy proxy, and few enough to stay in the processor's cache. */
const BLOCK_BYTES = 256 * 1024;
/** A block that is filled to less than this part is copied, and used on. */
const WORTH_GIVING = 4;

const NONE: readonly string[] = [];

/** Writes a tape; what is full, or taken, is given away and not looked at again. */
export class TapeWriter {
  readonly #onFull: (bytes: Uint8Array) => void;
  #bytes!: Buffer;
  #view!: DataView;
  #at = 0;
  /** The last operation, if it was `data` or `reads`. */
  #dataAt = -1;
  #dataMs = 0;
  /** Lists that stand in this stretch. */
  readonly #known = new KnownLists();

  /** @param onFull called within a call that found no room, with what is written */
  constructor(onFull: (bytes: Uint8Array) => void) {
    this.#onFull = onFull;
    this.#renew(BLOCK_BYTES);
  }

  /** Bytes written and not taken. */
  get length(): number {
    return this.#at;
  }

  /** What was written since the last time, in memory of its own; undefined when nothing was. */
  take(): Uint8Array | undefined {
    const length = this.#at;
    if (length === 0) return undefined;
    this.#at = 0;
    this.#dataAt = -1;
    this.#known.forget();
    // A Buffer's own `slice` would share the memory.
    if (length * WORTH_GIVING < this.#bytes.length) return Uint8Array.prototype.slice.call(this.#bytes, 0, length);
    const full = this.#bytes.subarray(0, length);
    this.#renew(BLOCK_BYTES);
    return full;
  }

  /** Then: start time, protocol, seed, name of the connection (empty: none), method, URL, version and headers as one list. */
  open(
    seq: number,
    startedAt: number,
    protocol: Protocol | null,
    seed: string,
    connection: string,
    first: readonly string[],
    headers: RawHeaders,
  ): void {
    const list = this.#beginWithList(
      OP.open,
      seq,
      9 + textRoom(seed) + textRoom(connection),
      CLIENT_REQUEST,
      first,
      headers,
    );
    this.#f64(startedAt);
    this.#u8(PROTOCOLS.indexOf(protocol));
    this.#text(seed);
    this.#text(connection);
    this.#list(list, CLIENT_REQUEST, first, headers);
  }

  /** Then: leg, attempt (0: none), time, protocol, status (0: a request), producer as JSON (empty: none), head as one list. */
  head(
    seq: number,
    leg: number,
    attempt: number,
    ms: number,
    protocol: Protocol | null,
    status: number,
    producer: string,
    first: readonly string[],
    headers: RawHeaders,
  ): void {
    const list = this.#beginWithList(OP.head, seq, 14 + textRoom(producer), leg, first, headers);
    this.#u8(leg);
    this.#u16(attempt);
    this.#f64(ms);
    this.#u8(PROTOCOLS.indexOf(protocol));
    this.#u16(status);
    this.#text(producer);
    this.#list(list, leg, first, headers);
  }

  /** Then: message, second message that got the same (or `NO_SLOT`), whether binary, time, length and bytes. */
  data(seq: number, slot: number, ms: number, chunk: Uint8Array, binary: boolean): void {
    this.#begin(OP.data, seq, TAPE_BYTES.data - TAPE_BYTES.start + chunk.length);
    const at = this.#at;
    const view = this.#view;
    view.setUint16(at, slot);
    view.setUint16(at + 2, NO_SLOT);
    view.setUint8(at + 4, binary ? 1 : 0);
    view.setFloat64(at + 5, ms);
    view.setUint32(at + 13, chunk.length);
    this.#bytes.set(chunk, at + 17);
    this.#dataAt = at - TAPE_BYTES.start;
    this.#dataMs = ms;
    this.#at = at + 17 + chunk.length;
  }

  /** Then: message, second one as of `data`, time, length of all, number of reads, length of each, bytes. */
  reads(seq: number, slot: number, ms: number, bytes: Uint8Array, lengths: readonly number[]): void {
    const count = lengths.length;
    this.#begin(OP.reads, seq, TAPE_BYTES.reads - TAPE_BYTES.start + 4 * count + bytes.length);
    const start = this.#at;
    const view = this.#view;
    view.setUint16(start, slot);
    view.setUint16(start + 2, NO_SLOT);
    view.setFloat64(start + 4, ms);
    view.setUint32(start + 12, bytes.length);
    view.setUint32(start + 16, count);
    let at = start + 20;
    for (let i = 0; i < count; i++, at += 4) view.setUint32(at, lengths[i]!);
    this.#bytes.set(bytes, at);
    this.#dataAt = start - TAPE_BYTES.start;
    this.#dataMs = ms;
    this.#at = at + bytes.length;
  }

  /**
   * A message got the very bytes that another one of the exchange got last; so they are on the tape once. Then: message, the
   * other one, time. Where the other's were the last thing told, at the same time, it is noted there.
   */
  repeat(seq: number, slot: number, of: number, ms: number): void {
    const at = this.#dataAt;
    if (at >= 0 && this.#dataMs === ms && this.#noteSecond(at, seq, slot, of)) return;
    this.#begin(OP.repeat, seq, TAPE_BYTES.repeat - TAPE_BYTES.start);
    this.#u16(slot);
    this.#u16(of);
    this.#f64(ms);
  }

  #noteSecond(at: number, seq: number, slot: number, of: number): boolean {
    const view = this.#view;
    if (view.getUint32(at + 1) !== seq || view.getUint16(at + TAPE_BYTES.start) !== of) return false;
    if (view.getUint16(at + ALSO_AT) !== NO_SLOT) return false;
    view.setUint16(at + ALSO_AT, slot);
    return true;
  }

  /** Then: message, end, trailers as a list. */
  end(seq: number, slot: number, end: EntryEnd, trailers: RawHeaders): void {
    const detail = end.detail ?? '';
    const list = joinList(trailers, NONE);
    this.#begin(OP.end, seq, 2 + TAPE_BYTES.end + 1 + textRoom(detail) + listBytes(list, trailers.length));
    this.#u16(slot);
    this.#end(end, detail);
    this.#writeList(list, trailers, NONE);
  }

  /** Then: attempt, outcome, end. */
  attemptEnd(seq: number, attempt: number, outcome: Outcome, end: EntryEnd): void {
    const detail = end.detail ?? '';
    this.#begin(OP.attemptEnd, seq, 3 + TAPE_BYTES.end + 1 + textRoom(detail));
    this.#u16(attempt);
    this.#u8(OUTCOMES.indexOf(outcome));
    this.#end(end, detail);
  }

  /** Then: outcome, end. */
  close(seq: number, outcome: Outcome, end: EntryEnd): void {
    const detail = end.detail ?? '';
    this.#begin(OP.close, seq, 1 + TAPE_BYTES.end + 1 + textRoom(detail));
    this.#u8(OUTCOMES.indexOf(outcome));
    this.#end(end, detail);
  }

  /** What is rare. Then: its JSON. */
  rare(op: typeof OP.losses | typeof OP.socketClose | typeof OP.informational, seq: number, value: unknown): void {
    const text = JSON.stringify(value);
    this.#begin(op, seq, textRoom(text));
    this.#text(text);
  }

  /** @param atMost bytes that follow */
  #begin(op: number, seq: number, atMost: number): void {
    const size = TAPE_BYTES.start + atMost;
    if (this.#at + size > this.#bytes.length) this.#makeRoom(size);
    this.#dataAt = -1;
    this.#view.setUint8(this.#at, op);
    this.#view.setUint32(this.#at + 1, seq);
    this.#at += TAPE_BYTES.start;
  }

  /** Answers with the list that follows, or where it stands already. @param atMost bytes that follow before it */
  #beginWithList(
    op: number,
    seq: number,
    atMost: number,
    leg: number,
    first: readonly string[],
    rest: readonly string[],
  ): List | number {
    const place = this.#known.find(leg, first, rest);
    const size = atMost + TAPE_BYTES.sameList;
    if (place !== undefined && this.#at + TAPE_BYTES.start + size <= this.#bytes.length) {
      this.#begin(op, seq, size);
      return place;
    }
    const list = joinList(first, rest);
    this.#begin(op, seq, atMost + listBytes(list, first.length + rest.length));
    return list;
  }

  #makeRoom(size: number): void {
    const full = this.#bytes.subarray(0, this.#at);
    this.#renew(Math.max(size, BLOCK_BYTES));
    if (full.length > 0) this.#onFull(full);
  }

  #renew(size: number): void {
    // Memory that is neither zeroed nor taken from node's pool: it will be given away whole.
    this.#bytes = Buffer.allocUnsafeSlow(size);
    this.#view = new DataView(this.#bytes.buffer);
    this.#known.forget();
    this.#at = 0;
    this.#dataAt = -1;
  }

  #u8(value: number): void {
    this.#view.setUint8(this.#at, value);
    this.#at += 1;
  }

  #u16(value: number): void {
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
  }

  #f64(value: number): void {
    this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  /** Its detail may be empty, which is not the same as none. */
  #end({ by, how, ms, detail }: EntryEnd, text: string): void {
    this.#u8(ENDED_BY.indexOf(by));
    this.#u8(ENDED_HOW.indexOf(how));
    this.#f64(ms);
    this.#u8(detail === undefined ? 0 : 1);
    this.#text(text);
  }

  #text(text: string): void {
    this.#at = writeText(this.#bytes, this.#view, this.#at, text);
  }

  #list(list: List | number, leg: number, first: readonly string[], rest: readonly string[]): void {
    if (typeof list === 'number') {
      this.#view.setUint32(this.#at, SAME_LIST);
      this.#view.setUint32(this.#at + 4, list);
      this.#at += TAPE_BYTES.sameList;
      return;
    }
    this.#known.add(leg, first, rest, this.#at);
    this.#writeList(list, first, rest);
  }

  #writeList(list: List, first: readonly string[], rest: readonly string[]): void {
    this.#at = writeList(this.#bytes, this.#view, this.#at, list, first, rest);
  }
}
