import { ELIDED, elidedText } from '../../cassette/elide.ts';
import { offsetOfPointer, parseJson } from '../../decode/json.ts';
import { parseSse } from '../../decode/sse.ts';
import type { SseEvent } from '../../decode/types.ts';
import { toUtf8 } from '../../util/bytes.ts';
import { showPair } from '../difference.ts';
import { unnumber } from '../placeholders.ts';
import { differencesOf, type ValueDifference } from './json-difference.ts';

/** How a text that was made anew differs from the one that it should be. */
export interface TextDifference {
  message: string;
  pointer: string;
  event?: number;
  offset?: number;
  expected?: string;
  actual?: string;
  diff?: string[];
}

export type Comparison =
  | { how: 'equal' }
  | { how: 'different'; difference: TextDifference }
  /** What differs was redacted or elided, so nobody knows whether it was equal. */
  | { how: 'unknowable'; reason: string };

/** Lines of a diff that are shown. */
const SHOWN = 6;

/** What stands for a value that the cassette does not hold. */
const PLACEHOLDER = /\[(?:redacted|elided):/;

/**
 * Compares a JSON document, or whatever text, with the one that was recorded. Placeholders of redaction count as equal when their kinds are;
 * where both texts differ in nothing but places that hold a placeholder, they cannot be compared.
 */
export function compareDocuments(recorded: string, made: string): Comparison {
  const [expected, actual] = [unnumber(recorded), unnumber(made)];
  if (expected === actual) return { how: 'equal' };
  const [old, now] = [parseJson(expected), parseJson(actual)];
  if (!old.ok || !now.ok) return { how: 'different', difference: describeTexts(expected, actual) };
  const all = differencesOf(old.value, now.value);
  if (all.length > 0 && all.every(isElision)) return { how: 'equal' };
  if (all.length === 0) {
    const difference = describeTexts(expected, actual);
    return {
      how: 'different',
      difference: { ...difference, message: `the same JSON, written in another way at byte ${difference.offset}` },
    };
  }
  const known = all.filter((one) => !isUnknowable(one));
  if (known.length === 0) return { how: 'unknowable', reason: unknowableReason(all) };
  const [first] = known as [ValueDifference];
  const place = first.pointer || 'the whole';
  const more = known.length > 1 ? ` and ${known.length - 1} more` : '';
  return {
    how: 'different',
    difference: {
      message: `differs at ${place}${more}`,
      pointer: first.pointer,
      ...placeOf(recorded, first.pointer),
      ...shown(first),
      diff: known
        .slice(0, SHOWN)
        .flatMap(diffLines)
        .concat(restLine(known.length - SHOWN)),
    },
  };
}

/** Compares two event streams, event by event. */
export function compareStreams(recorded: string, made: string): Comparison {
  const [expected, actual] = [unnumber(recorded), unnumber(made)];
  if (expected === actual) return { how: 'equal' };
  const [old, now] = [parseSse(toUtf8(expected)), parseSse(toUtf8(actual))];
  const at = old.events.findIndex((event, i) => isKnownToDiffer(event, now.events[i]));
  const index = at < 0 ? old.events.length : at;
  if (at < 0 && old.events.length === now.events.length) {
    const judged = judgePlaceholders(old.events, now.events);
    if (judged) return judged;
    const difference = describeTexts(expected, actual);
    const message = `the same events, framed in another way from byte ${difference.offset} on`;
    return { how: 'different', difference: { ...difference, message } };
  }
  const place = old.events[index];
  return {
    how: 'different',
    difference: {
      ...describeEvents(index, place, now.events[index]),
      event: index,
      // In the recording as it is, whose placeholders have numbers.
      offset: parseSse(toUtf8(recorded)).events[index]?.start ?? toUtf8(recorded).length,
      diff: eventDiff(old.events, now.events, index),
    },
  };
}

function describeEvents(index: number, old: SseEvent | undefined, now: SseEvent | undefined): TextDifference {
  const number = index + 1;
  if (!now) {
    return { message: `event ${number} (${nameOf(old!)}) is missing`, pointer: '', ...shownData(old?.data, undefined) };
  }
  if (!old) {
    return {
      message: `event ${number} (${nameOf(now)}) is one too many`,
      pointer: '',
      ...shownData(undefined, now.data),
    };
  }
  if (nameOf(old) !== nameOf(now)) {
    const message = `event ${number} is ${nameOf(now)} and should be ${nameOf(old)}`;
    return { message, pointer: '', ...shownData(old.data, now.data) };
  }
  const first = dataDifferences(old, now).find((one) => !isUnknowable(one));
  const where = first?.pointer ? ` at ${first.pointer}` : '';
  return {
    message: `event ${number} (${nameOf(old)}) differs${where}`,
    pointer: first?.pointer ?? '',
    ...(first ? shown(first) : shownData(old.data, now.data)),
  };
}

function sameEvent(a: SseEvent, b: SseEvent | undefined): boolean {
  return b !== undefined && a.event === b.event && a.data === b.data && a.id === b.id;
}

/** What people call an event: its name, or the type in its data. */
export function nameOf({ event, data }: Pick<SseEvent, 'event' | 'data'>): string {
  if (event !== undefined) return event;
  const parsed = parseJson(data);
  const type = parsed.ok ? ((parsed.value as { type?: unknown } | null)?.type ?? undefined) : undefined;
  if (typeof type === 'string') return type;
  return data.length < 16 ? data : 'chunk';
}

/** Whether two events differ in more than what was redacted or elided. */
function isKnownToDiffer(event: SseEvent, other: SseEvent | undefined): boolean {
  if (sameEvent(event, other)) return false;
  if (!other || event.event !== other.event || event.id !== other.id) return true;
  const all = dataDifferences(event, other);
  return all.length === 0 || !all.every(isUnknowable);
}

/** None where the data is no JSON, or the same written in another way. */
function dataDifferences(event: SseEvent, other: SseEvent): ValueDifference[] {
  const [a, b] = [parseJson(event.data), parseJson(other.data)];
  return a.ok && b.ok ? differencesOf(a.value, b.value) : [];
}

/** Of streams in which nothing but what was redacted or elided differs; undefined: not even that does. */
function judgePlaceholders(old: readonly SseEvent[], now: readonly SseEvent[]): Comparison | undefined {
  const vague = old.flatMap((event, i) =>
    sameEvent(event, now[i]) ? [] : [{ number: i + 1, all: dataDifferences(event, now[i]!) }],
  );
  if (vague.length === 0) return undefined;
  const first = vague.find(({ all }) => !all.every(isElision));
  if (!first) return { how: 'equal' };
  return { how: 'unknowable', reason: `${unknowableReason(first.all)}, event ${first.number}` };
}

function isUnknowable({ expected, actual }: ValueDifference): boolean {
  return [expected, actual].some((value) => typeof value === 'string' && PLACEHOLDER.test(value));
}

/** One is the elision of the other, as their hash says. */
function isElision({ expected, actual }: ValueDifference): boolean {
  if (typeof expected !== 'string' || typeof actual !== 'string') return false;
  return ELIDED.test(expected)
    ? expected === elidedText(actual)
    : ELIDED.test(actual) && actual === elidedText(expected);
}

function unknowableReason(differences: readonly ValueDifference[]): string {
  const first = differences.find((one) => !isElision(one));
  return `redaction or elision left other texts on the two sides at ${first?.pointer || 'the whole'}`;
}

/** Events from the first that differs to the last, `-` recorded and `+` made. */
function eventDiff(old: readonly SseEvent[], now: readonly SseEvent[], from: number): string[] {
  let same = 0;
  const most = Math.min(old.length, now.length) - from;
  while (same < most && sameEvent(old[old.length - 1 - same]!, now[now.length - 1 - same])) same += 1;
  const removed = old.slice(from, old.length - same);
  const added = now.slice(from, now.length - same);
  const lines: string[] = [];
  if (from > 0) lines.push(`  ${from}: ${lineOf(old[from - 1]!)}`);
  for (let i = 0; i < Math.min(SHOWN, Math.max(removed.length, added.length)); i++) {
    const [a, b] = [removed[i], added[i]];
    const pair = showPair(a && textOf(a), b && textOf(b));
    if (a) lines.push(`- ${from + i + 1}: ${unquote(pair.recorded)}`);
    if (b) lines.push(`+ ${from + i + 1}: ${unquote(pair.live)}`);
  }
  lines.push(...restLine(Math.max(removed.length, added.length) - SHOWN));
  return lines;
}

function textOf(event: SseEvent): string {
  return `${nameOf(event)} ${event.data}`;
}

function lineOf(event: SseEvent): string {
  const text = textOf(event);
  return text.length > 90 ? `${text.slice(0, 90)}…` : text;
}

/** The quotes that `showPair` puts around a text say nothing in a diff. */
function unquote(text: string): string {
  return text.replace(/^(…?)"(.*)"(…?)$/s, (_, before: string, inner: string, after: string) => {
    return before + inner.replaceAll('\\"', '"') + after;
  });
}

function diffLines(one: ValueDifference): string[] {
  const { expected, actual } = shown(one);
  return [`- ${one.pointer || '/'}: ${expected}`, `+ ${one.pointer || '/'}: ${actual}`];
}

function restLine(more: number): string[] {
  return more > 0 ? [`  … and ${more} more`] : [];
}

function shown({ expected, actual }: ValueDifference): { expected: string; actual: string } {
  const pair = showPair(expected, actual);
  return { expected: pair.recorded, actual: pair.live };
}

function shownData(expected: string | undefined, actual: string | undefined): { expected: string; actual: string } {
  return shown({ pointer: '', expected, actual });
}

function describeTexts(expected: string, actual: string): TextDifference & { offset: number } {
  const offset = firstDifferentByte(expected, actual);
  const pair = shownData(expected, actual);
  const diff = [`- ${pair.expected}`, `+ ${pair.actual}`];
  return { message: `differs from byte ${offset} on`, pointer: '', offset, ...pair, diff };
}

/** Where the value stands in the recorded text; nowhere when only the other one has it. */
function placeOf(recorded: string, pointer: string): { offset?: number } {
  const at = offsetOfPointer(recorded, pointer);
  return at === undefined ? {} : { offset: Buffer.byteLength(recorded.slice(0, at)) };
}

function firstDifferentByte(expected: string, actual: string): number {
  let at = 0;
  while (at < expected.length && expected[at] === actual[at]) at += 1;
  return Buffer.byteLength(expected.slice(0, at));
}
