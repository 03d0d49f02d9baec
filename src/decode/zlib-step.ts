import type { BrotliDecompress, Gunzip, Inflate, InflateRaw } from 'node:zlib';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { concatBytes, plainBytes } from '../util/bytes.ts';
import type { Coding } from './codings.ts';
import { corrupt, formatSize, NO_CODED_BODY, tooLarge } from './problems.ts';
import type { DecodeStep } from './step.ts';
import type { DecodeProblem } from './types.ts';

type Engine = Gunzip | Inflate | InflateRaw | BrotliDecompress;
type ZlibCoding = Exclude<Coding, 'zstd'>;

/** 16 KiB: zlib's own measure, right for streams. */
const CHUNK = 16 * 1024;

/** How an engine is chosen: by the coding, and for deflate by the first two bytes. */
interface EngineChoice {
  /** Coded bytes needed to choose. */
  needs: number;
  create(head: Uint8Array, options: { chunkSize: number }): Engine;
}

const ENGINES: Readonly<Record<ZlibCoding, EngineChoice>> = {
  gzip: { needs: 1, create: (_head, options) => createGunzip(options) },
  br: { needs: 1, create: (_head, options) => createBrotliDecompress(options) },
  deflate: {
    needs: 2,
    create: (head, options) => (hasZlibHeader(head) ? createInflate(options) : createInflateRaw(options)),
  },
};

/**
 * A step for gzip, deflate (with or without the zlib wrapper, as many peers send it bare) or br that gives out at most
 * `limit` bytes, and gives them out with the read that made them decodable. `chunkSize` is what zlib allocates at a time,
 * in bytes: all that fits into one chunk is given out as views of it, one behind the other.
 */
export function createZlibStep(coding: ZlibCoding, limit: number, chunkSize: number = CHUNK): DecodeStep {
  return new ZlibStep(coding, limit, chunkSize);
}

class ZlibStep implements DecodeStep {
  problem: DecodeProblem | undefined;
  readonly #coding: ZlibCoding;
  readonly #limit: number;
  readonly #chunkSize: number;
  #engine: Engine | undefined;
  /** Coded bytes that came before the engine could be chosen. */
  #head: Uint8Array = new Uint8Array(0);
  #written = 0;
  #produced = 0;
  #output: Uint8Array[] = [];
  /** Settles the write or end that is under way. */
  #settle: (() => void) | undefined;

  constructor(coding: ZlibCoding, limit: number, chunkSize: number) {
    this.#coding = coding;
    this.#limit = limit;
    this.#chunkSize = chunkSize;
  }

  async push(chunk: Uint8Array): Promise<Uint8Array[]> {
    if (this.problem !== undefined || chunk.length === 0) return [];
    const bytes = this.#engine === undefined ? concatBytes([this.#head, chunk]) : chunk;
    if (this.#engine === undefined && bytes.length < ENGINES[this.#coding].needs) {
      this.#head = bytes;
      return [];
    }
    await this.#write(bytes);
    return this.#takeOutput();
  }

  async end(): Promise<Uint8Array[]> {
    if (this.problem !== undefined) return [];
    if (this.#engine === undefined && this.#head.length === 0) {
      this.problem = corrupt(this.#coding, NO_CODED_BODY, 0);
      return [];
    }
    if (this.#engine === undefined) await this.#write(this.#head);
    if (this.problem === undefined) await this.#finish(this.#open());
    this.#engine?.destroy();
    return this.#takeOutput();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const engine = this.#open(bytes);
    this.#written += bytes.length;
    await this.#run((done) => engine.write(bytes, done));
    // zlib takes no byte past the end of its data: what it left is junk (RFC 1951, RFC 7932), or in gzip no member.
    if (this.problem === undefined && engine.bytesWritten < this.#written) {
      this.#fail(corrupt(this.#coding, 'more bytes after the end of the coded data', engine.bytesWritten));
    }
  }

  #open(head: Uint8Array = new Uint8Array(0)): Engine {
    if (this.#engine !== undefined) return this.#engine;
    const engine = ENGINES[this.#coding].create(head, { chunkSize: this.#chunkSize });
    engine.on('data', (bytes: Uint8Array) => this.#collect(bytes));
    engine.on('error', (error: Error) => this.#fail(this.#describe(error)));
    this.#engine = engine;
    return engine;
  }

  /** The callback of `end` comes before the last flush, which is what finds cut-off data; the `end` event comes after. */
  #finish(engine: Engine): Promise<void> {
    return this.#run((done) => {
      engine.once('end', done);
      engine.end();
    });
  }

  /** Runs one operation of the engine to its callback, or to the problem that stops it. */
  #run(operation: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      operation(() => resolve());
    });
  }

  #collect(bytes: Uint8Array): void {
    if (this.problem !== undefined) return;
    this.#produced += bytes.length;
    if (this.#produced <= this.#limit) this.#output.push(plainBytes(bytes));
    else this.#fail(tooLarge(this.#coding, `the body decodes to more than ${formatSize(this.#limit)}`));
  }

  #fail(problem: DecodeProblem): void {
    this.problem ??= problem;
    this.#engine?.destroy();
    this.#settle?.();
  }

  #describe(error: Error): DecodeProblem {
    const cutOff = (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
    if (cutOff) return corrupt(this.#coding, 'the coded body ends before its data does', this.#written);
    // zlib does not say where in the piece; the offset is the piece's beginning.
    const from = this.#engine?.bytesWritten ?? 0;
    return { ...corrupt(this.#coding, `${error.message}, in bytes ${from} to ${this.#written}`), offset: from };
  }

  #takeOutput(): Uint8Array[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }
}

/** The two bytes of RFC 1950: method 8, and a check value that makes them a multiple of 31. */
function hasZlibHeader(head: Uint8Array): boolean {
  if (head.length < 2) return false;
  return (head[0]! & 0x0f) === 8 && ((head[0]! << 8) | head[1]!) % 31 === 0;
}
