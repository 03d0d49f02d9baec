/**
 * Decoded views of a text that remember where every character came from, so that what is found in a view can be cut
 * out of the text itself. All texts are latin1: one character is one byte.
 */
export interface View {
  text: string;
  /** JSON unescapes between the text and this view; undefined for a view that is not a JSON level. */
  depth: number;
  parent: View | undefined;
  /** Where the decoded part ends in the parent: before its length when the parent ends in the middle of a unit. */
  rest: number;
  /** Runs: start in this view, start in the parent, and length in the parent of a decoded unit (0: copied run). */
  at: number[];
  from: number[];
  unit: number[];
}

/** A coding: finds the next unit and decodes it. */
interface Coding {
  next(text: string, from: number): number;
  /** Reads the unit at `at`; undefined: not a unit, `'cut'`: the text ends within it. */
  read(text: string, at: number): { value: string; length: number } | 'cut' | undefined;
}

/** The view of the text itself. */
export function rootView(text: string): View {
  return { text, depth: 0, parent: undefined, rest: text.length, at: [], from: [], unit: [] };
}

/** Undoes JSON string escapes everywhere; undefined when there are none. `final`: nothing follows the text. */
export function unescapeJson(parent: View, final: boolean): View | undefined {
  return decodeView(parent, JSON_ESCAPES, final, parent.depth + 1);
}

/** Undoes percent-encoding (RFC 3986 section 2.1); undefined when there is none. */
export function unescapePercent(parent: View, final: boolean): View | undefined {
  return decodeView(parent, PERCENT, final, parent.depth);
}

/** The bytes read as UTF-8, for users' patterns; the parent itself when all is ASCII. */
export function utf8View(parent: View, final: boolean): View {
  return decodeView(parent, UTF8, final, parent.depth) ?? parent;
}

/** Units decoded by a view from which on all of it is searched. */
const MANY_UNITS = 200;

/** The view's text around what it decoded: nothing else in it is new. All of it when much was decoded. */
export function newText(view: View): string {
  if (view.parent === undefined || view.at.length > 2 * MANY_UNITS) return view.text;
  const around: string[] = [];
  let reached = 0;
  for (let run = 0; run < view.at.length; run++) {
    if (view.unit[run] === 0) continue;
    const at = view.at[run]!;
    around.push(view.text.slice(Math.max(reached, at - 256), at + 128));
    reached = Math.min(at + 128, view.text.length);
  }
  return around.join('');
}

/** Start in the root text of the unit that the view's character `at` came from. */
export function rootStart(view: View, at: number): number {
  let place = at;
  for (let v: View = view; v.parent !== undefined; v = v.parent) {
    const run = runAt(v.at, place);
    if (run >= 0) place = v.unit[run] === 0 ? v.from[run]! + place - v.at[run]! : v.from[run]!;
  }
  return place;
}

/** End in the root text of the unit that the view's character before `at` came from. */
export function rootEnd(view: View, at: number): number {
  let place = at;
  for (let v: View = view; v.parent !== undefined; v = v.parent) {
    const run = runAt(v.at, place - 1);
    if (run >= 0) place = v.unit[run] === 0 ? v.from[run]! + place - v.at[run]! : v.from[run]! + v.unit[run]!;
  }
  return place;
}

/** Whether the view's character stands in its parent as it is. */
export function isCopied(view: View, at: number): boolean {
  const run = runAt(view.at, at);
  return run < 0 || view.unit[run] === 0;
}

/** First character of the view that came from `at` in the root text, or from behind it. */
export function viewPlace(view: View, at: number): number {
  if (view.parent === undefined) return at;
  const place = viewPlace(view.parent, at);
  const run = runAt(view.from, place);
  if (run < 0) return place;
  if (view.unit[run] === 0)
    return Math.min(view.at[run]! + place - view.from[run]!, view.at[run + 1] ?? view.text.length);
  return place === view.from[run] ? view.at[run]! : (view.at[run + 1] ?? view.text.length);
}

function decodeView(parent: View, coding: Coding, final: boolean, depth: number): View | undefined {
  const text = parent.text;
  let next = coding.next(text, 0);
  if (next < 0) return undefined;
  const view: View = { text: '', depth, parent, rest: text.length, at: [], from: [], unit: [] };
  let out = '';
  let copied = 0;
  while (next >= 0) {
    const unit = coding.read(text, next);
    if (unit === 'cut' && !final) {
      view.rest = next;
      break;
    }
    if (unit === undefined || unit === 'cut') {
      next = coding.next(text, next + 1);
      continue;
    }
    if (next > copied) {
      addRun(view, out.length, copied, 0);
      out += text.slice(copied, next);
    }
    addRun(view, out.length, next, unit.length);
    out += unit.value;
    copied = next + unit.length;
    next = coding.next(text, copied);
  }
  if (view.at.length === 0 && view.rest === text.length) return undefined;
  if (view.rest > copied) addRun(view, out.length, copied, 0);
  view.text = out + text.slice(copied, view.rest);
  return view;
}

function addRun(view: View, at: number, from: number, unit: number): void {
  view.at.push(at);
  view.from.push(from);
  view.unit.push(unit);
}

/** Index of the last run that starts at or before `place`; -1 when there is none. */
function runAt(starts: readonly number[], place: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const SHORT_ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

const JSON_ESCAPES: Coding = {
  next: (text, from) => text.indexOf('\\', from),
  read(text, at) {
    const letter = text[at + 1];
    if (letter === undefined) return 'cut';
    const short = SHORT_ESCAPES[letter];
    if (short !== undefined) return { value: short, length: 2 };
    return letter === 'u' ? readUnicode(text, at) : undefined;
  },
};

/** `\uHHHH`, or the two of a surrogate pair (RFC 8259 section 7), as UTF-8 bytes. */
function readUnicode(text: string, at: number): { value: string; length: number } | 'cut' | undefined {
  const digits = text.slice(at + 2, at + 6);
  if (!/^[0-9a-fA-F]*$/.test(digits)) return undefined;
  if (digits.length < 4) return 'cut';
  const high = Number.parseInt(digits, 16);
  if (high < 0xd800 || high > 0xdbff) return { value: toUtf8Latin1(String.fromCharCode(high)), length: 6 };
  const second = text.slice(at + 6, at + 12);
  if (second.length < 6 && /^(?:\\(?:u[0-9a-fA-F]*)?)?$/.test(second)) return 'cut';
  const low = /^\\u[dD][c-fC-F][0-9a-fA-F]{2}$/.test(second) ? Number.parseInt(second.slice(2), 16) : undefined;
  if (low === undefined) return { value: toUtf8Latin1('\ufffd'), length: 6 };
  return { value: toUtf8Latin1(String.fromCharCode(high, low)), length: 12 };
}

const PERCENT: Coding = {
  next: (text, from) => text.indexOf('%', from),
  read(text, at) {
    const digits = text.slice(at + 1, at + 3);
    if (!/^[0-9a-fA-F]*$/.test(digits)) return undefined;
    if (digits.length < 2) return 'cut';
    return { value: String.fromCharCode(Number.parseInt(digits, 16)), length: 3 };
  },
};

const NON_ASCII = /[\x80-\xff]/g;

const UTF8: Coding = {
  next(text, from) {
    NON_ASCII.lastIndex = from;
    return NON_ASCII.test(text) ? NON_ASCII.lastIndex - 1 : -1;
  },
  read(text, at) {
    const lead = text.charCodeAt(at);
    const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    if (length === 1 || lead > 0xf4) return undefined;
    const bytes = text.slice(at, at + length);
    for (let i = 1; i < bytes.length; i++) if ((bytes.charCodeAt(i) & 0xc0) !== 0x80) return undefined;
    if (bytes.length < length) return 'cut';
    return { value: Buffer.from(bytes, 'latin1').toString('utf8'), length };
  },
};

/** A text as the latin1 string of its UTF-8 bytes. */
export function toUtf8Latin1(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The text that a latin1 string of UTF-8 bytes stands for. */
export function fromUtf8Latin1(bytes: string): string {
  return /^[\0-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}
