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
    // Names are compared by length first: most lines differ there, and this runs for every request.
    if (raw[i]!.length === wanted.length && raw[i]!.toLowerCase() === wanted) values.push(raw[i + 1]!);
  }
  return values;
}

/**
 * Value of a header; several lines of one name are joined with `, ` as RFC 9110 section 5.3 allows.
 * `set-cookie` cannot be joined (same section): ask `headerValues` for it.
 */
export function headerValue(raw: RawHeaders, name: string): string | undefined {
  const values = headerValues(raw, name);
  return values.length === 0 ? undefined : values.join(', ');
}

/**
 * A reason phrase or field value that node writes: RFC 9112 section 4 and RFC 9110 section 5.5 allow blanks, visible
 * characters and the upper half of latin1. What else servers send, or people write into cassettes, must not cost the answer.
 */
export function headText(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');
}

/** The form that HAR 1.2 has for headers. */
export function toHarHeaders(raw: RawHeaders): { name: string; value: string }[] {
  return headerPairs(raw).map(([name, value]) => ({ name, value }));
}

/** The way back from `toHarHeaders`. */
export function fromHarHeaders(list: readonly { name: string; value: string }[]): string[] {
  return list.flatMap(({ name, value }) => [name, value]);
}
