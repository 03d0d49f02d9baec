import { SCHEMES } from './credentials.ts';
import { Endings } from './endings.ts';
import { ASSIGNED, FIELDS, PAIR_NAMES, PARAMETERS, TOKENS } from './patterns.ts';

/** What the sieve looks bytes and words up in; made of the same tables as the patterns. */

/** What a byte is looked at for, where the sieve stops. */
export const STOP = {
  /** The last byte of a token's head, or of what is left of it. */
  head: 1,
  /** Between a name and its value, and within `://`. */
  sign: 2,
  /** The third of `bearer`. */
  bearer: 3,
  /** Of `\u0041`. */
  escape: 4,
  percent: 5,
} as const;

/** One of `STOP`, or 0, by byte. */
export const STOPS = new Uint8Array(256);

/** Which byte a pair stops at, as bits of `PAIRS`: one of its own, or the one behind it. */
export const PAIR = { first: 1, second: 2, behind: 4, signFirst: 8, signSecond: 16 } as const;

/**
 * Pairs of bytes at which the sieve stops, by their 16-bit number on this machine. Only pairs at even places are looked up,
 * so whatever is looked for has one for either place that it may begin at.
 */
export const PAIRS = new Uint8Array(65_536);

/** Heads of tokens up to the byte at which the sieve stops. */
export const HEADS = new Endings();
/** How many bytes must follow a head, by its mark, and whether one of them is a digit. */
export const LEAST: number[] = [0];
export const DIGIT: boolean[] = [false];

/** Meanings of the marks of `NAMES`. */
export const NAME = {
  /** Of a JSON field: any value is a credential. */
  field: 1,
  /** In an assignment, where the value must look like one. */
  assigned: 2,
  /** Of a query parameter. */
  parameter: 4,
  /** Of a header, as the `value` of a pair. */
  pair: 8,
  /** `name` and `value` of such pairs. */
  nameKey: 16,
  valueKey: 32,
} as const;

export const NAMES = new Endings();
/** 1 for the last two bytes of a name, the first of them times 256. */
export const NAME_ENDS = new Uint8Array(65_536);

/** Marks of what may stand at a text's end as the first piece of something. */
export const BEGINNING = {
  /** Only where a word may begin. */
  bordered: 1,
  anywhere: 2,
} as const;

export const BEGINNINGS = new Endings();
/** The same of what is looked for in any case. */
export const LOOSE_BEGINNINGS = new Endings();

export const SCHEME_NAMES: ReadonlySet<string> = new Set(SCHEMES);

/** What bytes are, as bits of `BYTES`. */
export const BYTE = {
  /** Of the rest of a token. */
  token: 1,
  /** Of the value of an assignment. */
  value: 2,
  digit: 4,
  /** A letter or digit: no token begins behind it. */
  word: 8,
  /** Blank, quote or backslash: may stand between a name, its sign and its value. */
  filler: 16,
  /** Ends the user or password of an address. */
  addressEnd: 32,
  /** When an escape stands for it, the text must be decoded to be searched. */
  telling: 64,
  /** Of a hexadecimal number. */
  hex: 128,
} as const;

export const BYTES = new Uint8Array(256);

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
/** The commonest first; what is missing is rare. */
const COMMON = 'etaonisrhldcupmfgywb';

fillBytes();
fillSigns();
for (const { heads, least, digit } of TOKENS) for (const head of heads) addHead(plainHead(head), least, digit ?? false);
fillNames();
fillBeginnings();

function fillBytes(): void {
  const mark = (bytes: string, bit: number) => {
    for (const byte of bytes) BYTES[byte.charCodeAt(0)]! |= bit;
  };
  // A point is in some heads behind the byte to stop at, and in JSON Web Tokens.
  mark(`${LETTERS}${DIGITS}_-.`, BYTE.token);
  mark(`${LETTERS}${DIGITS}._~+/%=-`, BYTE.value);
  mark(DIGITS, BYTE.digit);
  mark(LETTERS + DIGITS, BYTE.word);
  mark(' \t\r\n"\'\\', BYTE.filler);
  mark(' \t\r\n\v\f/?#"\'<>\\', BYTE.addressEnd);
  mark(`${LETTERS}${DIGITS}._~+/%=:@\\-`, BYTE.telling);
  mark(`${DIGITS}abcdefABCDEF`, BYTE.hex);
}

function fillSigns(): void {
  for (const sign of ':=') addPairsWith(sign, PAIR.signFirst, PAIR.signSecond);
  stopAt('%', STOP.percent);
  addPairsWith('%', PAIR.first, PAIR.second);
  // Codes of ASCII characters begin with two zeros.
  stopAt('u', STOP.escape);
  addPair('\\u', PAIR.second);
  addPair('u0', PAIR.first);
  for (const a of 'aA') {
    stopAt(a, STOP.bearer);
    for (const e of 'eE') {
      addPair(e + a, PAIR.second);
      for (const b of 'bB') addPair(b + e, PAIR.behind);
    }
  }
  // The last hyphen before the first word of a key block.
  stopAt('-', STOP.head);
  addPair('--', PAIR.second);
  addPair('-B', PAIR.first);
}

function addPairsWith(byte: string, first: number, second: number): void {
  for (let other = 0; other < 256; other++) {
    addPair(String.fromCharCode(other) + byte, second);
    addPair(byte + String.fromCharCode(other), first);
  }
}

function stopAt(byte: string, stop: number): void {
  const code = byte.charCodeAt(0);
  if (STOPS[code] !== 0 && STOPS[code] !== stop) throw new Error(`the sieve stops at ${byte} for two reasons`);
  STOPS[code] = stop;
}

function addPair(pair: string, stop: number): void {
  const [key] = new Uint16Array(Uint8Array.of(pair.charCodeAt(0), pair.charCodeAt(1)).buffer);
  PAIRS[key!]! |= stop;
}

/** The head is looked for up to the byte whose neighbourhood is rarest; the others count as what must follow. */
function addHead(head: string, least: number, digit: boolean): void {
  const places = [...head].map((_, at) => at).filter((at) => at >= 2 && canStopAt(head[at]!));
  const stop = places.reduce((best, at) => (rarityAt(head, at) > rarityAt(head, best) ? at : best));
  const shown = head.slice(0, stop + 1);
  const wanted = least + head.length - shown.length;
  const mark = HEADS.markOf(shown) || LEAST.length;
  LEAST[mark] = Math.min(LEAST[mark] ?? wanted, wanted);
  DIGIT[mark] = (DIGIT[mark] ?? true) && digit;
  HEADS.add(shown, mark);
  stopAt(head[stop]!, STOP.head);
  addPair(head.slice(stop - 2, stop), PAIR.behind);
  addPair(head.slice(stop - 1, stop + 1), PAIR.second);
}

function canStopAt(byte: string): boolean {
  const stop = STOPS[byte.charCodeAt(0)]!;
  return stop === 0 || stop === STOP.head;
}

/** Of a byte and the two before it. */
function rarityAt(head: string, at: number): number {
  return rarity(head[at - 2]!) + 2 * rarity(head[at - 1]!) + rarity(head[at]!);
}

function rarity(byte: string): number {
  const place = COMMON.indexOf(byte);
  return place < 0 ? COMMON.length : place;
}

function plainHead(head: string): string {
  return head.replace('\\', '');
}

function fillNames(): void {
  const add = (name: string, mark: number) => {
    NAMES.addLoose(name, mark);
    const [first, last] = [name.at(-2)!, name.at(-1)!].map((byte) => [byte, byte.toUpperCase()]);
    for (const a of first!) for (const b of last!) NAME_ENDS[a.charCodeAt(0) * 256 + b.charCodeAt(0)] = 1;
  };
  for (const name of FIELDS) add(name, NAME.field);
  for (const name of [...FIELDS, ...ASSIGNED]) add(name, NAME.assigned);
  for (const name of PARAMETERS) add(name, NAME.parameter);
  for (const name of PAIR_NAMES) add(name, NAME.pair);
  add('name', NAME.nameKey);
  add('value', NAME.valueKey);
}

function fillBeginnings(): void {
  const pieces = (word: string) => [...word].map((_, i) => word.slice(0, i + 1));
  const { bordered, anywhere } = BEGINNING;
  const heads = TOKENS.flatMap((token) => token.heads.map(plainHead));
  for (const word of heads) for (const piece of pieces(word)) BEGINNINGS.add(piece, bordered);
  for (const piece of pieces('-----BEGIN')) BEGINNINGS.add(piece, anywhere);
  for (const piece of pieces('bearer')) LOOSE_BEGINNINGS.addLoose(piece, bordered);
  for (const piece of pieces('"name')) LOOSE_BEGINNINGS.addLoose(piece, anywhere);
}
