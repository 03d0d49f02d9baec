import { Decompress } from 'fzstd';
import type { FrameHeader } from './header.ts';
import { BLOCK_HEADER_BYTES } from './header.ts';

/** fzstd looks at no header before it has this many bytes of the frame. */
const FZSTD_HOLDS_BELOW = 18;

/**
 * Decodes the blocks of one frame, one at a time, with fzstd. It checks neither checksum nor content size nor the end of
 * the frame: the scanner and its handler do. fzstd is lax: damage inside a block may decode to wrong bytes instead of an
 * error; where the result is to be relied on, libzstd decodes (decode.ts).
 */
export class ZstdFrameDecoder {
  readonly #stream: Decompress;
  #output: Uint8Array = new Uint8Array(0);

  constructor(header: FrameHeader, headerBytes: Uint8Array) {
    this.#stream = new Decompress((bytes) => {
      if (bytes.length > 0) this.#output = bytes;
    });
    this.#stream.push(padHeader(header, headerBytes));
  }

  /** What a whole block (header included) decodes to. @throws Error of fzstd when the block is damaged. */
  decode(block: Uint8Array): Uint8Array {
    this.#output = new Uint8Array(0);
    // A whole block is used up within the call, so that it may be a view of a buffer that changes afterwards.
    this.#stream.push(block);
    return this.#output;
  }
}

/** The header and as many empty raw blocks as it takes for fzstd to begin: else a short first block would be held back. */
function padHeader(header: FrameHeader, headerBytes: Uint8Array): Uint8Array {
  const missing = Math.max(0, FZSTD_HOLDS_BELOW - header.bytes);
  const padding = Math.ceil(missing / BLOCK_HEADER_BYTES) * BLOCK_HEADER_BYTES;
  // An empty raw block that is not the last is three zero bytes.
  const padded = new Uint8Array(header.bytes + padding);
  padded.set(headerBytes);
  return padded;
}
