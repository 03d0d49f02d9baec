import { Buffer } from 'node:buffer';
import { isUtf8 } from '../util/bytes.ts';
import { jsonBytes } from './bytes-json.ts';
import { Fingerprint } from './fingerprint.ts';
import type { BodyWriter, Piece } from './leg-writer.ts';
import { RECORDING_LIMITS } from './limits.ts';
import type { BodyRecord } from './records.ts';
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

  get redacted(): number {
    return this.#stream?.count() ?? 0;
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

  record(ended: boolean, raw: Uint8Array[], twin?: Fingerprint): string {
    const reads: string[] = [];
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stream ??= this.#redactor.stream(AS_LINES);
    for (const { ms, data, binary } of waiting) {
      this.#size += data.length;
      this.#held.push({ ms, binary });
      for (const safe of this.#stream.push(Buffer.concat([data, LINE_END]))) this.#keep(reads, raw, safe);
    }
    if (!ended) {
      this.print.release(twin);
      const redacted = this.redacted > 0 ? `,"redacted":${this.redacted}` : '';
      return `,"reads":[${reads.join(',')}],"wireBytes":${this.print.bytes}${redacted}`;
    }
    for (const safe of this.#stream.end()) this.#keep(reads, raw, safe);
    return `,"reads":[${reads.join(',')}],"body":${jsonBytes(this.#finalFacts())}`;
  }

  #keep(reads: string[], raw: Uint8Array[], line: Uint8Array): void {
    const { ms, binary } = this.#held.shift() ?? { ms: 0, binary: false };
    const message = line.at(-1) === LINE_FEED ? line.subarray(0, -1) : line;
    // Once one is missing all later ones are, so that it is known where.
    if (this.#cut > 0 || this.#kept + message.length > RECORDING_LIMITS.bodyBytes) {
      this.#cut += message.length;
      return;
    }
    this.#kept += message.length;
    // Text is UTF-8 (RFC 6455 section 5.6), whoever said it.
    const data = binary || isUtf8(message) ? message : Buffer.from(Buffer.from(message).toString('utf8'));
    reads.push(`[${Math.round(ms * 1000) / 1000},${data.length}${binary ? ',1' : ''}]`);
    raw.push(data);
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
