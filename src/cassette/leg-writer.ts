import { createBodyDecoder, decodeBody } from '../decode/body.ts';
import type { DecodeLimits } from '../decode/types.ts';
import type { LegName } from '../util/types.ts';
import { jsonBytes, roundMs, toBase64 } from './bytes-json.ts';
import { Fingerprint } from './fingerprint.ts';
import type { WireFacts } from './format.ts';
import type { BodyFacts } from './head-cache.ts';
import { RECORDING_LIMITS } from './limits.ts';
import type { BodyRecord } from './records.ts';
import { type Reads, type ReadsRedactor, readsRedactor, splitReads } from './redact/reads.ts';
import type { Redactor } from './redact.ts';
import { CODING_BYTES, isStreamed, SNIFF_BYTES, sniffCoding } from './streamed.ts';
import { bodyJson, recordWholeBody, type WholeBody } from './whole-body.ts';

/** One read or write of a leg's body, as it crossed the wire, or several that came at once. */
export interface Piece {
  ms: number;
  data: Uint8Array;
  /** Of a WebSocket message: it is not text. */
  binary: boolean;
  /** Of the reads that are joined in `data`; undefined: it is one. */
  lengths: readonly number[] | undefined;
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
  /** How often redaction changed the body so far. */
  readonly redacted: number;
  /** Takes in what has come. Cheap: `record` does the work. */
  add(pieces: Piece[]): void;
  /** The body has ended: it will not become streamed any more. */
  settle(): void;
  /**
   * Of a running leg: what a kill would lose. Of an ended one: the final body. JSON members of a `LegLine`, with a comma before each,
   * one character a byte; at once where nothing needs to be decoded.
   * @param raw takes the bytes that follow the record
   * @param twin the only body that this one will be compared with
   */
  record(ended: boolean, raw: Uint8Array[], twin?: Fingerprint): string | Promise<string>;
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
  #stream: ReadsRedactor | undefined;
  #lastMs = 0;
  /** What is ready to be written. */
  #reads: Reads[] = [];
  #size = 0;
  #kept = 0;
  #redacted = 0;

  constructor(leg: LegName, { mimeType, encodings }: BodyFacts, redactor: Redactor) {
    this.#leg = leg;
    this.#redactor = redactor;
    this.mimeType = mimeType;
    this.encodings = encodings;
  }

  get streamed(): boolean | undefined {
    return this.#streamed;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get redacted(): number {
    return this.#redacted;
  }

  add(pieces: Piece[]): void {
    for (const { data } of pieces) {
      this.#waitingBytes += data.length;
      this.print.add(data);
    }
    if (this.#waiting.length === 0) this.#waiting = pieces;
    else for (const piece of pieces) this.#waiting.push(piece);
    if (this.#streamed !== undefined) return;
    const coded = this.encodings.length > 0;
    const first = coded ? NOTHING : this.print.first(SNIFF_BYTES);
    const streamed = isStreamed(this.#leg, this.mimeType, first);
    if (coded || first.length >= (streamed ? CODING_BYTES : SNIFF_BYTES)) this.#streamed = streamed;
  }

  settle(): void {
    this.#streamed ??= isStreamed(this.#leg, this.mimeType, this.print.first(SNIFF_BYTES));
  }

  record(ended: boolean, raw: Uint8Array[], twin?: Fingerprint): string | Promise<string> {
    if (ended) this.settle();
    if (ended && this.print.bytes === 0) return ',"body":{"size":0,"bytes":0}';
    if (this.encodings.length > 0) return this.#recordCoded(ended, raw);
    if (this.#streamed) return this.#recordStream(ended, raw, twin);
    if (ended) return this.#recordWhole(raw);
    return this.#recordPart(raw);
  }

  drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stream = undefined;
    this.#decoder = undefined;
  }

  #recordStream(ended: boolean, raw: Uint8Array[], twin: Fingerprint | undefined): string {
    this.#redact(this.#takeWaiting());
    if (!ended) {
      this.print.release(twin);
      return `,"streamed":true${this.#takeReads(raw)}${this.#progress()}`;
    }
    this.#endStream();
    return `,"streamed":true${this.#takeReads(raw)},"body":${jsonBytes(this.#finalFacts(0))}`;
  }

  #recordWhole(raw: Uint8Array[]): string | Promise<string> {
    const json = (body: WholeBody) => {
      this.#redacted = body.record.redacted ?? 0;
      return `,"body":${bodyJson(body, raw)}`;
    };
    const whole = recordWholeBody(this.print, this.mimeType, this.encodings, this.#redactor);
    return whole instanceof Promise ? whole.then(json) : json(whole);
  }

  /**
   * What has come of a body that will be written whole at its end, or that is too short yet to tell. Bytes that look coded
   * wait: nobody has looked for secrets in them.
   */
  #recordPart(raw: Uint8Array[]): string {
    if (sniffCoding(this.print.first(CODING_BYTES))) return '';
    this.#redact(this.#takeWaiting());
    return `${this.#takeReads(raw)}${this.#progress()}`;
  }

  /** The bytes of a coded body are held: they may be written only once it is known that there is no secret in them. */
  async #recordCoded(ended: boolean, raw: Uint8Array[]): Promise<string> {
    if (ended && !this.#streamed) return this.#recordWhole(raw);
    this.#decoder ??= createBodyDecoder(this.encodings.join(', '), STREAM_LIMITS);
    const decoded: Reads[] = [];
    for (const { ms, bytes } of this.#takeWaiting().flatMap(splitReads)) {
      decoded.push({ ms, bytes: await this.#decoder.push(bytes), lengths: undefined });
    }
    this.#redact(decoded);
    const streamed = this.#streamed ? ',"streamed":true' : '';
    if (!ended) return `${streamed}${this.#takeReads(raw)}${this.#progress()}`;
    const { tail, problem } = await this.#decoder.end();
    if (tail.length > 0) this.#redact([{ ms: this.#lastMs, bytes: tail, lengths: undefined }]);
    this.#endStream();
    const body = await this.#codedFacts(problem?.message);
    return `${streamed}${this.#takeReads(raw)},"body":${jsonBytes(body)}`;
  }

  #progress(): string {
    const redacted = this.#redacted > 0 ? `,"redacted":${this.#redacted}` : '';
    return `,"encodings":${JSON.stringify(this.encodings)},"wireBytes":${this.print.bytes}${redacted}`;
  }

  #takeWaiting(): Reads[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    return waiting.map(({ ms, data, lengths }) => ({ ms, bytes: data, lengths }));
  }

  #takeReads(raw: Uint8Array[]): string {
    const reads = this.#reads;
    this.#reads = [];
    let json = '';
    for (const { ms, bytes, lengths } of reads) {
      const begin = `[${roundMs(ms)},`;
      if (lengths === undefined) json += `${json === '' ? '' : ','}${begin}${bytes.length}]`;
      else json += `${json === '' ? '' : ','}${begin}${lengths.join(`],${begin}`)}]`;
      raw.push(bytes);
    }
    return `,"reads":[${json}]`;
  }

  #redact(reads: readonly Reads[]): void {
    for (const { ms, bytes } of reads) {
      this.#lastMs = ms;
      this.#size += bytes.length;
    }
    this.#stream ??= readsRedactor(this.#redactor.stream(this.mimeType));
    this.#keep(this.#stream.pushReads(reads));
  }

  #endStream(): void {
    this.#stream ??= readsRedactor(this.#redactor.stream(this.mimeType));
    this.#keep(this.#stream.endReads());
  }

  #keep(safe: readonly Reads[]): void {
    const { bodyBytes } = RECORDING_LIMITS;
    for (const reads of safe) {
      if (this.#kept + reads.bytes.length < bodyBytes) this.#push(reads);
      else for (const read of splitReads(reads)) if (this.#kept < bodyBytes) this.#push(read);
    }
    this.#redacted = this.#stream!.count();
  }

  #push(reads: Reads): void {
    this.#kept += reads.bytes.length;
    this.#reads.push(reads);
  }

  /** @param outside secrets found in the coded bytes themselves */
  #finalFacts(outside: number): BodyRecord {
    const cut = this.#kept >= RECORDING_LIMITS.bodyBytes ? Math.max(0, this.#size - this.#kept) : 0;
    const body: BodyRecord = { size: this.#size, bytes: this.print.bytes };
    if (cut > 0) body.cut = cut;
    this.#redacted = Math.max(this.#redacted, outside);
    if (this.#redacted > 0) body.redacted = this.#redacted;
    return body;
  }

  async #codedFacts(problem: string | undefined): Promise<BodyRecord> {
    const { print } = this;
    const outside = print.whole ? this.#redactor.body(print.held(), 'application/octet-stream').count : 0;
    const body = this.#finalFacts(outside);
    const clean = !body.redacted && !body.cut;
    const facts: WireFacts = { encodings: [...this.encodings], bytes: print.bytes };
    if (clean) facts.sha256 = print.sha256();
    if (clean && print.whole) facts.base64 = toBase64(print.held());
    if (print.whole && this.encodings.at(-1) === 'zstd') {
      const { bodyBytes } = RECORDING_LIMITS;
      const { zstd } = await decodeBody(print.held(), 'zstd', { coded: bodyBytes, decoded: bodyBytes });
      if (zstd) facts.zstd = zstd;
    }
    if (problem !== undefined) facts.undecodable = problem;
    return { ...body, wire: facts };
  }
}

const NOTHING = new Uint8Array(0);
