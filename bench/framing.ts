/** HTTP/1.1 framing (RFC 9112 section 6), as little of it as benchmark traffic needs, so that measuring costs little. */

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'trailer';

/** What a reader tells. */
export interface FrameEvents {
  /** @param head start line and fields, without the blank line */
  onHead?(head: string): void;
  /** The message is complete. @param bytes of its body */
  onEnd(bytes: number): void;
}

/**
 * Reads messages one after the other from one connection and counts their bodies' bytes. Throws on framing it does not
 * know; bodies that end with the connection are not known.
 */
export class MessageReader {
  /** Body bytes of all messages so far. */
  bytes = 0;
  readonly #events: FrameEvents;
  #state: State = 'head';
  /** Bytes that could not be read yet: part of a head or of a line. */
  #rest: Buffer | undefined;
  /** Bytes still to come of the body or the chunk, its line end included. */
  #left = 0;
  #body = 0;

  constructor(events: FrameEvents) {
    this.#events = events;
  }

  push(chunk: Buffer): void {
    const data = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = undefined;
    let at = 0;
    while (at < data.length) {
      const next = this.#state === 'length' || this.#state === 'chunk' ? this.#skip(data, at) : this.#line(data, at);
      if (next === undefined) {
        this.#rest = data.subarray(at);
        return;
      }
      at = next;
    }
  }

  #skip(data: Buffer, at: number): number {
    const here = Math.min(this.#left, data.length - at);
    // The line end after a chunk is no part of the body.
    const lineEnd = this.#state === 'chunk' ? 2 : 0;
    const body = Math.max(0, Math.min(here, this.#left - lineEnd));
    this.#left -= here;
    this.#body += body;
    this.bytes += body;
    if (this.#left === 0) {
      if (this.#state === 'length') this.#end();
      else this.#state = 'chunk-size';
    }
    return at + here;
  }

  #line(data: Buffer, at: number): number | undefined {
    const mark = this.#state === 'head' ? HEAD_END : '\r\n';
    const end = data.indexOf(mark, at, 'latin1');
    if (end < 0) return undefined;
    const text = data.toString('latin1', at, end);
    if (this.#state === 'head') this.#readHead(text);
    else if (this.#state === 'chunk-size') this.#readSize(text);
    else if (text === '') this.#end();
    return end + mark.length;
  }

  #readHead(head: string): void {
    this.#events.onHead?.(head);
    const length = LENGTH.exec(head);
    if (length) {
      this.#left = Number(length[1]);
      this.#state = 'length';
      if (this.#left === 0) this.#end();
    } else if (CHUNKED.test(head)) this.#state = 'chunk-size';
    else throw new Error(`neither content-length nor chunked: ${head}`);
  }

  #readSize(text: string): void {
    const size = Number.parseInt(text, 16);
    if (!Number.isInteger(size)) throw new Error(`not a chunk size: ${JSON.stringify(text)}`);
    this.#state = size === 0 ? 'trailer' : 'chunk';
    this.#left = size + 2;
  }

  #end(): void {
    const bytes = this.#body;
    this.#body = 0;
    this.#state = 'head';
    this.#events.onEnd(bytes);
  }
}
