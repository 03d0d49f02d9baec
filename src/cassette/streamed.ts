import { Buffer } from 'node:buffer';
import type { LegName } from '../util/types.ts';

/** Media types whose reads are kept apart, with their times. */
const STREAM_TYPES: ReadonlySet<string> = new Set([
  'text/event-stream',
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/stream+json',
  'application/vnd.amazon.eventstream',
]);

/** Bytes that tell an event stream whose media type says something else. */
export const SNIFF_BYTES = 9;

const EVENT_STREAM_START = /^(?:\xef\xbb\xbf)?(?:event:|data:)/;

/** `text/event-stream` of `Text/Event-Stream; charset=utf-8`. */
export function essenceOf(mimeType: string): string {
  return (mimeType.split(';')[0] ?? '').trim().toLowerCase();
}

/**
 * Whether the reads of a body are kept apart (`_chunks`). That depends on what the body is and never on when it came, so
 * that two recordings of one session have the same form: responses of a streaming media type, and plain ones that begin
 * like an event stream whatever they are called (gateways lose the type).
 * @param first the first `SNIFF_BYTES` bytes of a plain body; empty for a coded one
 */
export function isStreamed(leg: LegName, mimeType: string, first: Uint8Array): boolean {
  if (leg !== 'upstream-response' && leg !== 'client-response') return false;
  // What most bodies begin with, and neither coded bytes nor events do.
  if (first[0] === BRACE) return isStreamType(mimeType);
  // Coded bytes whose header got lost are no text whatever their type says, and may hide a secret: they are kept whole.
  if (sniffCoding(first) !== undefined) return false;
  return isStreamType(mimeType) || EVENT_STREAM_START.test(latin1(first));
}

const BRACE = 0x7b;

function isStreamType(mimeType: string): boolean {
  // The type of nearly all of them, which needs no cutting up.
  return mimeType !== 'application/json' && STREAM_TYPES.has(essenceOf(mimeType));
}

/** Leading bytes of codings that have any: RFC 8878 section 3.1.1, RFC 1952 section 2.3.1, RFC 1950 section 2.2. */
const CODING_STARTS: readonly [coding: string, start: RegExp][] = [
  ['zstd', /^(?:\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)/],
  ['gzip', /^\x1f\x8b\x08/],
  ['deflate', /^\x78[\x01\x9c\xda]/],
];

/** Bytes that `sniffCoding` looks at. */
export const CODING_BYTES = 4;

/** The content coding that these bytes look like, although no header names one. */
export function sniffCoding(bytes: Uint8Array): string | undefined {
  if (bytes[0] === BRACE) return undefined;
  const start = latin1(bytes.subarray(0, CODING_BYTES));
  return CODING_STARTS.find(([, pattern]) => pattern.test(start))?.[0];
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
