import type { DecodeProblem } from '../types.ts';
import type { ZstdFrameFacts } from './facts.ts';
import { ZstdScanner } from './scanner.ts';

/** What the headers of a zstd body say. */
export interface ZstdWalk {
  frames: ZstdFrameFacts[];
  /** What the body decodes to at least: the raw and RLE blocks. */
  least: number;
  /** What it can decode to at most: these, and every compressed block at its maximum. Content sizes are not trusted. */
  most: number;
  /** The first thing that is wrong; the frames before it, and what is known of the frame it is in, are listed. */
  problem?: DecodeProblem;
}

/**
 * Walks all frames of a zstd body (RFC 8878) by their frame and block headers; nothing is decompressed. Truncation at
 * any byte, bytes after the last frame, reserved types and bits, blocks over their maximum, a dictionary (400) and a
 * window over `LIMITS.zstdWindow` (413) are problems.
 */
export function walkZstd(bytes: Uint8Array): ZstdWalk {
  const scanner = new ZstdScanner();
  scanner.push(bytes);
  scanner.end();
  const { frames, least, most, problem } = scanner;
  return { frames, least, most, ...(problem === undefined ? {} : { problem }) };
}
