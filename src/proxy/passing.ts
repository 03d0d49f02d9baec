import { Buffer } from 'node:buffer';
import type { MessageTap } from '../cassette/tap.ts';

/**
 * The body of an answer on its way to the client. Chunks that one read brought go on as one write: a busy stream has a hundred
 * events in a read, and handing each on by itself would cost most of the time that there is.
 */
export class PassingBody {
  #chunks: Buffer[] = [];
  /** The writes since the last one that ended with a blank line. */
  #tail: Buffer[] = [];

  /** Says whether the chunk is the first one since the last `take`. */
  add(chunk: Buffer): boolean {
    return this.#chunks.push(chunk) === 1;
  }

  /** What has come since the last time, joined, with the chunks that it came in; undefined when nothing has. */
  take(): PassedChunks | undefined {
    const chunks = this.#chunks;
    const [first] = chunks;
    if (!first) return undefined;
    this.#chunks = [];
    const bytes = chunks.length === 1 ? first : Buffer.concat(chunks);
    if (endsEvent(this.#tail.at(-1))) this.#tail = [bytes];
    else this.#tail.push(bytes);
    return { bytes, chunks };
  }

  /** What was taken, as far as the last event is in it. */
  tail(): string {
    return Buffer.concat(this.#tail).toString('latin1');
  }
}

export interface PassedChunks {
  bytes: Buffer;
  chunks: readonly Buffer[];
}

/** Tells a tap of chunks that came at once, each of which is a read. */
export function tapChunks(tap: MessageTap | undefined, ms: number, { bytes, chunks }: PassedChunks): void {
  if (!tap) return;
  if (chunks.length === 1) tap.data(ms, bytes);
  else if (tap.reads) tap.reads(ms, bytes, chunks.map(lengthOf));
  else for (const chunk of chunks) tap.data(ms, chunk);
}

function lengthOf({ length }: Buffer): number {
  return length;
}

const LF = 0x0a;

function endsEvent(write: Buffer | undefined): boolean {
  return write !== undefined && write.at(-1) === LF && (write.at(-2) === LF || write.at(-3) === LF);
}
