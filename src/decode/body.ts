import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { brotliCompress, deflate, gzip } from 'node:zlib';
import { TapedeckError } from '../errors.ts';
import { concatBytes, plainBytes } from '../util/bytes.ts';
import type { Coding } from './codings.ts';
import { codingOf, readCodings } from './codings.ts';
import { LIMITS } from './limits.ts';
import { formatSize, tooLarge } from './problems.ts';
import type { DecodeStep } from './step.ts';
import type { DecodeLimits, DecodeProblem, DecodeResult } from './types.ts';
import { createZlibStep } from './zlib-step.ts';
import { decodeZstd } from './zstd/decode.ts';
import type { ZstdFrameFacts } from './zstd/facts.ts';
import { compress } from './zstd/libzstd.ts';
import { createZstdStep } from './zstd/step.ts';

/** 64 KiB: pieces in which a whole body is given to zlib, so that a fault can be placed that closely. */
const PIECE = 64 * 1024;
/** 1 MiB: most bodies are smaller. */
const HELD_IN_PIECES = 1024 * 1024;
/** 512 MiB: more than any limit here. Only of callers without one, larger bodies are decoded into several chunks. */
const LARGEST_CHUNK = 512 * 1024 * 1024;
/** What Codex uses; also zstd's default. */
const ZSTD_LEVEL = 3;

/** Undoes the codings of a body piece by piece, as it arrives. One call at a time: await each before the next. */
export interface BodyDecoder {
  /** What `chunk` makes decodable, maybe nothing. Nothing after a problem. Never rejects. */
  push(chunk: Uint8Array): Promise<Uint8Array>;
  /** The body is over: what was left, and the problem that was found in it or before. Never rejects. */
  end(): Promise<{ tail: Uint8Array; problem?: DecodeProblem }>;
}

type ZlibCoding = Exclude<Coding, 'zstd'>;
type Decoded = { bytes: Uint8Array; zstd?: ZstdFrameFacts[] } | { problem: DecodeProblem; zstd?: ZstdFrameFacts[] };

const ENCODERS: Readonly<Record<Coding, (bytes: Uint8Array) => Promise<Uint8Array>>> = {
  gzip: promisify<Uint8Array, Uint8Array>(gzip),
  deflate: promisify<Uint8Array, Uint8Array>(deflate),
  br: promisify<Uint8Array, Uint8Array>(brotliCompress),
  zstd: (bytes) => compress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), ZSTD_LEVEL),
};

/**
 * Undoes the content codings of a whole body, the last applied first (RFC 9110 section 8.4). Never rejects for what is in
 * `bytes`: an unknown coding is a problem with status 415, damage, truncation, bytes after the end and a missing coded
 * body 400, too much of it 413. Between two codings `LIMITS.betweenCodings` holds as well. Beyond `bytes`, memory grows by
 * the limit for decoded bytes and 16 MiB at most. Without codings, `bytes` are returned as they are.
 */
export async function decodeBody(
  bytes: Uint8Array,
  contentEncoding: string | undefined,
  limits: DecodeLimits,
): Promise<DecodeResult> {
  const { encodings, codings, problem } = readCodings(contentEncoding);
  if (problem !== undefined) return { ok: false, problem, encodings };
  const outermost = codings.at(-1);
  const oversize = judgeSize(bytes.length, outermost, limits);
  if (oversize !== undefined) return { ok: false, problem: oversize, encodings };
  let body = bytes;
  let facts: { zstd?: ZstdFrameFacts[] } = {};
  for (const [i, coding] of [...codings.entries()].reverse()) {
    const limit = i === 0 ? limits.decoded : Math.min(limits.decoded, LIMITS.betweenCodings);
    const decoded = coding === 'zstd' ? await decodeWholeZstd(body, limit) : await decodeWithZlib(body, coding, limit);
    // Facts are kept of the outermost zstd layer: it is the one that stands on the wire.
    if (facts.zstd === undefined && decoded.zstd !== undefined) facts = { zstd: decoded.zstd };
    if ('problem' in decoded) return { ok: false, problem: decoded.problem, encodings, ...facts };
    body = decoded.bytes;
  }
  return { ok: true, bytes: body, encodings, ...facts };
}

/**
 * Applies content codings in the order given: gzip, deflate (with the zlib wrapper, as RFC 9110 says), br, zstd level 3.
 * A zstd frame made here has the header that Codex writes: window 2 MiB, no content size, no checksum.
 * @throws TapedeckError `coding-unknown` for any other name.
 */
export async function encodeBody(bytes: Uint8Array, encodings: readonly string[]): Promise<Uint8Array> {
  let body = bytes;
  for (const name of encodings) {
    if (name.toLowerCase() === 'identity') continue;
    const coding = codingOf(name.toLowerCase());
    if (coding === undefined)
      throw new TapedeckError('coding-unknown', `content coding ${JSON.stringify(name)} is not known`);
    body = plainBytes(await ENCODERS[coding](body));
  }
  return body;
}

/**
 * A decoder for bodies that are used while they arrive: every `push` gives what that read makes decodable. Codings and
 * limits as in `decodeBody`, but that nothing is held between codings; a problem of any kind, the header's included, comes
 * out of `end`. One push gives all that it makes decodable, so its memory is bounded by the limit for decoded bytes alone.
 */
export function createBodyDecoder(contentEncoding: string | undefined, limits: DecodeLimits): BodyDecoder {
  return new Decoder(contentEncoding, limits);
}

class Decoder implements BodyDecoder {
  readonly #steps: DecodeStep[];
  readonly #outermost: Coding | undefined;
  readonly #limits: DecodeLimits;
  #problem: DecodeProblem | undefined;
  #received = 0;

  constructor(contentEncoding: string | undefined, limits: DecodeLimits) {
    const { codings, problem } = readCodings(contentEncoding);
    this.#limits = limits;
    this.#problem = problem;
    this.#outermost = codings.at(-1);
    this.#steps = codings.toReversed().map((coding) => createStep(coding, limits.decoded));
  }

  async push(chunk: Uint8Array): Promise<Uint8Array> {
    if (this.#problem !== undefined) return new Uint8Array(0);
    this.#received += chunk.length;
    this.#problem = judgeSize(this.#received, this.#outermost, this.#limits);
    if (this.#problem !== undefined) return new Uint8Array(0);
    return concatBytes(await this.#pass([chunk], 0));
  }

  async end(): Promise<{ tail: Uint8Array; problem?: DecodeProblem }> {
    const tail: Uint8Array[] = [];
    for (const [i, step] of this.#steps.entries()) {
      // Every step is ended, after a problem too, since that frees its engine.
      const left = await step.end();
      if (this.#problem === undefined) tail.push(...(await this.#pass(left, i + 1)));
      this.#problem ??= step.problem;
    }
    return { tail: concatBytes(tail), ...(this.#problem === undefined ? {} : { problem: this.#problem }) };
  }

  /** Sends pieces through the steps from the one at `from` on. */
  async #pass(pieces: Uint8Array[], from: number): Promise<Uint8Array[]> {
    let current = pieces;
    for (const step of this.#steps.slice(from)) {
      const next: Uint8Array[] = [];
      for (const piece of current) next.push(...(await step.push(piece)));
      current = next;
      this.#problem ??= step.problem;
    }
    return current;
  }
}

function createStep(coding: Coding, limit: number): DecodeStep {
  return coding === 'zstd' ? createZstdStep(limit) : createZlibStep(coding, limit);
}

/** A coded body counts by its coded size; one without coding is its own decoded body, and both limits hold. */
function judgeSize(length: number, outermost: Coding | undefined, limits: DecodeLimits): DecodeProblem | undefined {
  const most = outermost === undefined ? Math.min(limits.coded, limits.decoded) : limits.coded;
  if (length <= most) return undefined;
  return tooLarge(outermost ?? 'identity', `the body has more than ${formatSize(most)} on the wire`);
}

async function decodeWholeZstd(bytes: Uint8Array, limit: number): Promise<Decoded> {
  const result = await decodeZstd(bytes, limit);
  return result.ok ? { bytes: result.bytes, zstd: result.frames } : { problem: result.problem, zstd: result.frames };
}

/**
 * Pieces and the whole they are joined to would be in memory together. For a small body that is no burden; a larger one is
 * decoded anew into one chunk that is as large as the limit allows. Only those of its pages that are written to cost memory.
 */
async function decodeWithZlib(bytes: Uint8Array, coding: ZlibCoding, limit: number): Promise<Decoded> {
  const small = Math.min(limit, HELD_IN_PIECES);
  const decoded = await runZlib(bytes, createZlibStep(coding, small));
  const isLarger = 'problem' in decoded && decoded.problem.status === 413 && small < limit;
  // One byte more than allowed, so that zlib does not ask for a second chunk before the limit is seen to be exceeded.
  return isLarger ? runZlib(bytes, createZlibStep(coding, limit, Math.min(limit + 1, LARGEST_CHUNK))) : decoded;
}

async function runZlib(bytes: Uint8Array, step: DecodeStep): Promise<Decoded> {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length && step.problem === undefined; at += PIECE) {
    parts.push(...(await step.push(bytes.subarray(at, at + PIECE))));
  }
  parts.push(...(await step.end()));
  return step.problem === undefined ? { bytes: joinViews(parts) } : { problem: step.problem };
}

/** The parts as one: a view where they lie one behind the other in the same memory, else a copy. */
function joinViews(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first === undefined) return new Uint8Array(0);
  let end = first.byteOffset;
  for (const part of parts) {
    if (part.buffer !== first.buffer || part.byteOffset !== end) return concatBytes(parts);
    end += part.length;
  }
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset);
}
