/** Where a found piece may be cut out of a JSON text without breaking it. */
export interface Clipped {
  start: number;
  end: number;
  /** The piece is a bare number or word: its placeholder needs quotes. */
  bare?: true;
}

/** The strings of a text, as ranges between their quotes, in order. */
export type StringRanges = readonly (readonly [start: number, end: number])[];

/**
 * The strings of a JSON text that may begin within one. A line feed ends a string: JSON has none in strings (RFC 8259
 * section 7), and a damaged line must not turn the next ones inside out.
 */
export function stringRanges(text: string, inString: boolean): StringRanges {
  const ranges: [number, number][] = [];
  let open = inString ? 0 : -1;
  for (const { index, 0: sign } of text.matchAll(/["\n]|\\[\s\S]/g)) {
    if (sign.length === 2 || (sign === '\n' && open < 0)) continue;
    if (open >= 0) ranges.push([open, index]);
    open = open < 0 ? index + 1 : -1;
  }
  if (open >= 0) ranges.push([open, text.length]);
  return ranges;
}

/** Whether a JSON text, which may begin within a string, ends within one. A backslash at its end must not be cut off. */
export function endsInString(text: string, inString: boolean): boolean {
  let open = inString;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) open = !open;
    else if (code === LINE_FEED) open = false;
  }
  return open;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;

/** The strings of an event stream's lines; a line that is not JSON counts as one string. */
export function lineStrings(text: string): StringRanges {
  const ranges: (readonly [number, number])[] = [];
  for (const { index, 0: line } of text.matchAll(/[^\r\n]+/g)) {
    const json = /^(?:data: ?)?(?=[[{])/.test(line);
    if (!json) ranges.push([index, index + line.length]);
    else for (const [start, end] of stringRanges(line, false)) ranges.push([index + start, index + end]);
  }
  return ranges;
}

/**
 * Cuts a piece down to the string that it begins in, or widens it to the number or word that it begins in. Undefined where it
 * begins at a sign of the syntax; the search goes on behind that. What begins in none of these shows that the text is no JSON.
 */
export function clipToString(text: string, ranges: StringRanges, start: number, end: number): Clipped | undefined {
  const range = ranges[firstEndingAfter(ranges, start)];
  if (range !== undefined && range[0] <= start) return { start, end: Math.min(end, range[1]) };
  if (/[\s{}[\],:"]/.test(text[start]!)) return undefined;
  let from = start;
  let to = start;
  while (from > 0 && BARE.test(text[from - 1]!)) from--;
  while (to < text.length && BARE.test(text[to]!)) to++;
  return SCALAR.test(text.slice(from, to)) ? { start: from, end: to, bare: true } : { start, end };
}

const BARE = /[\w.+-]/;
const SCALAR = /^(?:-?\d[\d.eE+-]*|true|false|null)$/;

function firstEndingAfter(ranges: StringRanges, at: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]![1] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
