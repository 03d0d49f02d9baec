import { Buffer } from 'node:buffer';
import { fromUtf8 } from '../util/bytes.ts';
import { toBase64 } from './bytes-json.ts';
import { Fingerprint } from './fingerprint.ts';
import type { Chunk } from './format.ts';
import type { BodyWriter, Piece } from './leg-writer.ts';
import { RECORDING_LIMITS } from './limits.ts';
import type { BodyRecord, LegRecord } from './records.ts';
import type { Redactor, StreamRedactor } from './redact.ts';

/** Messages are JSON texts: with a line feed after each they are JSON lines, and a secret spread over deltas is found. */
const AS_LINES = 'application/x-ndjson';
const LINE_FEED = 10;

/**
 * Turns the messages that one side sent over a WebSocket, within one exchange, into journal records: one chunk a message,
 * text as text and binary as base64. Calls must not overlap.
 */
export class MessageWriter implements BodyWriter {
  readonly print = new Fingerprint(RECORDING_LIMITS.bodyBytes);
  readonly mimeType = '';
  readonly encodings: readonly string[] = [];
  readonly streamed = true;
  readonly #redactor: Redactor;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #stream: StreamRedactor | undefined;
  /** Messages whose redacted form has not come out yet. */
  #held: Pick<Piece, 'ms' | 'binary'>[] = [];
  #size = 0;
  #kept = 0;
  #cut = 0;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  add(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      this.#waitingBytes += piece.data.length;
      this.print.add(piece.data);
      this.#waiting.push(piece);
    }
  }

  settle(): void {}

  drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stream = undefined;
  }

  async record(ended: boolean): Promise<Partial<LegRecord>> {
    const chunks: Chunk[] = [];
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stream ??= this.#redactor.stream(AS_LINES);
    for (const { ms, data, binary = false } of waiting) {
      this.#size += data.length;
      this.#held.push({ ms, binary });
      for (const safe of this.#stream.push(Buffer.concat([data, LINE_END]))) this.#keep(chunks, safe);
    }
    if (!ended) {
      this.print.release();
      const redacted = this.#stream.count();
      return { chunks, wireBytes: this.print.bytes, ...(redacted > 0 ? { redacted } : {}) };
    }
    for (const safe of this.#stream.end()) this.#keep(chunks, safe);
    return { chunks, body: this.#finalFacts() };
  }

  #keep(chunks: Chunk[], line: Uint8Array): void {
    const { ms, binary } = this.#held.shift() ?? { ms: 0, binary: false };
    const message = line.at(-1) === LINE_FEED ? line.subarray(0, -1) : line;
    // Once one is missing all later ones are, so that it is known where.
    if (this.#cut > 0 || this.#kept + message.length > RECORDING_LIMITS.bodyBytes) {
      this.#cut += message.length;
      return;
    }
    this.#kept += message.length;
    chunks.push([Math.round(ms * 1000) / 1000, binary ? { base64: toBase64(message) } : fromUtf8(message)]);
  }

  #finalFacts(): BodyRecord {
    const redacted = this.#stream?.count() ?? 0;
    return {
      size: this.#size,
      bytes: this.print.bytes,
      ...(redacted > 0 ? { redacted } : {}),
      ...(this.#cut > 0 ? { cut: this.#cut } : {}),
    };
  }
}

const LINE_END = Buffer.from([LINE_FEED]);
