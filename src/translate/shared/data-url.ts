import { Buffer } from 'node:buffer';

/** The content of a data URL (RFC 2397). */
export interface DataUrl {
  /** Lower case, without parameters; `text/plain` when the URL says none. */
  mediaType: string;
  /** Standard base64 of the bytes. */
  base64: string;
}

/** The scheme has no case (RFC 3986 section 3.1); parameters stand between the type and the comma. */
const HEAD = /^data:([^;,]*)((?:;[^;,]*)*),/i;

/** Reads a data URL; undefined when the text is none. Data that is not base64 is percent-encoded, and becomes base64. */
export function parseDataUrl(url: string): DataUrl | undefined {
  // The head is short: a regular expression over megabytes of base64 would only cost time.
  const head = HEAD.exec(url.slice(0, 512));
  if (!head) return undefined;
  const mediaType = head[1]!.trim().toLowerCase() || 'text/plain';
  const data = url.slice(head[0].length);
  if (/;\s*base64\s*$/i.test(head[2]!)) return { mediaType, base64: data };
  return { mediaType, base64: percentDecode(data).toString('base64') };
}

export function toDataUrl(mediaType: string, base64: string): string {
  return `data:${mediaType};base64,${base64}`;
}

/** The text of base64 bytes. */
export function textOfBase64(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** A `%` that begins no escape stands for itself, as browsers have it. */
function percentDecode(text: string): Buffer {
  const bytes = Buffer.from(text);
  const out = Buffer.alloc(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const digits = bytes[i] === 0x25 ? /[0-9a-f]{2}/i.exec(bytes.toString('latin1', i, i + 3))?.[0] : undefined;
    out[length] = digits === undefined ? bytes[i]! : Number.parseInt(digits, 16);
    if (digits !== undefined) i += 2;
    length += 1;
  }
  return out.subarray(0, length);
}
