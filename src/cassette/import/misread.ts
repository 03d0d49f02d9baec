import { Buffer } from 'node:buffer';
import { isUtf8 } from '../../util/bytes.ts';

/** What windows-1252 has from 0x80 to 0x9f; the five bytes without a character are the controls of the same number (WHATWG Encoding). */
const FROM_0X80 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/**
 * The bytes of a text that a program made out of UTF-8 by reading it as another encoding, event streams without a charset above all:
 * mitmproxy takes latin1 (`Ã©` for `é`), Chromium's developer tools windows-1252 (`ÃŸ` for `ß`). The length tells which.
 * @param lengths that the program says the bytes have @returns undefined when it is none of these
 */
export function undoMisreading(text: string, lengths: readonly number[]): Uint8Array | undefined {
  for (const encode of [asLatin1, asWindows1252]) {
    const bytes = encode(text);
    if (bytes && lengths.includes(bytes.length) && isUtf8(bytes)) return bytes;
  }
  return undefined;
}

function asLatin1(text: string): Uint8Array | undefined {
  return /^[\0-\xff]*$/.test(text) ? Buffer.from(text, 'latin1') : undefined;
}

function asWindows1252(text: string): Uint8Array | undefined {
  const bytes = Buffer.alloc(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const high = code < 0x80 || (code >= 0xa0 && code <= 0xff) ? -1 : FROM_0X80.indexOf(text[i]!);
    if (high < 0 && code > 0xff) return undefined;
    bytes[i] = high < 0 ? code : 0x80 + high;
  }
  return bytes;
}
