import { corrupt } from '../problems.ts';
import type { DecodeStep } from '../step.ts';
import type { DecodeProblem } from '../types.ts';
import { describeDamage, overLimit } from './decode.ts';
import { ZstdFrameDecoder } from './frame-decoder.ts';
import { ZstdScanner } from './scanner.ts';
import { Xxh64 } from './xxh64.ts';

/**
 * A step for zstd that gives out at most `limit` bytes, block by block as they arrive: for streamed responses. fzstd
 * decodes; content sizes and checksums, which it does not look at, are verified here at the end of each frame.
 */
export function createZstdStep(limit: number): DecodeStep {
  return new ZstdStep(limit);
}

class ZstdStep implements DecodeStep {
  readonly #limit: number;
  readonly #scanner: ZstdScanner;
  #decoder: ZstdFrameDecoder | undefined;
  #hash: Xxh64 | undefined;
  #output: Uint8Array[] = [];
  #produced = 0;
  #frameProduced = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#scanner = new ZstdScanner({
      frame: (header, bytes) => {
        this.#decoder = new ZstdFrameDecoder(header, bytes);
        this.#hash = header.checksum ? new Xxh64() : undefined;
        this.#frameProduced = 0;
      },
      block: (_header, bytes) => this.#decode(bytes),
      frameEnd: (facts, checksum) => this.#verify(facts.contentSize ?? null, checksum),
    });
  }

  get problem(): DecodeProblem | undefined {
    return this.#scanner.problem;
  }

  async push(chunk: Uint8Array): Promise<Uint8Array[]> {
    this.#scanner.push(chunk);
    const output = this.#output;
    this.#output = [];
    return output;
  }

  async end(): Promise<Uint8Array[]> {
    this.#scanner.end();
    return [];
  }

  #decode(block: Uint8Array): DecodeProblem | undefined {
    let bytes: Uint8Array;
    try {
      bytes = this.#decoder!.decode(block);
    } catch (error) {
      return describeDamage(error);
    }
    this.#produced += bytes.length;
    this.#frameProduced += bytes.length;
    if (this.#produced > this.#limit) return overLimit(this.#limit);
    this.#hash?.update(bytes);
    if (bytes.length > 0) this.#output.push(bytes);
    return undefined;
  }

  #verify(contentSize: number | null, checksum: Uint8Array | undefined): DecodeProblem | undefined {
    if (this.#decoder === undefined) return undefined;
    this.#decoder = undefined;
    if (contentSize !== null && contentSize !== this.#frameProduced) {
      return corrupt('zstd', `the frame decodes to ${this.#frameProduced} bytes, and its header says ${contentSize}`);
    }
    if (checksum === undefined || this.#hash === undefined) return undefined;
    const wanted = checksum[0]! + checksum[1]! * 0x100 + checksum[2]! * 0x10000 + checksum[3]! * 0x1000000;
    return this.#hash.low32() === wanted ? undefined : corrupt('zstd', 'the content does not fit its checksum');
  }
}
