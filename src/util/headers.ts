import type { RawHeaders } from './types.ts';

/** Name and value of each header line, in order, case and duplicates kept. */
export function headerPairs(raw: RawHeaders): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i]!, raw[i + 1]!]);
  return pairs;
}

/** Values of every line of that name (any case), in order; empty when there is none. */
export function headerValues(raw: RawHeaders, name: string): string[] {
  const wanted = name.toLowerCase();
  const values: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (isNamed(raw[i]!, wanted)) values.push(raw[i + 1]!);
  }
  return values;
}

/** Names are compared by length first: most lines differ there, and this runs for every request. @param wanted in lower case */
function isNamed(name: string, wanted: string): boolean {
  return name.length === wanted.length && name.toLowerCase() === wanted;
}

/**
 * Value of a header; several lines of one name are joined with `, ` as RFC 9110 section 5.3 allows.
 * `set-cookie` cannot be joined (same section): ask `headerValues` for it.
 */
export function headerValue(raw: RawHeaders, name: string): string | undefined {
  const wanted = name.toLowerCase();
  let value: string | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (!isNamed(raw[i]!, wanted)) continue;
    value = value === undefined ? raw[i + 1] : `${value}, ${raw[i + 1]}`;
  }
  return value;
}

/**
 * A reason phrase or field value that node writes: RFC 9112 section 4 and RFC 9110 section 5.5 allow blanks, visible
 * characters and the upper half of latin1. What else servers send, or people write into cassettes, must not cost the answer.
 */
export function headText(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}

/** An interim response (RFC 9110 section 15.2) as HTTP/1.1 writes it, one character a byte. */
export function interimText(status: number, statusText: string, headers: RawHeaders): string {
  const fields = headerPairs(headers).map(([name, value]) => `${headText(name)}: ${headText(value)}\r\n`);
  return `HTTP/1.1 ${status} ${headText(statusText)}\r\n${fields.join('')}\r\n`;
}

/** The form that HAR 1.2 has for headers. */
export function toHarHeaders(raw: RawHeaders): { name: string; value: string }[] {
  return headerPairs(raw).map(([name, value]) => ({ name, value }));
}

/** The way back from `toHarHeaders`. */
export function fromHarHeaders(list: readonly { name: string; value: string }[]): string[] {
  const raw: string[] = [];
  for (const { name, value } of list) raw.push(name, value);
  return raw;
}

/** `headerValue` of the form that HAR 1.2 has. */
export function harHeaderValue(list: readonly { name: string; value: string }[], name: string): string | undefined {
  const wanted = name.toLowerCase();
  let found: string | undefined;
  for (const { name, value } of list) {
    if (isNamed(name, wanted)) found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

/** The first line of a head as HTTP/1.1 writes it, and its fields: names and values in turns, without the blanks before a value. */
export function splitHead(text: string): { line: string; fields: string[] } {
  const fields: string[] = [];
  const first = lineEnd(text, 0);
  for (let at = first + 2; at < text.length; ) {
    const end = lineEnd(text, at);
    const colon = text.indexOf(':', at);
    if (colon > at && colon < end) fields.push(text.slice(at, colon), fieldValue(text, colon + 1, end));
    at = end + 2;
  }
  return { line: text.slice(0, first), fields };
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\r\n', from);
  return end < 0 ? text.length : end;
}

/** Nearly always behind one blank, which is passed over without making a text of it. */
function fieldValue(text: string, from: number, end: number): string {
  return text.slice(text.charCodeAt(from) === BLANK ? from + 1 : from, end).trimStart();
}

const BLANK = 0x20;
