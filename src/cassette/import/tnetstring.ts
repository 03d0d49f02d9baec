import type { Buffer } from 'node:buffer';

/** What a typed netstring can hold; bytes stay bytes, and lists and dictionaries may hold any of them. */
export type Tnetstring = null | boolean | number | string | Buffer | Tnetstring[] | { [key: string]: Tnetstring };

/** One value and where the next one begins. */
interface Read {
  value: Tnetstring;
  next: number;
}

/** 12 digits, as mitmproxy allows. */
const LONGEST_LENGTH = 12;
/** Flows nest four levels deep. */
const DEEPEST = 64;

const READERS: Readonly<Record<string, (data: Buffer, depth: number) => Tnetstring>> = {
  ',': (data) => data,
  ';': (data) => data.toString('utf8'),
  '#': (data) => numberOf(data),
  '^': (data) => numberOf(data),
  '!': (data) => data.toString('latin1') === 'true',
  '~': () => null,
  ']': (data, depth) => [...valuesOf(data, depth + 1)],
  '}': (data, depth) => dictionaryOf([...valuesOf(data, depth + 1)]),
};

/**
 * The values of a file of typed netstrings (`LENGTH:DATA` and one character for the type; `;` is mitmproxy's own type for
 * text), one after the other. @throws Error that says at which byte it is none
 */
export function* readTnetstrings(bytes: Buffer): Generator<Tnetstring> {
  yield* valuesOf(bytes, 0);
}

function* valuesOf(bytes: Buffer, depth: number): Generator<Tnetstring> {
  if (depth > DEEPEST) throw new Error(`lists nest more than ${DEEPEST} levels deep`);
  for (let at = 0; at < bytes.length; ) {
    const { value, next } = readValue(bytes, at, depth);
    yield value;
    at = next;
  }
}

function readValue(bytes: Buffer, at: number, depth: number): Read {
  const colon = bytes.subarray(at, at + LONGEST_LENGTH + 1).indexOf(0x3a);
  const digits = bytes.toString('latin1', at, at + Math.max(colon, 0));
  if (!/^\d+$/.test(digits)) throw new Error(`there is no length at byte ${at}`);
  const start = at + colon + 1;
  const end = start + Number(digits);
  if (end >= bytes.length) throw new Error(`it ends within the value at byte ${at}`);
  const tag = String.fromCharCode(bytes[end]!);
  const read = READERS[tag];
  if (!read) throw new Error(`the value at byte ${at} has the unknown type ${JSON.stringify(tag)}`);
  return { value: read(bytes.subarray(start, end), depth), next: end + 1 };
}

function numberOf(data: Buffer): number {
  const value = Number(data.toString('latin1'));
  if (Number.isNaN(value)) throw new Error('a number is none');
  return value;
}

function dictionaryOf(values: Tnetstring[]): { [key: string]: Tnetstring } {
  const pairs: [string, Tnetstring][] = [];
  for (let i = 0; i + 1 < values.length; i += 2) pairs.push([String(values[i]), values[i + 1]!]);
  return Object.fromEntries(pairs);
}
