import { Buffer } from 'node:buffer';
import type { MessageTap } from '../cassette/tap.ts';

/**
 * The body of an answer on its way to the client. Chunks that one read brought go on as one write: a busy stream has a hundred
 * events in a read, and handing each on by itself would cost most of the time that there is.
 */
export class PassingBody {
  #chunks: Buffer[] = [];
  /** The writes since the last one that ended with a blank line, as far as they may hold the last event. */
  #tail: Buffer[] = [];
  #tailBytes = 0;

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
    if (endsEvent(this.#tail.at(-1))) {
      this.#tail = [bytes];
      this.#tailBytes = bytes.length;
    } else {
      this.#tail.push(bytes);
      this.#tailBytes += bytes.length;
    }
    if (this.#tailBytes > TAIL_BYTES) this.#shorten();
    return { bytes, chunks };
  }

  /** What was taken, as far as the last event is in it; the middle of a large one is left out. */
  tail(): string {
    return Buffer.concat(this.#tail).toString('latin1');
  }

  #shorten(): void {
    const tail = Buffer.concat(this.#tail);
    const event = tail.subarray(beginOfLastEvent(tail));
    const kept =
      event.length > 2 * EDGE_BYTES
        ? Buffer.concat([event.subarray(0, EDGE_BYTES), event.subarray(-EDGE_BYTES)])
        : Buffer.from(event);
    this.#tail = [kept];
    this.#tailBytes = kept.length;
  }
}

/** A body that is no event stream would else be kept as a whole, and so would a stream whose reads never end with an event. */
const TAIL_BYTES = 256 * 1024;
/** Of a large event, its beginning and its end: where its type stands, depending on who has written it. */
const EDGE_BYTES = 32 * 1024;

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
const CR = 0x0d;

/** Behind the last blank line that has something behind it. */
function beginOfLastEvent(bytes: Buffer): number {
  let end = bytes.length;
  while (bytes[end - 1] === LF || bytes[end - 1] === CR) end -= 1;
  const before = bytes.subarray(0, end);
  return Math.max(before.lastIndexOf('\n\n'), before.lastIndexOf('\n\r\n'), 0);
}

function endsEvent(write: Buffer | undefined): boolean {
  return write !== undefined && write.at(-1) === LF && (write.at(-2) === LF || write.at(-3) === LF);
}
