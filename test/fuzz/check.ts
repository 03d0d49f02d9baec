import { createBodyDecoder, decodeBody } from '../../src/decode/body.ts';
import type { DecodeLimits, DecodeProblem } from '../../src/decode/types.ts';
import { walkZstd } from '../../src/decode/zstd/walk.ts';
import { concatBytes } from '../../src/util/bytes.ts';

/** Small, so that the way around the limit is fuzzed as well: the bound of one compressed block is over it. */
export const FUZZ_LIMITS: DecodeLimits = { coded: 65_536, decoded: 100_000 };

const STATUSES = { 'coding-corrupt': 400, 'body-too-large': 413, 'coding-unknown': 415 } as const;

/**
 * Decodes one input in every way and returns what came of it, in a word or two for counting.
 * @throws Error for anything that must not be: a rejection, too many bytes, a wrong status, two ways that differ.
 */
export async function checkInput(bytes: Uint8Array, coding: string, pieceSize: number): Promise<string> {
  const whole = await decodeBody(bytes, coding, FUZZ_LIMITS);
  const streamed = await decodePieces(bytes, coding, pieceSize);
  if (!whole.ok) judgeProblem(whole.problem);
  if (streamed.problem !== undefined) judgeProblem(streamed.problem);
  demand(!whole.ok || whole.bytes.length <= FUZZ_LIMITS.decoded, 'the whole is over the limit');
  demand(streamed.bytes.length <= FUZZ_LIMITS.decoded, 'the stream is over the limit');
  if (coding === 'zstd') judgeWalk(bytes, whole.ok);
  if (!whole.ok) {
    demand(streamed.problem !== undefined, 'the stream takes what the whole refuses');
    return String(whole.problem.status);
  }
  if (streamed.problem === undefined) {
    demand(Buffer.compare(whole.bytes, streamed.bytes) === 0, 'stream and whole differ');
    return 'decoded';
  }
  // libzstd does not see all damage of a frame without checksum; our own decoder is strict.
  demand(coding === 'zstd' && streamed.problem.status === 400, 'the stream refuses what the whole takes');
  return 'decoded whole, refused as a stream';
}

async function decodePieces(bytes: Uint8Array, coding: string, size: number) {
  const decoder = createBodyDecoder(coding, FUZZ_LIMITS);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) parts.push(await decoder.push(bytes.subarray(at, at + size)));
  const { tail, problem } = await decoder.end();
  return { bytes: concatBytes([...parts, tail]), problem };
}

function judgeProblem(problem: DecodeProblem): void {
  demand(STATUSES[problem.code] === problem.status, `a problem ${problem.code} with status ${problem.status}`);
}

function judgeWalk(bytes: Uint8Array, decoded: boolean): void {
  const { frames, least, most, problem } = walkZstd(bytes);
  demand(least <= most, 'the walk has its bounds the wrong way round');
  demand(problem === undefined || !decoded, 'a body is decoded that the walk refuses');
  let end = 0;
  for (const frame of frames) {
    demand(frame.offset === end, 'frames that do not follow one another');
    end += frame.bytes;
  }
  demand(end <= bytes.length, 'frames that are longer than the body');
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
