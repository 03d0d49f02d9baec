import { createHash, type Hash } from 'node:crypto';
import { concatBytes } from '../util/bytes.ts';

/** Beginnings that two bodies were found to share have numbers; 0 is that of nothing at all. */
let beginnings = 0;

/**
 * The bytes of one body as they crossed the wire: held while they may be needed, and, once they are let go or become too
 * many, known well enough to compare two bodies to the end in flat memory. Two bodies that went through as the very same
 * buffers are the same without a look at them; only where that does not settle it are they hashed.
 */
export class Fingerprint {
  bytes = 0;
  readonly #limit: number;
  /** Those since the beginning that is known by its number; of a body with a hash: those not hashed yet. */
  #parts: Uint8Array[] = [];
  #beginning = 0;
  #state: 'holding' | 'cut' | 'released' = 'holding';
  /** Of a body that was cut: the first `limit` bytes. */
  #first: Uint8Array = NOTHING;
  #hash: Hash | undefined;

  /** @param limit bytes held at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(part: Uint8Array): void {
    this.bytes += part.length;
    this.#parts.push(part);
    if (this.#state === 'holding' ? this.bytes > this.#limit : this.#state === 'cut') this.#cut();
  }

  /**
   * Lets the bytes go.
   * @param twin what they will be compared with, alone: if it got the same buffers, maybe more, nothing is hashed
   */
  release(twin?: Fingerprint): void {
    const shares = twin && !this.#hash && !twin.#hash && this.#beginning === twin.#beginning;
    if (shares && this.#state !== 'cut' && twin.#state !== 'cut' && beginsWith(twin.#parts, this.#parts)) {
      if (this.#parts.length > 0) {
        beginnings += 1;
        this.#beginning = beginnings;
        twin.#beginning = beginnings;
        twin.#parts.splice(0, this.#parts.length);
        twin.#state = 'released';
      }
    } else this.#fold();
    this.#parts = [];
    this.#first = NOTHING;
    this.#state = 'released';
  }

  /** Whether all bytes are held. */
  get whole(): boolean {
    return this.#state === 'holding';
  }

  /** The bytes held: all of them, the first `limit` ones, or none after `release`. */
  held(): Uint8Array {
    if (this.#state !== 'holding') return this.#first;
    const joined = concatBytes(this.#parts);
    this.#parts = joined.length === 0 ? [] : [joined];
    return joined;
  }

  /** The first bytes held, at most `count`. */
  first(count: number): Uint8Array {
    if (this.#state !== 'holding') return this.#first.subarray(0, count);
    let parts = 1;
    for (let length = this.#parts[0]?.length ?? 0; length < count && parts < this.#parts.length; parts++) {
      length += this.#parts[parts]!.length;
    }
    const beginning = parts === 1 ? this.#parts[0] : concatBytes(this.#parts.slice(0, parts));
    return (beginning ?? NOTHING).subarray(0, count);
  }

  /** Hex SHA-256 of all bytes; where a beginning was shared with a twin, of what came after it. */
  sha256(): string {
    if (!this.#hash && this.#state === 'holding') return createHash('sha256').update(this.held()).digest('hex');
    this.#fold();
    return this.#hash!.copy().digest('hex');
  }

  /** Whether both are the same bytes: by reference where the same buffers went through, else by content. */
  equals(other: Fingerprint): boolean {
    if (this.bytes !== other.bytes || this.#beginning !== other.#beginning) return false;
    if (this.#hash || other.#hash) return this.sha256() === other.sha256();
    if (this.#parts.length === other.#parts.length && beginsWith(this.#parts, other.#parts)) return true;
    return Buffer.compare(concatBytes(this.#parts), concatBytes(other.#parts)) === 0;
  }

  #cut(): void {
    if (this.#state === 'holding') this.#first = concatBytes(this.#parts).subarray(0, this.#limit);
    this.#state = 'cut';
    this.#fold();
  }

  /** Hashes what is not hashed yet, and lets it go. */
  #fold(): void {
    this.#hash ??= createHash('sha256');
    if (this.#parts.length === 0) return;
    this.#hash.update(concatBytes(this.#parts));
    this.#parts = [];
  }
}

const NOTHING = new Uint8Array(0);

function beginsWith(longer: readonly Uint8Array[], shorter: readonly Uint8Array[]): boolean {
  return shorter.length <= longer.length && shorter.every((part, i) => part === longer[i]);
}
