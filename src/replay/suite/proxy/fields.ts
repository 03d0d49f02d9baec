import { headerPairs, headerValue } from '../../../util/headers.ts';
import type { RawHeaders } from '../../../util/types.ts';
import { showPair } from '../../difference.ts';
import type { TextDifference } from '../compare.ts';

type Field = [name: string, value: string];

/**
 * Compares the header fields of a message: names as they are written, values, order and duplicates.
 * @param skip names in lower case that say nothing here
 * @param vague names in lower case whose values say nothing here
 */
export function compareFields(
  recorded: RawHeaders,
  made: RawHeaders,
  skip: ReadonlySet<string>,
  vague: ReadonlySet<string> = NONE,
): TextDifference | undefined {
  const [expected, actual] = [fieldsOf(recorded, skip, vague), fieldsOf(made, skip, vague)];
  const at = expected.findIndex((field, i) => !isSame(field, actual[i]));
  const place = at < 0 ? expected.length : at;
  if (at < 0 && actual.length === expected.length) return undefined;
  return describe(expected[place], actual[place], recorded, made);
}

const NONE: ReadonlySet<string> = new Set();

/** What Tapedeck itself says of an exchange is worded by its version. */
const OWN = /^x-tapedeck-/i;

/** Fields of its own with what they say, however they are worded. */
const SAID: Readonly<Record<string, (value: string) => string>> = { 'x-tapedeck-losses': lossCounts };

function fieldsOf(raw: RawHeaders, skip: ReadonlySet<string>, vague: ReadonlySet<string>): Field[] {
  return headerPairs(raw)
    .filter(([name]) => !skip.has(name.toLowerCase()))
    .map(([name, value]) => [name, vague.has(name.toLowerCase()) ? '' : saidBy(name, value)]);
}

function saidBy(name: string, value: string): string {
  if (!OWN.test(name)) return value;
  return SAID[name.toLowerCase()]?.(value) ?? '';
}

/** A dictionary of integers (RFC 9651 section 3.2), in the order of its keys; where one is 0 it may as well be absent. */
function lossCounts(value: string): string {
  const members = value.split(',').map((member) => member.trim());
  return members
    .filter((member) => !/=0$/.test(member))
    .sort()
    .join(', ');
}

/** @param old the first field that differs; undefined: the other message has more @param now the one that stands there */
function describe(old: Field | undefined, now: Field | undefined, recorded: RawHeaders, made: RawHeaders) {
  if (old && now && old[0].toLowerCase() === now[0].toLowerCase()) {
    const what = old[0] === now[0] ? 'has another value' : `is written ${now[0]}`;
    return difference(`header ${old[0]} ${what}`, old, now);
  }
  if (old && headerValue(made, old[0]) === undefined) return difference(`header ${old[0]} is missing`, old, undefined);
  if (now && headerValue(recorded, now[0]) === undefined) {
    return difference(`header ${now[0]} is one too many`, undefined, now);
  }
  return difference(`header ${(old ?? now)![0]} stands in another place`, old, now);
}

function difference(message: string, old: Field | undefined, now: Field | undefined): TextDifference {
  const { recorded, live } = showPair(old?.join(': '), now?.join(': '));
  return { message, pointer: '', expected: recorded, actual: live, diff: [`- ${recorded}`, `+ ${live}`] };
}

function isSame(field: Field, other: Field | undefined): boolean {
  return field[0] === other?.[0] && field[1] === other[1];
}
