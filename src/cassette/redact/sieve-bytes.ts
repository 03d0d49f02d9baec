import { BYTE, BYTES } from './sieve-tables.ts';

/** What the sieve asks about single places of a text's bytes. Behind the text there are zeros. */

export const ASCII = {
  blank: 0x20,
  quote: 0x22,
  percent: 0x25,
  ampersand: 0x26,
  plus: 0x2b,
  comma: 0x2c,
  hyphen: 0x2d,
  slash: 0x2f,
  colon: 0x3a,
  question: 0x3f,
  at: 0x40,
  B: 0x42,
  bracket: 0x5b,
  backslash: 0x5c,
  n: 0x6e,
  r: 0x72,
  t: 0x74,
  u: 0x75,
} as const;

/** Whether a word may begin at `at`: behind anything but a letter or digit, unless these end an escape. */
export function isBorder(bytes: Uint8Array, at: number): boolean {
  if (at === 0 || (BYTES[bytes[at - 1]!]! & BYTE.word) === 0) return true;
  return (at > 1 && bytes[at - 2] === ASCII.backslash) || endsCode(bytes, at - 1);
}

/** Whether the byte may be the last one of `\u0020` or `%20`. */
export function endsCode(bytes: Uint8Array, at: number): boolean {
  if (at < 2) return false;
  return bytes[at - 2] === ASCII.percent || (at > 4 && bytes[at - 5] === ASCII.backslash && bytes[at - 4] === ASCII.u);
}

/** A letter or digit that no escape ends in. */
export function isPlain(bytes: Uint8Array, at: number): boolean {
  return at > 0 && (BYTES[bytes[at]!]! & BYTE.word) !== 0 && bytes[at - 1] !== ASCII.backslash;
}

/** Back over what may stand between a name and its sign, however it is escaped, but for codes. */
export function skipBack(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at >= 0 && ((BYTES[bytes[at]!]! & BYTE.filler) !== 0 || endsBlank(bytes, at))) at--;
  return at;
}

/** The letter of `\n`, `\r` or `\t`. */
export function endsBlank(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at]!;
  return (byte === ASCII.n || byte === ASCII.r || byte === ASCII.t) && at > 0 && bytes[at - 1] === ASCII.backslash;
}

/** Whether a code begins at `at`, `\u` or `%`, that stands for something that must be seen decoded. */
export function isTellingCode(bytes: Uint8Array, at: number): boolean {
  if (at < 0) return false;
  if (bytes[at] === ASCII.percent) return isTelling(readHex(bytes, at + 1, 2));
  return bytes[at] === ASCII.backslash && bytes[at + 1] === ASCII.u && isTelling(readHex(bytes, at + 2, 4));
}

/** Whether one begins before `until`: the names and borders behind it may be made of what it stands for. */
export function holdsTellingCode(bytes: Uint8Array, text: string, until: number): boolean {
  for (const sign of ['\\', '%']) {
    for (let at = text.indexOf(sign); at >= 0 && at < until; at = text.indexOf(sign, at + 1)) {
      if (isTellingCode(bytes, at)) return true;
    }
  }
  return false;
}

function isTelling(code: number): boolean {
  return code >= 0 && code < 128 && (BYTES[code]! & BYTE.telling) !== 0;
}

/** A number of so many hexadecimal digits; -1 where there are fewer. */
function readHex(bytes: Uint8Array, from: number, digits: number): number {
  let value = 0;
  for (let at = from; at < from + digits; at++) {
    const byte = bytes[at]!;
    if ((BYTES[byte]! & BYTE.hex) === 0) return -1;
    value = value * 16 + (byte <= 0x39 ? byte - 0x30 : (byte & 0x0f) + 9);
  }
  return value;
}

/** Longest unit of an escape: a surrogate pair. */
const LONGEST_CODE = 12;

/** Whether the text of this length may end within a code or escape. */
export function endsWithinCode(bytes: Uint8Array, length: number): boolean {
  if (bytes[length - 1] === ASCII.percent || bytes[length - 2] === ASCII.percent) return true;
  for (let at = length - 1; at >= 0 && at >= length - LONGEST_CODE; at--) {
    if (bytes[at] === ASCII.backslash) return at === length - 1 || bytes[at + 1] === ASCII.u;
  }
  return false;
}

/** Whether an escape that begins with the backslash at `at` may stand for a byte of a word: `\/`, in one level or a deeper one. */
export function mayGoOn(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + 1];
  return next === 0 || next === ASCII.slash || next === ASCII.backslash || next === ASCII.u;
}
