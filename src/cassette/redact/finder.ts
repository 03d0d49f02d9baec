import { isDummy } from './credentials.ts';
import { indexOfLiteral, type Literal, literalOpensAt, mayHoldLiteral, widenLiteral } from './literals.ts';
import { findOpen, nextPlace, partialPattern } from './partial.ts';
import { kindBefore, PATTERN_GROUPS, type PatternGroup, type SecretPattern } from './patterns.ts';
import { Sieve } from './sieve.ts';
import { clipToString, type StringRanges } from './strings.ts';
import { PLACEHOLDER } from './vault.ts';
import {
  isCopied,
  newText,
  rootEnd,
  rootStart,
  rootView,
  toUtf8Latin1,
  unescapeJson,
  unescapePercent,
  utf8View,
  type View,
  viewPlace,
} from './views.ts';

/** A piece of a text that gives a credential away. Offsets are those of the text that was searched. */
export interface Found {
  start: number;
  end: number;
  kind: string;
  /** The credential, decoded. */
  value: string;
  /** JSON escapes around the quotes that the placeholder needs; undefined: it stands within a string already. */
  quotes?: number;
  /** It stood where only a credential stands: worth searching for elsewhere. */
  placed?: true;
  /** The placeholder is percent-encoded: it stands in an address or a form. */
  coded?: true;
}

export interface Search {
  found: Found[];
  /** From here on more text is needed to tell; the text's length when nothing is open. */
  open: number;
  haystack: Haystack;
  ranges?: StringRanges | undefined;
}

/** Policy numbers of the search. */
export const FINDER_LIMITS = {
  /** Characters at a text's end that may be held back as the beginning of a secret: the longest PEM key has 13,000. */
  open: 16_384,
  /** JSON strings within JSON strings: a function call's arguments that hold a file that holds JSON are 3. */
  depth: 5,
} as const;

interface CompiledPattern {
  pattern: SecretPattern;
  /** Captures what is kept and the value. */
  whole: RegExp;
}

interface CompiledGroup {
  plain: boolean;
  gates: RegExp[];
  /** One by one: the engine finds each one's first character faster than a choice of all. */
  patterns: CompiledPattern[];
  /** The beginning of any of them at the text's end. */
  partial: RegExp;
}

const GROUPS = PATTERN_GROUPS.map(compileGroup);

/** A user's pattern, ready for use on characters. */
export interface UserRule {
  whole: RegExp;
  partial: RegExp;
}

/** Prepares a user's pattern: its own flags but those that change how matching proceeds. */
export function compileUserPattern(pattern: RegExp): UserRule {
  const flags = `${pattern.flags.replaceAll(/[gyd]/g, '')}g`;
  return { whole: new RegExp(pattern.source, flags), partial: partialPattern(pattern.source, flags) };
}

export interface FinderOptions {
  users: readonly UserRule[];
  literals(): readonly Literal[];
  /** Takes none of the short cuts past texts that hold nothing: for tests, which compare. */
  exact?: true;
}

interface Sought {
  groups: readonly CompiledGroup[];
  literals: readonly Literal[];
  users: readonly UserRule[];
  /** None of the groups has anything to find that begins before. */
  from: number;
}

/** A piece of a body to search. */
export interface Haystack {
  text: string;
  /** Where the search begins; what stands before is context. */
  from: number;
  /** The text ends here; otherwise more may follow. */
  final: boolean;
  /** Strings of a text that is JSON: nothing is cut across their quotes. Called once, when something was found. */
  strings?: () => StringRanges;
}

/**
 * Searches a latin1 text in all its decoded views. `open` says from where on a secret may have begun that the text does not
 * hold to its end.
 */
export function findSecrets(haystack: Haystack, options: FinderOptions): Search {
  const { text, final } = haystack;
  const search: Search = { found: [], open: text.length, haystack };
  const sought = whatToSeek(haystack, options);
  if (sought.groups.length + sought.literals.length + sought.users.length === 0) return search;
  const levels = jsonLevels(text, final);
  const deepest = levels.at(-1)!;
  const decoded = unescapePercent(deepest, final);
  for (const view of levels) searchView(view, view === deepest, sought, search);
  if (decoded !== undefined) searchView(decoded, true, sought, search);
  search.found = search.found.filter(({ start }) => start < search.open);
  dropPlaceholders(text, search);
  return search;
}

const SIEVE = new Sieve();

/** In nearly all texts, neither a pattern nor a literal has anything to find or to wait for. */
export function whatToSeek({ text, from, final }: Haystack, { users, exact, literals }: FinderOptions): Sought {
  const known = literals();
  const all = { groups: GROUPS, literals: known, users, from };
  if (exact) return all;
  const doubts = SIEVE.doubtsFrom(text, from, final);
  if (mayHoldLiteral(known, text, from, final)) return all;
  if (doubts === undefined) return { groups: [], literals: [], users, from };
  return { ...all, from: doubts };
}

function jsonLevels(text: string, final: boolean): View[] {
  const levels = [rootView(text)];
  while (levels.length <= FINDER_LIMITS.depth) {
    const next = unescapeJson(levels.at(-1)!, final);
    if (next === undefined) break;
    levels.push(next);
  }
  return levels;
}

/** Tokens hold no character that is ever escaped, so that they are looked for in the deepest view alone. */
function searchView(view: View, deepest: boolean, sought: Sought, search: Search): void {
  const { from, final } = search.haystack;
  const start = viewPlace(view, from);
  const doubtful = viewPlace(view, sought.from);
  const groups = sought.groups.filter(({ plain }) => deepest || !plain);
  const literals = sought.literals.filter(({ fragile }) => deepest || fragile);
  const readable = sought.users.length === 0 ? view : utf8View(view, final);
  const readableStart = viewPlace(readable, from);
  for (const group of groups) runGroup(group, view, doubtful, search);
  for (const literal of literals) runLiteral(literal, view, start, search);
  for (const user of sought.users) runUser(user, readable, readableStart, search);
  if (final) return;
  if (view.parent !== undefined) holdFrom(search, view.parent, view.rest);
  if (readable !== view) holdFrom(search, view, readable.rest);
  for (const group of groups) holdPartial(group.partial, view, doubtful, search, true);
  for (const literal of literals) holdLiteral(literal, view, start, search);
  for (const user of sought.users) holdPartial(user.partial, readable, readableStart, search, false);
}

function runGroup(group: CompiledGroup, view: View, start: number, search: Search): void {
  // What this level shares with the one before was searched there; tokens are looked for here for the first time.
  const partly = !group.plain && view.parent?.parent !== undefined;
  const text = partly ? newText(view) : view.text;
  const open = group.gates.some((gate) => {
    gate.lastIndex = partly ? 0 : start;
    return gate.test(text);
  });
  if (open) for (const pattern of group.patterns) runPattern(pattern, view, start, search);
}

function runPattern({ pattern, whole }: CompiledPattern, view: View, start: number, search: Search): void {
  whole.lastIndex = start;
  for (let match = whole.exec(view.text); match !== null; match = whole.exec(view.text)) {
    const at = match.index + match[1]!.length;
    const value = pattern.quoted ? untilQuote(view, at, match[2]!) : match[2]!;
    if (value === '' || isDummy(value)) continue;
    addFound(view, at, at + value.length, kindOf(pattern, view.text, at), plainValue(value), search, {
      ...(pattern.bare && { quotes: view.depth }),
      ...(pattern.before !== undefined && { placed: true as const }),
    });
  }
}

/**
 * A quote that stands in the level above as it is ended the string there: with a backslash before it that was the end of an
 * escape, it only looks escaped.
 */
function untilQuote(view: View, at: number, value: string): string {
  if (view.parent === undefined) return value;
  for (let quote = value.indexOf('"'); quote >= 0; quote = value.indexOf('"', quote + 1)) {
    if (isCopied(view, at + quote)) return value.slice(0, quote);
  }
  return value;
}

function kindOf(pattern: SecretPattern, text: string, at: number): string {
  return (pattern.named && kindBefore(text.slice(Math.max(0, at - 160), at))) || pattern.kind;
}

function runLiteral(literal: Literal, view: View, start: number, search: Search): void {
  const { text } = view;
  const size = literal.text.length;
  for (let at = indexOfLiteral(literal, text, start); at >= 0; at = indexOfLiteral(literal, text, at + size)) {
    addFound(view, ...widenLiteral(literal, text, at, at + size), literal.kind, literal.value, search);
  }
}

function runUser({ whole }: UserRule, view: View, start: number, search: Search): void {
  whole.lastIndex = start;
  for (let match = whole.exec(view.text); match !== null; match = whole.exec(view.text)) {
    const end = addFound(view, match.index, whole.lastIndex, 'custom', toUtf8Latin1(match[0]), search);
    // What a clipped match swallowed is searched again.
    whole.lastIndex = Math.max(nextPlace(view.text, match.index), viewPlace(view, end));
  }
}

function holdFrom(search: Search, view: View, at: number): void {
  if (at < view.text.length) search.open = Math.min(search.open, rootStart(view, at));
}

function holdPartial(partial: RegExp, view: View, start: number, search: Search, overlapping: boolean): void {
  const from = Math.max(start, view.text.length - FINDER_LIMITS.open);
  holdFrom(search, view, findOpen(partial, view.text, from, overlapping));
}

function holdLiteral(literal: Literal, view: View, start: number, search: Search): void {
  const at = literalOpensAt(literal, view.text, start);
  if (at >= 0) holdFrom(search, view, at);
}

/** Notes a find and returns where it ends in the root text, once it is clipped to its string. */
function addFound(
  view: View,
  from: number,
  to: number,
  kind: string,
  value: string,
  search: Search,
  more: Partial<Found> = {},
): number {
  const start = rootStart(view, from);
  const end = rootEnd(view, to);
  if (to <= from) return end;
  search.ranges ??= search.haystack.strings?.();
  const { ranges } = search;
  const clipped =
    ranges === undefined || more.quotes !== undefined
      ? { start, end }
      : clipToString(search.haystack.text, ranges, start, end);
  if (clipped === undefined) return start + 1;
  const { text } = search.haystack;
  const whole = clipped.start === start && clipped.end === end;
  search.found.push({
    // What a base64 form or a number was widened by may have been decided before.
    start: Math.max(clipped.start, search.haystack.from),
    end: clipped.end,
    kind,
    value: whole ? value : plainValue(text.slice(clipped.start, clipped.end)),
    ...(clipped.bare && { quotes: 0 }),
    ...more,
  });
  return clipped.end;
}

/** A value cut out of a JSON string, without its escapes: so that it has one number however it is written. */
function plainValue(value: string): string {
  return value.includes('\\') ? (unescapeJson(rootView(value), true)?.text ?? value) : value;
}

/** A placeholder is never replaced again, whatever pattern fits it. */
function dropPlaceholders(text: string, search: Search): void {
  if (search.found.length === 0 || !PLACEHOLDER.test(text)) return;
  const places = [...text.matchAll(new RegExp(PLACEHOLDER, 'g'))].map((m) => [m.index, m.index + m[0].length] as const);
  search.found = search.found.filter(({ start, end }) => !places.some(([from, to]) => from <= start && end <= to));
}

function compileGroup({ flags, plain, gates, lead = '', patterns }: PatternGroup): CompiledGroup {
  const sources = patterns.map(({ before = '', value }) => `(${before})(${value})`);
  return {
    plain,
    gates: gates.map((gate) => new RegExp(gate, `${flags}g`)),
    patterns: patterns.map((pattern, i) => ({ pattern, whole: new RegExp(sources[i]!, `${flags}g`) })),
    partial: partialPattern(sources.join('|'), `${flags}g`, lead),
  };
}
