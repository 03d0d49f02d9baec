/**
 * What the three stream grammars share. A grammar is a table of rules and a function that walks the events of one stream
 * and says which rules they break; how bad that is under which profile stands in the table.
 */
export interface GrammarRule {
  /** Specification section, SDK or Codex version that the rule comes from. */
  source: string;
  /** By profile; a profile that is not named does not know the rule. */
  severity: { strict?: Severity; tolerant?: Severity; codex?: Severity };
}

export type Severity = 'error' | 'warning';

/** An event of a stream as a grammar sees it. */
export interface GrammarEvent {
  /** Value of the `event:` line. */
  name: string | undefined;
  data: string;
  /** What the data says, where somebody has parsed it already. */
  value?: unknown;
}

/** What the data of an event says; undefined when it is not JSON. */
export function dataValue(event: GrammarEvent): unknown {
  return 'value' in event ? event.value : parseData(event.data);
}

/** How the bytes ended: as HTTP says, or broken off. */
export type StreamEnd = 'complete' | 'truncated';

export interface Violation<Rule extends string = string> {
  rule: Rule;
  /** Index of the event; for what is missing at the end, that of the last one (-1 when there is none). */
  event: number;
  message: string;
  /** Within the event's data. */
  pointer?: string;
  value?: unknown;
}

export interface Grammar {
  /** By id without the `grammar.<protocol>.` in front. */
  rules: Readonly<Record<string, GrammarRule>>;
  check(events: readonly GrammarEvent[], end: StreamEnd): Violation[];
}

export type JsonObject = Record<string, unknown>;

/** The value as an object; undefined for anything else. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Parses an event's data; undefined when it is not JSON. */
export function parseData(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return undefined;
  }
}

/** `text` cut for a message. */
export function quote(text: string, chars = 60): string {
  return JSON.stringify(text.length > chars ? `${text.slice(0, chars)}…` : text);
}

/** Where two texts part, said for people. */
export function describeDifference(expected: string, actual: string): string {
  let at = 0;
  while (at < expected.length && at < actual.length && expected[at] === actual[at]) at += 1;
  if (at === expected.length) return `it has ${actual.length - at} characters more: ${quote(actual.slice(at))}`;
  if (at === actual.length) return `it lacks the last ${expected.length - at} characters: ${quote(expected.slice(at))}`;
  return `they part at character ${at}: ${quote(expected.slice(at), 20)} against ${quote(actual.slice(at), 20)}`;
}
