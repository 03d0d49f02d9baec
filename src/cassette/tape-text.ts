import type { Buffer } from 'node:buffer';

/** All bits that a character of one byte may have. */
export const LATIN1 = 0xff;
/** Characters from which on the engine copies a text faster. */
const LONG = 128;
const WIDE = /[^\0-\xff]/;

/**
 * Writes a text one byte a character. The texts of a head are too short for it to pay to have the engine copy them.
 * @returns the bits that its characters have, all together: more than `LATIN1` where they do not fit
 */
export function writeLatin1(bytes: Buffer, text: string, at: number): number {
  const { length } = text;
  if (length > LONG) {
    bytes.write(text, at, 'latin1');
    return WIDE.test(text) ? LATIN1 + 1 : 0;
  }
  let all = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    bytes[at + i] = code;
    all |= code;
  }
  return all;
}
