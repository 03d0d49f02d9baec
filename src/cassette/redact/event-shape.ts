import { stringEnd } from './walk.ts';

/** A value of an event that may be another one in the next event. */
export interface Gap {
  /** Offsets within the event; of a string, between its quotes. */
  start: number;
  end: number;
  kind: 'digits' | 'string' | 'delta';
}

/** More gaps than this are dearer to skip than to read, and no protocol's deltas have as many. */
const MOST_GAPS = 12;

/**
 * An event with gaps. The deltas of one text come in events that differ in a few values alone: an event that has the same text
 * around those values has its deltas there, and needs not be read as JSON.
 */
export class EventShape {
  /** The text before each gap, and behind the last one. */
  private readonly fixed: readonly string[];
  private readonly gaps: readonly Gap[];

  private constructor(data: string, gaps: readonly Gap[]) {
    this.gaps = gaps;
    const ends = [0, ...gaps.map(({ end }) => end)];
    this.fixed = ends.map((end, i) => data.slice(end, gaps[i]?.start ?? data.length));
  }

  /** @param gaps in order */
  static of(data: string, gaps: readonly Gap[]): EventShape | undefined {
    return gaps.length > MOST_GAPS ? undefined : new EventShape(data, gaps);
  }

  /**
   * Whether the text from `start` to `end` is an event of this shape.
   * @param places receives start and end of every delta, as offsets in the text
   */
  fits(text: string, start: number, end: number, places: number[]): boolean {
    const { fixed, gaps } = this;
    let at = start;
    for (let i = 0; i < gaps.length; i++) {
      // The engine compares slices several times faster than `startsWith` does.
      const from = at + fixed[i]!.length;
      if (text.slice(at, from) !== fixed[i]) return false;
      const { kind } = gaps[i]!;
      at = kind === 'digits' ? digitsEnd(text, from) : (stringEnd(text, from - 1) ?? end);
      if (at >= end) return false;
      if (kind === 'delta') places.push(from, at);
    }
    return text.slice(at, end) === fixed[gaps.length];
  }
}

/** Digits that may stand for each other; a number that is written otherwise is part of the shape. */
export const DIGITS = /^\d+$/;

function digitsEnd(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; code = text.charCodeAt(at)) at++;
  return at > from ? at : Number.POSITIVE_INFINITY;
}
