/** Shorter values are too likely to be a part of ordinary words. */
export const SHORTEST_LITERAL = 8;

/** Characters of a probe, where the literal has as many: fewer are too likely to turn up by chance. */
const PROBE = 8;
const SHORTEST_PROBE = 4;
/** Characters that may stand for one of a literal: `\\u0041` in JSON within JSON within JSON. */
const LONGEST_CODE = 40;

/** A text to search for everywhere, and the credential that it gives away. */
export interface Literal {
  text: string;
  kind: string;
  value: string;
  /** Holds characters that a decoded view may have changed; then every view is searched. */
  fragile: boolean;
  /** Place of its rarest character, and the text from there on: the engine looks for a first character, fast for a rare one. */
  anchor: number;
  tail: string;
  /** A piece of it that stands in the text wherever the literal stands in a view, once the sieve has passed the text; may be ''. */
  probe: string;
  /** Where this is in a text, a view may hold characters of the literal that the text does not. */
  changed: RegExp | undefined;
}

/** What a credential is searched for as: itself, and its base64 forms. */
export function literalForms(kind: string, value: string): Literal[] {
  const form = (text: string, fragile: boolean): Literal => {
    const anchor = rarestAt(text);
    return { text, kind, value, fragile, anchor, tail: text.slice(anchor), ...sieveFacts(text) };
  };
  return [form(value, /[\\"/%]/.test(value)), ...base64Cores(value).map((text) => form(text, false))];
}

/** The sieve passes no text with a code (`\u0041`, `%41`) for one of the characters that a probe is made of. */
function sieveFacts(text: string): Pick<Literal, 'probe' | 'changed'> {
  const pieces = text.match(/[A-Za-z0-9._~+=:@-]+/g) ?? [];
  const longest = pieces.reduce((a, b) => (b.length > a.length ? b : a), '');
  const probe = longest.length > PROBE ? longest.slice(rarestAt(longest, PROBE - 1)) : longest;
  if (longest.length === text.length) return { probe, changed: undefined };
  return { probe, changed: /^[A-Za-z0-9._~+=:@/-]+$/.test(text) ? /\\\// : /[\\%]/ };
}

/** What JSON, prose and code are made of, the commonest first; a character that is not in it is rare. */
const COMMON = ' etaonisrhldcupmfg"ywb,:v._\\-=/()TSAICE0k12x;{}[]nPRNODML3';

/** Not among the last ones: what is looked for should be more than one character. */
function rarestAt(text: string, last = 3): number {
  const places = [...text.slice(0, -last)].map((char) => COMMON.indexOf(char));
  return places.includes(-1) ? places.indexOf(-1) : places.indexOf(Math.max(...places));
}

/**
 * The base64 characters that depend on the value alone, for the three places it can have in a group of three bytes
 * (RFC 4648 section 4), in both alphabets.
 */
function base64Cores(value: string): string[] {
  const cores = new Set<string>();
  for (let shift = 0; shift < 3; shift++) {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value, 'latin1')]);
    const whole = Math.floor((bytes.length * 8) / 6);
    const core = bytes.toString('base64').slice(Math.ceil((shift * 8) / 6), whole);
    if (core.length < SHORTEST_LITERAL) continue;
    cores.add(core);
    cores.add(core.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...cores];
}

/** Place of the literal in the text, from `from` on; -1 when it is not there. */
export function indexOfLiteral({ text: wanted, anchor, tail }: Literal, text: string, from: number): number {
  for (let at = text.indexOf(tail, from + anchor); at >= 0; at = text.indexOf(tail, at + 1)) {
    if (text.startsWith(wanted, at - anchor)) return at - anchor;
  }
  return -1;
}

/** What to cut out: in base64 the characters at both sides carry bits of the value too. */
export function widenLiteral(literal: Literal, text: string, start: number, end: number): [number, number] {
  if (literal.text === literal.value) return [start, end];
  const coded = /[A-Za-z0-9+/_-]/;
  return [coded.test(text[start - 1] ?? '') ? start - 1 : start, coded.test(text[end] ?? '') ? end + 1 : end];
}

/** Where the text's end may be the beginning of the literal; -1: nowhere. Of a base64 form the character behind it is awaited too. */
export function literalOpensAt(literal: Literal, text: string, from: number): number {
  const awaited = literal.text === literal.value ? 1 : 0;
  const first = literal.text[0]!;
  let at = text.indexOf(first, Math.max(from, text.length - literal.text.length + awaited));
  while (at >= 0 && !literal.text.startsWith(text.slice(at))) at = text.indexOf(first, at + 1);
  return at;
}

/**
 * Whether a text whose codes stand for nothing telling may hold one of the literals in a view, or when it is open, the
 * beginning of one at its end.
 */
export function mayHoldLiteral(literals: readonly Literal[], text: string, from: number, final: boolean): boolean {
  for (const literal of literals) {
    const { probe, changed } = literal;
    if (probe.length < SHORTEST_PROBE || text.includes(probe, from)) return true;
    if (final) continue;
    if (literalOpensAt(literal, text, from) >= 0) return true;
    if (changed?.test(text.slice(-literal.text.length * LONGEST_CODE))) return true;
  }
  return false;
}
