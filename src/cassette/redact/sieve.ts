import type { Endings } from './endings.ts';
import {
  ASCII,
  endsBlank,
  endsCode,
  endsWithinCode,
  holdsTellingCode,
  isBorder,
  isPlain,
  isTellingCode,
  mayGoOn,
  skipBack,
} from './sieve-bytes.ts';
import {
  BEGINNING,
  BEGINNINGS,
  BYTE,
  BYTES,
  DIGIT,
  HEADS,
  LEAST,
  LOOSE_BEGINNINGS,
  NAME,
  NAME_ENDS,
  NAMES,
  PAIR,
  PAIRS,
  SCHEME_NAMES,
  STOP,
  STOPS,
} from './sieve-tables.ts';

/** From the beginning of something to the byte that the sieve stops at: at most a pair's, with its blanks and some escapes. */
const LONGEST_LEAD = 2048;
/** A piece of a head or of a code, with some escapes. */
const LONGEST_BEGINNING = 64;
/** Shortest value of an assignment. */
const WORD_VALUE = 16;
/** Bytes that texts are copied to for the pass; more is taken for longer ones, and given back. */
const ROOM = 262_144;
/** Bytes that a check may look at behind the text. */
const MARGIN = 16;
const BEARER = [...'bearer'].map((char) => char.charCodeAt(0));
/** Makes a letter a small one. */
const SMALL = 0x20;
/** By how much a word of four bytes is shifted to get its pairs, on this machine. */
const [FIRST, SECOND] = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [0, 16] : [16, 0];

/**
 * Proves in one pass over the bytes that a text holds nothing that the patterns find, in any of its decoded views: so it is
 * for nearly all texts. What it cannot prove is left to the patterns; it finds and cuts nothing itself, and where a check
 * would have to be exact, it doubts.
 *
 * Why the bytes tell for all views: a view differs from the text where escapes were. Those of one letter stand for
 * quotes, blanks, `/` and `\`, which every check allows for; the others (`\u0041`, `%41`) raise doubt when they stand
 * for anything that a credential, its name or its sign is made of.
 */
export class Sieve {
  /** Its bytes behind the text are zeros, as far as a check looks. */
  private bytes = new Uint8Array(ROOM);
  private words = new Uint32Array(this.bytes.buffer);
  private into = Buffer.from(this.bytes.buffer);
  private length = 0;
  private final = true;
  private nameAt = 0;

  /**
   * From where on the patterns must search; nothing that they find or wait for begins before. Undefined: nowhere.
   * @param text latin1
   * @param from what begins before is not looked for, but looked back to
   * @param final nothing follows; otherwise the beginning of something at the end counts too
   */
  doubtsFrom(text: string, from: number, final: boolean): number | undefined {
    this.load(text);
    this.final = final;
    this.nameAt = Number.NEGATIVE_INFINITY;
    if (from > 0 && holdsTellingCode(this.bytes, text, from)) return from;
    const at = this.firstDoubt(from);
    if (at >= 0) return Math.max(from, at - LONGEST_LEAD);
    return final || text.length === from ? undefined : this.openFrom(from);
  }

  /** Whether the patterns need not search a text that is there as a whole. */
  passes(text: string): boolean {
    return this.doubtsFrom(text, 0, true) === undefined;
  }

  /** Place of the first four bytes that may belong to something; -1: there are none. */
  private firstDoubt(from: number): number {
    const { words } = this;
    const pairs = PAIRS;
    const end = (this.length + 3) >> 2;
    for (let at = Math.max(0, (from >> 2) - 1); at < end; at++) {
      const word = words[at]!;
      if ((pairs[word & 0xffff]! | pairs[word >>> 16]!) === 0) continue;
      const first = pairs[(word >>> FIRST) & 0xffff]!;
      if (first !== 0 && this.doubtsPair(4 * at, first, from)) return 4 * at;
      const second = pairs[(word >>> SECOND) & 0xffff]!;
      if (second !== 0 && this.doubtsPair(4 * at + 2, second, from)) return 4 * at;
    }
    return -1;
  }

  private load(text: string): void {
    const { length } = text;
    if (length + MARGIN > this.bytes.length) this.grow(length + MARGIN);
    else if (this.bytes.length > ROOM && length + MARGIN <= ROOM) this.grow(ROOM);
    this.into.write(text, 0, 'latin1');
    this.into.fill(0, length, length + MARGIN);
    this.length = length;
  }

  private grow(size: number): void {
    this.into = Buffer.from(new ArrayBuffer((size + 3) & ~3));
    this.bytes = new Uint8Array(this.into.buffer);
    this.words = new Uint32Array(this.into.buffer);
  }

  /** Looks at the bytes that the pair at `at` is looked up for. */
  private doubtsPair(at: number, stops: number, from: number): boolean {
    if ((stops & PAIR.signFirst) !== 0 && this.doubtsSign(at, from)) return true;
    if ((stops & PAIR.signSecond) !== 0 && this.doubtsSign(at + 1, from)) return true;
    if ((stops & PAIR.first) !== 0 && this.doubts(at, from)) return true;
    if ((stops & PAIR.second) !== 0 && this.doubts(at + 1, from)) return true;
    return (stops & PAIR.behind) !== 0 && this.doubts(at + 2, from);
  }

  private doubts(at: number, from: number): boolean {
    if (at < from || at >= this.length) return false;
    const stop = STOPS[this.bytes[at]!]!;
    if (stop === STOP.head) return this.doubtsHead(at);
    if (stop === STOP.bearer) return this.doubtsBearer(at - 2);
    return stop !== 0 && isTellingCode(this.bytes, stop === STOP.escape ? at - 1 : at);
  }

  /** A token's head, with as much behind it as a token has; or the first line of a key block. */
  private doubtsHead(at: number): boolean {
    const { bytes } = this;
    const { next, marks } = HEADS;
    if (bytes[at] === ASCII.hyphen && bytes[at + 1] === ASCII.B && bytes[at - 1] === ASCII.hyphen) return true;
    let node = 0;
    for (let i = at; i >= 0 && bytes[i]! < 128; i--) {
      node = next[node * 128 + bytes[i]!]!;
      if (node === 0) return false;
      const mark = marks[node]!;
      if (mark !== 0 && isBorder(bytes, i) && this.isToken(at + 1, LEAST[mark]!, DIGIT[mark]!)) return true;
    }
    return false;
  }

  private isToken(from: number, least: number, digit: boolean): boolean {
    const { bytes } = this;
    let missing = digit;
    let at = from;
    for (; at < this.length; at++) {
      const is = BYTES[bytes[at]!]!;
      if ((is & BYTE.token) === 0) break;
      if ((is & BYTE.digit) !== 0) missing = false;
    }
    return (at - from >= least && !missing) || (at === this.length && !this.final);
  }

  private doubtsBearer(at: number): boolean {
    const { bytes } = this;
    if (at < 0) return false;
    for (let i = 0; i < BEARER.length; i++) if ((bytes[at + i]! | SMALL) !== BEARER[i]) return false;
    if (!isBorder(bytes, at)) return false;
    let next = at + BEARER.length;
    if (next === this.length) return !this.final;
    if (bytes[next] === ASCII.backslash) return true;
    if (bytes[next] !== ASCII.blank && bytes[next] !== ASCII.plus && bytes[next] !== ASCII.percent) return false;
    while (bytes[next] === ASCII.blank || bytes[next] === ASCII.plus) next++;
    return this.looksTelling(next);
  }

  private doubtsSign(at: number, from: number): boolean {
    const { bytes } = this;
    if (at < from || at >= this.length) return false;
    const next = bytes[at + 1];
    if (next === 0 && at === this.length - 1 && !this.final) return true;
    if ((next === ASCII.slash || next === ASCII.backslash || next === 0) && this.doubtsAddress(at)) return true;
    let end = bytes[at - 1] === ASCII.quote ? at - 2 : at - 1;
    if (!isPlain(bytes, end)) end = skipBack(bytes, end);
    if (end < 1 || NAME_ENDS[bytes[end - 1]! * 256 + bytes[end]!] === 0) return endsCode(bytes, end);
    return this.doubtsName(at, end);
  }

  /** What ends as the names end that come before a sign. */
  private doubtsName(at: number, end: number): boolean {
    const { bytes } = this;
    const found = NAMES.marksAt(bytes, end);
    if (found === 0) return endsCode(bytes, end);
    if ((found & NAME.nameKey) !== 0) this.nameAt = at;
    if ((found & NAME.valueKey) !== 0 && this.isPair(end - 'value'.length)) return true;
    if ((found & NAME.parameter) !== 0 && this.isParameter(end)) return true;
    if ((found & (NAME.field | NAME.assigned)) === 0) return false;
    return this.doubtsValue(at + 1, (found & NAME.field) !== 0);
  }

  /** The name of a parameter, behind `?` or `&`. */
  private isParameter(end: number): boolean {
    const { bytes } = this;
    let at = end;
    while (at >= 0 && (BYTES[bytes[at]!]! & BYTE.token) !== 0) at--;
    const before = bytes[at];
    if (before === ASCII.backslash) return bytes[at + 1] === ASCII.u;
    return before === ASCII.question || before === ASCII.ampersand || before === ASCII.percent;
  }

  /** The rest of `"name":"…","value":` before its last key, when it names a header. */
  private isPair(before: number): boolean {
    const { bytes } = this;
    const comma = skipBack(bytes, before);
    if (bytes[comma] !== ASCII.comma) return endsCode(bytes, comma);
    const end = skipBack(bytes, comma - 1);
    return (NAMES.marksAt(bytes, end) & NAME.pair) !== 0 || endsCode(bytes, end);
  }

  /** What stands behind a telling name and its sign. */
  private doubtsValue(from: number, field: boolean): boolean {
    const { bytes } = this;
    let quoted = false;
    let at = from;
    for (; at < this.length; at++) {
      if (bytes[at] === ASCII.quote) quoted = true;
      else if ((BYTES[bytes[at]!]! & BYTE.filler) === 0 && !endsBlank(bytes, at)) break;
    }
    const byte = bytes[at]!;
    if (at === this.length || byte === ASCII.percent || byte === ASCII.bracket) return true;
    if (byte === ASCII.u && bytes[at - 1] === ASCII.backslash) return true;
    if (field && (quoted || byte === ASCII.hyphen || (BYTES[byte]! & BYTE.digit) !== 0)) return true;
    return this.looksTelling(at);
  }

  /** A value that looks like a credential, maybe behind a scheme. */
  private looksTelling(from: number): boolean {
    const { bytes } = this;
    let digit = 0;
    let at = from;
    for (; at < this.length; at++) {
      const is = BYTES[bytes[at]!]!;
      if ((is & BYTE.value) === 0) break;
      digit |= is & BYTE.digit;
    }
    if (at === this.length && !this.final) return true;
    if (at - from >= WORD_VALUE && digit !== 0) return true;
    if (bytes[at] === ASCII.backslash) return mayGoOn(bytes, at);
    return bytes[at] === ASCII.blank && this.isScheme(from, at);
  }

  private isScheme(from: number, to: number): boolean {
    if (to - from > 2 * WORD_VALUE) return false;
    return SCHEME_NAMES.has(String.fromCharCode(...this.bytes.subarray(from, to)).toLowerCase());
  }

  /** `://user:password@`. */
  private doubtsAddress(sign: number): boolean {
    const { bytes } = this;
    if (bytes[sign] !== ASCII.colon) return false;
    let at = sign + 1;
    for (let slashes = 0; slashes < 2; at++) {
      if (at === this.length) return !this.final;
      if (bytes[at] === ASCII.slash) slashes++;
      else if (bytes[at] !== ASCII.backslash) return false;
    }
    let password = false;
    for (; at < this.length; at++) {
      const byte = bytes[at]!;
      if (byte === ASCII.at) return password;
      if (byte === ASCII.colon) password = true;
      else if ((BYTES[byte]! & BYTE.addressEnd) !== 0) return byte === ASCII.backslash && mayGoOn(bytes, at);
    }
    return !this.final;
  }

  /** Where something may have begun that the end cuts off; undefined when more text changes nothing. */
  private openFrom(from: number): number | undefined {
    const { bytes, length } = this;
    const inPair = (NAMES.marksAt(bytes, skipBack(bytes, length - 1)) & NAME.nameKey) !== 0;
    if (inPair || length - this.nameAt < LONGEST_LEAD) return Math.max(from, length - LONGEST_LEAD);
    if (!endsWithinCode(bytes, length) && !this.endsIn(BEGINNINGS) && !this.endsIn(LOOSE_BEGINNINGS)) return undefined;
    return Math.max(from, length - LONGEST_BEGINNING);
  }

  private endsIn({ next, marks }: Endings): boolean {
    const { bytes } = this;
    let node = 0;
    for (let at = this.length - 1; at >= 0 && bytes[at]! < 128; at--) {
      node = next[node * 128 + bytes[at]!]!;
      if (node === 0) return false;
      const mark = marks[node]!;
      if (mark === BEGINNING.anywhere || (mark === BEGINNING.bordered && isBorder(bytes, at))) return true;
    }
    return false;
  }
}
