import { ByteBuffer } from '../util/byte-buffer.ts';
import { fromUtf8, utf8Length } from '../util/bytes.ts';
import type { SseEvent } from './types.ts';

/** An event that the stream began and did not end with a blank line: never dispatched (WHATWG HTML 9.2.6). */
export interface SseRest {
  /** Byte offset of its first line in the stream. */
  start: number;
  /** Everything from there to the end of the stream. */
  text: string;
}

export interface SseParser {
  push(chunk: Uint8Array): SseEvent[];
  end(): { rest?: SseRest };
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const BOM = [0xef, 0xbb, 0xbf] as const;

/**
 * A parser of event streams by "event stream interpretation" of WHATWG HTML (section 9.2.6), on bytes, so that every
 * event knows where it stood. Pieces may be cut anywhere; the events do not depend on it. It works in linear time.
 *
 * - `id` is the standard's last event id: it stays for later events of the stream until another `id` line.
 * - `start` is the first line that is not a comment; `end` is one past the blank line.
 * - An event is given out at the first byte of its blank line's end. When that is a CR at the end of a piece and the
 *   next piece begins with the LF that belongs to it, `end` of the event already given out is raised by one.
 */
export function createSseParser(): SseParser {
  return new Parser();
}

/** All events of a whole stream, and what was left without a blank line. */
export function parseSse(bytes: Uint8Array): { events: SseEvent[]; rest?: SseRest } {
  const parser = createSseParser();
  const events = parser.push(bytes);
  return { events, ...parser.end() };
}

class Parser implements SseParser {
  /** From the first line of the event in progress; from the line in progress where there is no event. */
  readonly #bytes = new ByteBuffer();
  /** Offset in the stream of the first of these bytes. */
  #base = 0;
  /** Among these bytes: where the line in progress begins, and how far a line end was looked for. */
  #line = 0;
  #searched = 0;
  #atStart = true;
  /** The line before ended with a CR: an LF that comes next belongs to it. */
  #afterCr = false;
  /** The event that this CR gave out. */
  #given: SseEvent | undefined;
  /** A line that is neither blank nor a comment stands since the last blank one. */
  #open = false;
  #data: string | undefined;
  #event: string | undefined;
  #id: string | undefined;

  push(chunk: Uint8Array): SseEvent[] {
    const events: SseEvent[] = [];
    this.#bytes.append(chunk);
    if (this.#atStart) this.#skipBom();
    if (this.#atStart) return events;
    if (!this.#afterCr) this.#readWholeEvents(events);
    while (this.#readLine(events));
    return events;
  }

  end(): { rest?: SseRest } {
    const from = this.#open ? 0 : this.#line;
    const rest = this.#bytes.view().subarray(from);
    const nothing = rest.length === 0 || (!this.#open && rest[0] === COLON);
    return nothing ? {} : { rest: { start: this.#base + from, text: fromUtf8(rest) } };
  }

  /** One byte order mark at the very start is no part of the stream; its bytes may come one by one. */
  #skipBom(): void {
    const head = this.#bytes.view().subarray(0, BOM.length);
    const isPrefix = head.every((byte, i) => byte === BOM[i]);
    if (isPrefix && head.length < BOM.length) return;
    this.#atStart = false;
    if (isPrefix) this.#drop(BOM.length);
  }

  /**
   * Reads up to the last blank line of what is there at once, when all of it is well-formed text with LF as its only line end: what
   * servers send nearly always, and an event costs a fraction of what it does line by line. An event that was begun is read anew,
   * once, since it ends here.
   */
  #readWholeEvents(events: SseEvent[]): void {
    const bytes = this.#bytes.view();
    const length = endOfLastBlankLine(bytes, Math.max(1, this.#searched));
    if (length < 0) return;
    const text = fromUtf8(bytes.subarray(0, length));
    if (text.includes('\r') || text.includes('\uFFFD')) return;
    const lengthOf = text.length === length ? (from: number, to: number) => to - from : textLength(text);
    this.#open = false;
    this.#data = this.#event = undefined;
    let from = 0;
    for (let at = 0; at < text.length; ) {
      const lf = text.indexOf('\n', at);
      const blank = lf === at;
      if (!blank && text.charCodeAt(at) !== COLON) this.#readField(text.slice(at, lf));
      at = lf + 1;
      if (this.#open && !blank) continue;
      const end = this.#base + lengthOf(from, at);
      if (blank) this.#endEvent(events, end);
      this.#base = end;
      from = at;
    }
    this.#bytes.take(length);
    this.#line = this.#searched = 0;
  }

  /** Reads one line; false when there is no whole one. */
  #readLine(events: SseEvent[]): boolean {
    const bytes = this.#bytes.view();
    if (this.#afterCr && this.#searched < bytes.length) {
      this.#afterCr = false;
      if (bytes[this.#searched] === LF) return this.#skipLf();
    }
    const at = findLineEnd(bytes, this.#searched);
    if (at < 0) {
      this.#searched = bytes.length;
      return false;
    }
    const line = bytes.subarray(this.#line, at);
    this.#afterCr = bytes[at] === CR;
    this.#given = undefined;
    this.#line = this.#searched = at + 1;
    if (line.length === 0) this.#endEvent(events, this.#base + this.#line);
    else if (line[0] !== COLON) this.#readField(fromUtf8(line));
    if (!this.#open) this.#drop(this.#line);
    return true;
  }

  #skipLf(): true {
    this.#line = this.#searched += 1;
    if (this.#given !== undefined) this.#given.end += 1;
    if (!this.#open) this.#drop(this.#line);
    return true;
  }

  #readField(line: string): void {
    this.#open = true;
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    else if (name === 'event') this.#event = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
  }

  /** @param end offset in the stream, one past the blank line */
  #endEvent(events: SseEvent[], end: number): void {
    // Without a data line nothing is dispatched; an empty one is enough ("data" and "data:" give an empty string).
    if (this.#data !== undefined) {
      this.#given = { event: this.#event, data: this.#data, id: this.#id, start: this.#base, end };
      events.push(this.#given);
    }
    this.#data = this.#event = undefined;
    this.#open = false;
  }

  #drop(count: number): void {
    this.#bytes.take(count);
    this.#base += count;
    this.#line -= Math.min(count, this.#line);
    this.#searched -= Math.min(count, this.#searched);
  }
}

/** One past the last LF that follows an LF; -1 when none of them stands at or after `from`, which is 1 or more. */
function endOfLastBlankLine(bytes: Uint8Array, from: number): number {
  for (let i = bytes.length - 1; i >= from; i--) if (bytes[i] === LF && bytes[i - 1] === LF) return i + 1;
  return -1;
}

function textLength(text: string): (from: number, to: number) => number {
  return (from, to) => utf8Length(text.slice(from, to));
}

/** Index of the first CR or LF at or after `from`; -1 when there is none. */
function findLineEnd(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === LF || byte === CR) return i;
  }
  return -1;
}
