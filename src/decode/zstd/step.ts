import { corrupt } from '../problems.ts';
import type { DecodeStep } from '../step.ts';
import type { DecodeProblem } from '../types.ts';
import { overLimit } from './decode.ts';
import { ZstdFrameDecoder } from './frame-decoder.ts';
import type { BlockHeader } from './header.ts';
import { ZstdScanner } from './scanner.ts';
import { Xxh64 } from './xxh64.ts';

/**
 * A step for zstd that gives out at most `limit` bytes, block by block as they arrive: for streamed responses. Content
 * sizes and checksums are verified at the end of each frame.
 */
export function createZstdStep(limit: number): DecodeStep {
  return new ZstdStep(limit);
}

class ZstdStep implements DecodeStep {
  readonly #limit: number;
  readonly #scanner: ZstdScanner;
  readonly #decoder = new ZstdFrameDecoder();
  #inFrame = false;
  #hash: Xxh64 | undefined;
  #output: Uint8Array[] = [];
  #produced = 0;
  #frameProduced = 0;

  constructor(limit: number) {
    this.#limit = limit;
    this.#scanner = new ZstdScanner({
      frame: (header) => {
        this.#decoder.begin(header);
        this.#inFrame = true;
        this.#hash = header.checksum ? new Xxh64() : undefined;
        this.#frameProduced = 0;
      },
      block: (header, bytes, offset) => this.#decode(header, bytes, offset),
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

  #decode(header: BlockHeader, block: Uint8Array, offset: number): DecodeProblem | undefined {
    const bytes = this.#decoder.decode(header, block, offset);
    if (!(bytes instanceof Uint8Array)) return bytes;
    this.#produced += bytes.length;
    this.#frameProduced += bytes.length;
    if (this.#produced > this.#limit) return overLimit(this.#limit);
    this.#hash?.update(bytes);
    if (bytes.length > 0) this.#output.push(bytes.slice());
    return undefined;
  }

  #verify(contentSize: number | null, checksum: Uint8Array | undefined): DecodeProblem | undefined {
    if (!this.#inFrame) return undefined;
    this.#inFrame = false;
    if (contentSize !== null && contentSize !== this.#frameProduced) {
      return corrupt('zstd', `the frame decodes to ${this.#frameProduced} bytes, and its header says ${contentSize}`);
    }
    if (checksum === undefined || this.#hash === undefined) return undefined;
    const wanted = checksum[0]! + checksum[1]! * 0x100 + checksum[2]! * 0x10000 + checksum[3]! * 0x1000000;
    return this.#hash.low32() === wanted ? undefined : corrupt('zstd', 'the content does not fit its checksum');
  }
}
