import { Buffer } from 'node:buffer';
import { plainBytes } from '../../util/bytes.ts';
import { corrupt, formatSize, tooLarge } from '../problems.ts';
import type { DecodeProblem } from '../types.ts';
import type { ZstdFrameFacts } from './facts.ts';
import { decompress } from './libzstd.ts';
import { ZstdMeter } from './meter.ts';
import { ZstdScanner } from './scanner.ts';
import type { ZstdWalk } from './walk.ts';
import { walkZstd } from './walk.ts';

export type ZstdResult =
  | { ok: true; bytes: Uint8Array; frames: ZstdFrameFacts[] }
  | { ok: false; problem: DecodeProblem; frames: ZstdFrameFacts[] };

/**
 * Decodes a whole zstd body to at most `limit` bytes. libzstd (in `@mongodb-js/zstd`) has no output limit, so it is
 * called only when the result is known to fit: by the headers, or else by adding up what each block
 * comes to (meter.ts). The bytes that are returned always come from libzstd, which verifies content sizes and checksums.
 */
export async function decodeZstd(bytes: Uint8Array, limit: number): Promise<ZstdResult> {
  const walk = walkZstd(bytes);
  const problem = walk.problem ?? judgeSize(bytes, walk, limit);
  if (problem !== undefined) return { ok: false, problem, frames: walk.frames };
  try {
    const decoded = await decompress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return { ok: true, bytes: plainBytes(decoded), frames: walk.frames };
  } catch (error) {
    return { ok: false, problem: describeRefusal(error), frames: walk.frames };
  }
}

function judgeSize(bytes: Uint8Array, walk: ZstdWalk, limit: number): DecodeProblem | undefined {
  const promised = walk.frames.reduce((sum, frame) => sum + (frame.contentSize ?? 0), 0);
  if (Math.max(walk.least, promised) > limit) return overLimit(limit);
  return walk.most > limit ? measure(bytes, limit) : undefined;
}

/** The bound was over the limit, the content need not be: adds up what the blocks really come to. */
function measure(bytes: Uint8Array, limit: number): DecodeProblem | undefined {
  const meter = new ZstdMeter();
  let size = 0;
  const scanner = new ZstdScanner({
    frame: (header) => meter.begin(header),
    block(header, block, offset) {
      const measured = meter.measure(header, block, offset);
      if (typeof measured !== 'number') return measured;
      size += measured;
      return size > limit ? overLimit(limit) : undefined;
    },
  });
  scanner.push(bytes);
  return scanner.problem;
}

export function overLimit(limit: number): DecodeProblem {
  return tooLarge('zstd', `the body decodes to more than ${formatSize(limit)}`);
}

/** libzstd says what is wrong, but not where. */
function describeRefusal(error: unknown): DecodeProblem {
  const text = error instanceof Error ? error.message.replace(/^zstd: /, '') : String(error);
  return corrupt('zstd', `the data is damaged (${text})`);
}
