import { createBodyDecoder, decodeBody } from '../decode/body.ts';
import { readCodings } from '../decode/codings.ts';
import type { DecodeLimits } from '../decode/types.ts';
import { headerValue } from '../util/headers.ts';
import type { LegName, RawHeaders } from '../util/types.ts';
import { toBase64, toChunk } from './bytes-json.ts';
import { Fingerprint } from './fingerprint.ts';
import type { Chunk, WireFacts } from './format.ts';
import { RECORDING_LIMITS } from './limits.ts';
import type { BodyRecord, LegRecord } from './records.ts';
import type { Redactor, StreamRedactor } from './redact.ts';
import { CODING_BYTES, isStreamed, SNIFF_BYTES, sniffCoding } from './streamed.ts';
import { recordWholeBody } from './whole-body.ts';

/** One read or write of a leg's body, as it crossed the wire. */
export interface Piece {
  ms: number;
  data: Uint8Array;
  /** Of a WebSocket message: it is not text. */
  binary?: boolean;
}

/** Turns what one leg carries into journal records. Calls must not overlap. */
export interface BodyWriter {
  readonly print: Fingerprint;
  readonly mimeType: string;
  readonly encodings: readonly string[];
  /** Whether reads are kept apart; undefined as long as too few bytes have come to tell. */
  readonly streamed: boolean | undefined;
  /** Bytes taken in that `record` has not seen yet. */
  readonly waitingBytes: number;
  /** Takes in what has come. Cheap: `record` does the work. */
  add(pieces: readonly Piece[]): void;
  /** The body has ended: it will not become streamed any more. */
  settle(): void;
  /** Of a running leg: what a kill would lose. Of an ended one: the final body. */
  record(ended: boolean): Promise<Partial<LegRecord>>;
  /** Forgets the body: it was found to equal another one. */
  drop(): void;
}

/** A streamed answer is decoded as it comes, so only what is kept of it is bounded here. */
const STREAM_LIMITS: DecodeLimits = {
  coded: Number.MAX_SAFE_INTEGER,
  decoded: Number.MAX_SAFE_INTEGER,
};

type BodyDecoder = ReturnType<typeof createBodyDecoder>;

/**
 * Turns one leg's body into journal records: decodes, redacts, and keeps the bytes for as long as they may still be
 * needed. Calls must not overlap.
 */
export class LegWriter implements BodyWriter {
  readonly print = new Fingerprint(RECORDING_LIMITS.bodyBytes);
  readonly mimeType: string;
  readonly encodings: readonly string[];
  readonly #leg: LegName;
  readonly #redactor: Redactor;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #streamed: boolean | undefined;
  #decoder: BodyDecoder | undefined;
  #stream: StreamRedactor | undefined;
  /** Times of the reads whose redacted form has not come out yet. */
  #times: number[] = [];
  #lastMs = 0;
  #size = 0;
  #kept = 0;

  constructor(leg: LegName, headers: RawHeaders, redactor: Redactor) {
    this.#leg = leg;
    this.#redactor = redactor;
    this.mimeType = headerValue(headers, 'content-type') ?? '';
    this.encodings = readCodings(headerValue(headers, 'content-encoding')).encodings;
  }

  /** Whether reads are kept apart; undefined as long as too few bytes have come to tell. */
  get streamed(): boolean | undefined {
    return this.#streamed;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes in what has come. Cheap: `record` does the work. */
  add(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      this.#waitingBytes += piece.data.length;
      this.print.add(piece.data);
      this.#waiting.push(piece);
    }
    if (this.#streamed !== undefined) return;
    const coded = this.encodings.length > 0;
    const first = coded ? new Uint8Array(0) : this.print.first(SNIFF_BYTES);
    const streamed = isStreamed(this.#leg, this.mimeType, first);
    if (coded || first.length >= (streamed ? CODING_BYTES : SNIFF_BYTES)) this.#streamed = streamed;
  }

  /** The body has ended: it will not become streamed any more. */
  settle(): void {
    this.#streamed ??= isStreamed(this.#leg, this.mimeType, this.print.first(SNIFF_BYTES));
  }

  /** Of a running leg: what a kill would lose. Of an ended one: the final body. */
  async record(ended: boolean): Promise<Partial<LegRecord>> {
    if (ended) this.settle();
    if (ended && this.print.bytes === 0) return { body: { size: 0, bytes: 0 } };
    if (this.#streamed) return this.#recordStream(ended);
    if (ended) return { body: await recordWholeBody(this.print, this.mimeType, this.encodings, this.#redactor) };
    return this.#recordPart();
  }

  /** Forgets the body: it was found to equal another one. */
  drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stream = undefined;
    this.#decoder = undefined;
  }

  async #recordStream(ended: boolean): Promise<Partial<LegRecord>> {
    const chunks = await this.#readChunks();
    // Of coded bytes the journal may hold nothing before it is known that there is no secret in them.
    if (this.encodings.length === 0 && !ended) this.print.release();
    if (!ended) return { streamed: true, chunks, ...this.#progress() };
    const end = await this.#decoder?.end();
    if (end && end.tail.length > 0)
      chunks.push(...this.#redact([{ ms: this.#times.at(-1) ?? this.#lastMs, data: end.tail }]));
    for (const rest of this.#stream?.end() ?? []) this.#keep(chunks, rest);
    const body = await this.#finalFacts(end?.problem?.message);
    return { streamed: true, chunks, body };
  }

  /**
   * What has come of a body that will be written whole at its end, or that is too short yet to tell. Bytes that look coded
   * wait: nobody has looked for secrets in them.
   */
  async #recordPart(): Promise<Partial<LegRecord>> {
    if (this.encodings.length === 0 && sniffCoding(this.print.first(CODING_BYTES))) return {};
    return { chunks: await this.#readChunks(), ...this.#progress() };
  }

  #progress(): Partial<LegRecord> {
    const redacted = this.#stream?.count() ?? 0;
    const progress = { encodings: [...this.encodings], wireBytes: this.print.bytes };
    return redacted > 0 ? { ...progress, redacted } : progress;
  }

  async #readChunks(): Promise<Chunk[]> {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stream ??= this.#redactor.stream(this.mimeType);
    if (this.encodings.length > 0) this.#decoder ??= createBodyDecoder(this.encodings.join(', '), STREAM_LIMITS);
    const decoder = this.#decoder;
    if (!decoder) return this.#redact(waiting);
    const decoded: Piece[] = [];
    for (const { ms, data } of waiting) decoded.push({ ms, data: await decoder.push(data) });
    return this.#redact(decoded);
  }

  #redact(pieces: readonly Piece[]): Chunk[] {
    const chunks: Chunk[] = [];
    for (const { ms, data } of pieces) {
      this.#lastMs = ms;
      this.#size += data.length;
      this.#times.push(ms);
    }
    for (const safe of this.#stream!.pushAll(pieces.map(({ data }) => data))) this.#keep(chunks, safe);
    return chunks;
  }

  #keep(chunks: Chunk[], safe: Uint8Array): void {
    const ms = this.#times.shift() ?? this.#lastMs;
    if (this.#kept >= RECORDING_LIMITS.bodyBytes) return;
    this.#kept += safe.length;
    chunks.push(toChunk(ms, safe));
  }

  async #finalFacts(problem: string | undefined): Promise<BodyRecord> {
    const inside = this.#stream?.count() ?? 0;
    const cut = this.#kept >= RECORDING_LIMITS.bodyBytes ? Math.max(0, this.#size - this.#kept) : 0;
    const body: BodyRecord = { size: this.#size, bytes: this.print.bytes };
    if (cut > 0) body.cut = cut;
    const coded = this.encodings.length > 0;
    const outside =
      coded && this.print.whole ? this.#redactor.body(this.print.held(), 'application/octet-stream').count : 0;
    const redacted = Math.max(inside, outside);
    if (redacted > 0) body.redacted = redacted;
    if (coded) body.wire = await this.#codedFacts(problem, redacted === 0 && cut === 0);
    return body;
  }

  async #codedFacts(problem: string | undefined, clean: boolean): Promise<WireFacts> {
    const facts: WireFacts = { encodings: [...this.encodings], bytes: this.print.bytes };
    if (clean) facts.sha256 = this.print.sha256();
    if (clean && this.print.whole) facts.base64 = toBase64(this.print.held());
    if (this.print.whole && this.encodings.at(-1) === 'zstd') {
      const { bodyBytes } = RECORDING_LIMITS;
      const { zstd } = await decodeBody(this.print.held(), 'zstd', { coded: bodyBytes, decoded: bodyBytes });
      if (zstd) facts.zstd = zstd;
    }
    if (problem !== undefined) facts.undecodable = problem;
    return facts;
  }
}
