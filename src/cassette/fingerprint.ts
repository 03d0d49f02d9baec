import { createHash, type Hash } from 'node:crypto';
import { concatBytes } from '../util/bytes.ts';

/**
 * The bytes of one body as they crossed the wire: held while they may be needed, and hashed from the moment on when
 * they are let go or become too many, so that two bodies can be compared to the end in flat memory.
 */
export class Fingerprint {
  bytes = 0;
  readonly #limit: number;
  #parts: Uint8Array[] = [];
  #holding = true;
  #held = 0;
  #hash: Hash | undefined;

  /** @param limit bytes held at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(part: Uint8Array): void {
    this.bytes += part.length;
    if (this.#holding && this.#held + part.length > this.#limit) {
      this.#startHash();
      this.#parts.push(part.subarray(0, this.#limit - this.#held));
      this.#held = this.#limit;
      this.#holding = false;
    } else if (this.#holding) {
      this.#parts.push(part);
      this.#held += part.length;
    }
    this.#hash?.update(part);
  }

  /** Lets the bytes go: from now on only their hash is known. */
  release(): void {
    this.#startHash();
    this.#parts = [];
    this.#held = 0;
    this.#holding = false;
  }

  /** Whether all bytes are held. */
  get whole(): boolean {
    return this.#holding;
  }

  /** The bytes held: all of them, the first `limit` ones, or none after `release`. */
  held(): Uint8Array {
    const joined = concatBytes(this.#parts);
    this.#parts = joined.length === 0 ? [] : [joined];
    return joined;
  }

  /** The first bytes held, at most `count`. */
  first(count: number): Uint8Array {
    const first = this.#parts[0];
    if (first && first.length >= count) return first.subarray(0, count);
    return this.held().subarray(0, count);
  }

  /** Hex SHA-256 of all bytes. */
  sha256(): string {
    this.#startHash();
    return this.#hash!.copy().digest('hex');
  }

  /** Whether both are the same bytes: by reference where the same buffers went through, else by content. */
  equals(other: Fingerprint): boolean {
    if (this.bytes !== other.bytes) return false;
    if (this.#holding && other.#holding && sameReferences(this.#parts, other.#parts)) return true;
    if (this.#holding && other.#holding) return Buffer.compare(this.held(), other.held()) === 0;
    return this.sha256() === other.sha256();
  }

  #startHash(): void {
    if (this.#hash) return;
    this.#hash = createHash('sha256');
    for (const part of this.#parts) this.#hash.update(part);
  }
}

function sameReferences(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}
