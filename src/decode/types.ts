import type { ErrorCode } from '../errors.ts';
import type { ZstdFrameFacts } from './zstd/facts.ts';

/** Sizes beyond which a body is refused; the numbers and reasons are in decode/limits.ts. */
export interface DecodeLimits {
  /** Coded bytes accepted. */
  coded: number;
  /** Decoded bytes produced at most. */
  decoded: number;
}

export interface DecodeProblem {
  code: Extract<ErrorCode, 'coding-unknown' | 'coding-corrupt' | 'body-too-large'>;
  /** HTTP status this is answered with: 415, 400 or 413. */
  status: number;
  /** For people; names the coding and the byte offset where there is one. */
  message: string;
  coding: string;
  offset?: number;
}

export type DecodeResult =
  | { ok: true; bytes: Uint8Array; encodings: string[]; zstd?: ZstdFrameFacts[] }
  | { ok: false; problem: DecodeProblem; encodings: string[]; zstd?: ZstdFrameFacts[] };

/** One event of an SSE stream with the place it stood at. */
export interface SseEvent {
  /** Value of the last `event:` line; undefined when there was none. */
  event: string | undefined;
  /** `data:` lines joined with a line feed. */
  data: string;
  /** Value of the last `id:` line. */
  id: string | undefined;
  /** Byte offset of the event's first line, and one past its blank line, in the stream. */
  start: number;
  end: number;
}
