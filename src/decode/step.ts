import type { DecodeProblem } from './types.ts';

/**
 * One coding being undone, piece by piece. After a problem, `push` and `end` give nothing more and the problem stays;
 * what was decoded before it has been given out.
 */
export interface DecodeStep {
  /** Decodes what `chunk` makes decodable. Never rejects. */
  push(chunk: Uint8Array): Promise<Uint8Array[]>;
  /** The coded bytes are over: gives what was left, and finds out whether they were whole. Never rejects. */
  end(): Promise<Uint8Array[]>;
  problem: DecodeProblem | undefined;
}
