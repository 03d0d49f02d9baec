import { Channel } from './channel.ts';
import { type EventKind, readEvent } from './deltas.ts';
import type { FinderOptions } from './finder.ts';
import type { Cut } from './splice.ts';

/** Events that are read at most before one's kind is noted again, where none was of the kind noted before. */
const MOST_PATIENCE = 64;

/** The texts that an event stream sends in deltas. */
export class Channels {
  private readonly finder: FinderOptions;
  private readonly add: (cuts: readonly Cut[]) => void;
  private readonly open = new Map<string, Channel>();
  private kind: EventKind | undefined;
  /** Whether another event was of that kind. */
  private met = false;
  /** How many events are read before a kind is noted, and how many of them are left. */
  private patience = 1;
  private left = 0;
  /** The text that is read has lines that end in a carriage return. */
  private hasReturns = false;

  /** @param add receives what is found in the texts */
  constructor(finder: FinderOptions, add: (cuts: readonly Cut[]) => void) {
    this.finder = finder;
    this.add = add;
  }

  /**
   * Joins the deltas of every line with those before; returns their starts and ends, in turns.
   * @param text whole lines, which stand at `offset` in the stream
   * @param broken the first one is the rest of a line whose beginning is gone
   */
  read(text: string, offset: number, broken: boolean): number[] {
    const deltas: number[] = [];
    // Kept in a field, since the engine would move a mere look-up into the loop, and search the whole text for every line.
    this.hasReturns = text.includes('\r');
    for (let at = 0; at < text.length; ) {
      const end = nextLineEnd(text, at, this.hasReturns);
      const start = at === 0 && broken ? end : dataStart(text, at, end);
      if (start < end) this.readData(text, start, end, offset, deltas);
      at = end + 1;
    }
    return deltas;
  }

  /** Searches what has come since the last time. */
  decide(): void {
    for (const channel of this.open.values()) this.add(channel.decide());
  }

  /** No more text comes in any of them. */
  finish(): void {
    for (const channel of this.open.values()) this.add(channel.close());
  }

  /**
   * Offset of the first byte of the stream that is not decided.
   * @param decided of the stream without its deltas
   * @param full no more may be held back: the oldest open text is decided as it stands
   */
  holdsFrom(decided: number, full: boolean): number {
    for (;;) {
      const first = this.firstHeld();
      if (first === undefined || first.from >= decided) return decided;
      if (!full) return first.from;
      this.close(first.key, first.channel);
    }
  }

  private firstHeld(): { key: string; channel: Channel; from: number } | undefined {
    let first: { key: string; channel: Channel; from: number } | undefined;
    for (const [key, channel] of this.open) {
      const from = channel.holdsFrom();
      if (from !== undefined && (first === undefined || from < first.from)) first = { key, channel, from };
    }
    return first;
  }

  private readData(text: string, start: number, end: number, offset: number, deltas: number[]): void {
    const watched = this.open.size > 0;
    const before = deltas.length;
    if (!this.kind?.shape.fits(text, start, end, deltas)) {
      deltas.length = before;
      this.readNew(text.slice(start, end), offset + start, watched, deltas);
      return;
    }
    this.met = true;
    let place = before;
    for (const { channel, slot } of this.kind.deltas) {
      this.push(channel, slot, text, offset, deltas, place);
      place += 2;
    }
    if (watched && this.kind.closes !== undefined) this.closeSlot(this.kind.closes);
  }

  private readNew(data: string, offset: number, watched: boolean, deltas: number[]): void {
    const { deltas: parts, closes, kind } = readEvent(data, watched, this.wantsKind());
    for (const { channel, slot, start, end } of parts) {
      this.push(channel, slot, data, offset, deltas, deltas.push(start, end) - 2);
    }
    if (closes !== undefined) this.closeSlot(closes);
    if (kind !== undefined) this.note(kind);
  }

  private wantsKind(): boolean {
    if (this.left > 0) this.left--;
    else return this.finder.exact !== true;
    return false;
  }

  private note(kind: EventKind): void {
    const useless = this.kind !== undefined && !this.met;
    this.patience = useless ? Math.min(2 * this.patience, MOST_PATIENCE) : 1;
    this.left = this.patience - 1;
    this.kind = kind;
    this.met = false;
  }

  /** Adds what stands at a place of the text to its channel, and counts the place from the stream's beginning. */
  private push(key: string, slot: string, text: string, offset: number, deltas: number[], place: number): void {
    let channel = this.open.get(key);
    if (channel === undefined) {
      channel = new Channel(slot, this.finder);
      this.open.set(key, channel);
    }
    channel.push(text.slice(deltas[place]!, deltas[place + 1]!), offset + deltas[place]!);
    deltas[place]! += offset;
    deltas[place + 1]! += offset;
  }

  private closeSlot(closes: string): void {
    for (const [key, channel] of this.open) if (closes === '*' || channel.slot === closes) this.close(key, channel);
  }

  private close(key: string, channel: Channel): void {
    this.open.delete(key);
    this.add(channel.close());
  }
}

function nextLineEnd(text: string, from: number, returns: boolean): number {
  const feed = text.indexOf('\n', from);
  const line = feed < 0 ? text.length : feed;
  if (!returns) return line;
  const back = text.slice(from, line).indexOf('\r');
  return back < 0 ? line : from + back;
}

/** Where the JSON of a line begins: behind `data:` (WHATWG HTML section 9.2.6), or at once in JSON lines. */
function dataStart(text: string, at: number, end: number): number {
  const first = text.charCodeAt(at);
  if (first === BRACE) return at;
  if (first !== LETTER_D || !text.startsWith('data:', at)) return end;
  return text[at + 5] === ' ' ? at + 6 : at + 5;
}

const BRACE = 0x7b;
const LETTER_D = 0x64;
