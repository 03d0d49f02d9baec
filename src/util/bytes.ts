import { Buffer, isUtf8 as nodeIsUtf8 } from 'node:buffer';

const encoder = new TextEncoder();

/** The bytes of `list` one after the other; a single part is returned as it is, not copied. */
export function concatBytes(list: readonly Uint8Array[]): Uint8Array {
  if (list.length === 1) return list[0]!;
  let length = 0;
  for (const part of list) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of list) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether `bytes` are well-formed UTF-8 from the first byte to the last; true when there are none. */
export function isUtf8(bytes: Uint8Array): boolean {
  return nodeIsUtf8(bytes);
}

/** UTF-8 of `text`. A lone surrogate has none and becomes U+FFFD. */
export function toUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Whether no surrogate stands alone in `text`, so that it comes back unchanged from UTF-8. */
export function isWellFormed(text: string): boolean {
  // ES2024, and in every Node that we run on.
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** Bytes that `text` has in UTF-8. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * Text of UTF-8 bytes. A byte order mark is kept, so that well-formed bytes come back unchanged from `toUtf8`; what is
 * not UTF-8 becomes U+FFFD by the rules of the WHATWG Encoding standard.
 */
export function fromUtf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The same memory as a plain Uint8Array: `slice` of a node Buffer shares memory where that of a Uint8Array copies. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
