import { Buffer } from 'node:buffer';
import { decompress } from '@mongodb-js/zstd';
import { plainBytes } from '../../util/bytes.ts';
import { LIMITS } from '../limits.ts';
import { corrupt, formatSize, tooLarge } from '../problems.ts';
import type { DecodeProblem } from '../types.ts';
import type { ZstdFrameFacts } from './facts.ts';
import { ZstdFrameDecoder } from './frame-decoder.ts';
import { ZstdScanner } from './scanner.ts';
import type { ZstdWalk } from './walk.ts';
import { walkZstd } from './walk.ts';

export type ZstdResult =
  | { ok: true; bytes: Uint8Array; frames: ZstdFrameFacts[] }
  | { ok: false; problem: DecodeProblem; frames: ZstdFrameFacts[] };

/**
 * Decodes a whole zstd body to at most `limit` bytes. libzstd (in `@mongodb-js/zstd`) has no output limit, so it is
 * called only when the result is known to fit: by the headers, or else by a first pass of fzstd that keeps nothing. The
 * bytes that are returned always come from libzstd, which verifies content sizes and checksums.
 */
export async function decodeZstd(bytes: Uint8Array, limit: number): Promise<ZstdResult> {
  const walk = walkZstd(bytes);
  const problem = walk.problem ?? judgeSize(bytes, walk, limit);
  if (problem !== undefined) return { ok: false, problem, frames: walk.frames };
  try {
    const decoded = await decompress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return { ok: true, bytes: plainBytes(decoded), frames: walk.frames };
  } catch (error) {
    return { ok: false, problem: describeDamage(error), frames: walk.frames };
  }
}

function judgeSize(bytes: Uint8Array, walk: ZstdWalk, limit: number): DecodeProblem | undefined {
  const promised = walk.frames.reduce((sum, frame) => sum + (frame.contentSize ?? 0), 0);
  if (Math.max(walk.least, promised) > limit) return overLimit(limit);
  return walk.most > limit ? measure(bytes, walk, limit) : undefined;
}

/** Decodes with fzstd, block by block, and counts: the bound was over the limit, the content need not be. */
function measure(bytes: Uint8Array, walk: ZstdWalk, limit: number): DecodeProblem | undefined {
  const work = walk.frames.reduce((sum, frame) => sum + ((frame.blocks ?? 0) + 1) * (frame.windowSize ?? 0), 0);
  if (work > LIMITS.zstdWork) return tooLarge('zstd', 'the body has too many small blocks to be decoded within limits');
  let decoder: ZstdFrameDecoder | undefined;
  let produced = 0;
  const scanner = new ZstdScanner({
    frame(header, headerBytes) {
      decoder = new ZstdFrameDecoder(header, headerBytes);
    },
    block(_header, block) {
      try {
        produced += decoder!.decode(block).length;
      } catch (error) {
        return describeDamage(error);
      }
      return produced > limit ? overLimit(limit) : undefined;
    },
  });
  scanner.push(bytes);
  return scanner.problem;
}

export function overLimit(limit: number): DecodeProblem {
  return tooLarge('zstd', `the body decodes to more than ${formatSize(limit)}`);
}

export function describeDamage(error: unknown, offset?: number): DecodeProblem {
  const text = error instanceof Error ? error.message.replace(/^zstd: /, '') : String(error);
  return corrupt('zstd', `the data is damaged (${text})`, offset);
}
