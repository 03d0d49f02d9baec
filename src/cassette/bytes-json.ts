import { Buffer } from 'node:buffer';
import { fromUtf8, isUtf8 } from '../util/bytes.ts';
import type { Chunk } from './format.ts';

/** Base64 of bytes, with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

export function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}

/** A read as a cassette has it: text where it is whole UTF-8, else base64. */
export function toChunk(ms: number, bytes: Uint8Array): Chunk {
  return [roundMs(ms), isUtf8(bytes) ? fromUtf8(bytes) : { base64: toBase64(bytes) }];
}

/**
 * The records of a journal are put together as text of which each character is one byte of their UTF-8: most of it comes as
 * bytes and goes as bytes, and text of such characters costs the least on the way.
 */
export function jsonBytes(value: unknown): string {
  return oneByte(JSON.stringify(value));
}

/** The UTF-8 of a text, one character a byte. */
export function oneByte(text: string): string {
  return NOT_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

const NOT_ASCII = /[^\0-\x7f]/;

/** The bytes of a read. */
export function chunkBytes([, data]: Chunk): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : fromBase64(data.base64);
}

/** Milliseconds to one decimal, never negative. */
export function roundMs(ms: number): number {
  return ms > 0 ? Math.round(ms * 10) / 10 : 0;
}

/** Milliseconds to the microsecond, never negative, as JSON: printing all the digits that a clock has costs several times as much. */
export function msJson(ms: number): string {
  const micros = ms > 0 ? Math.round(ms * 1000) : 0;
  const whole = Math.floor(micros / 1000);
  const rest = micros - whole * 1000;
  return rest === 0 ? `${whole}` : `${whole}.${THOUSANDTHS[rest]}`;
}

const THOUSANDTHS: readonly string[] = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'));

/** A text that is most often made of word signs alone, as JSON, one character a byte. */
export function wordJson(text: string): string {
  return PLAIN_WORD.test(text) ? `"${text}"` : jsonBytes(text);
}

const PLAIN_WORD = /^[\w.-]*$/;
