import { ByteBuffer } from '../../util/byte-buffer.ts';
import { LIMITS } from '../limits.ts';
import { corrupt, formatSize, NO_CODED_BODY, tooLarge } from '../problems.ts';
import type { DecodeProblem } from '../types.ts';
import type { ZstdFrameFacts } from './facts.ts';
import type { BlockHeader, FrameHeader } from './header.ts';
import {
  BLOCK_HEADER_BYTES,
  blockContentBytes,
  CHECKSUM_BYTES,
  frameHeaderBytes,
  frameKind,
  hasReservedBit,
  MAGIC_BYTES,
  readBlockHeader,
  readFrameHeader,
  SKIPPABLE_HEADER_BYTES,
  skippableSize,
} from './header.ts';

/** What a scan tells, in the order of the bytes. The bytes are views that hold until the handler returns. */
export interface ScanHandler {
  frame?(header: FrameHeader): void;
  /** A whole block, header included, and its place in the coded body. Returning a problem stops the scan. */
  block?(header: BlockHeader, bytes: Uint8Array, offset: number): DecodeProblem | undefined;
  /** The frame is over; `checksum` are its four bytes, if it has them. */
  frameEnd?(facts: ZstdFrameFacts, checksum: Uint8Array | undefined): DecodeProblem | undefined;
}

type State = 'magic' | 'skippable-header' | 'skippable' | 'frame-header' | 'block' | 'checksum';

/** What is missing when the bytes end in that state, for the message. */
const MISSING: Readonly<Record<State, string>> = {
  magic: 'the magic number of a frame',
  'skippable-header': 'the header of a skippable frame',
  skippable: 'a skippable frame',
  'frame-header': 'a frame header',
  block: 'a block',
  checksum: 'the content checksum',
};

/**
 * Walks zstd frames (RFC 8878) from pieces of any size, without decompressing: every header is read and judged, and the
 * size of what each frame decodes to is bounded. It holds at most one block. After a problem it takes nothing more.
 */
export class ZstdScanner {
  /** Frames that are complete, in order; then the one that a problem cut off. */
  readonly frames: ZstdFrameFacts[] = [];
  problem: DecodeProblem | undefined;
  readonly #handler: ScanHandler;
  readonly #bytes = new ByteBuffer();
  #state: State = 'magic';
  /** Offset of the bytes waiting, in the coded body. */
  #offset = 0;
  #facts: ZstdFrameFacts | undefined;
  #header: FrameHeader | undefined;
  #skip = 0;
  #blocks = 0;
  /** Of the current frame: what its blocks decode to at least and at most. */
  #least = 0;
  #most = 0;
  /** The same over all frames. `most` trusts no content size, as libzstd compares it only when the frame is over. */
  least = 0;
  most = 0;

  constructor(handler: ScanHandler = {}) {
    this.#handler = handler;
  }

  push(chunk: Uint8Array): void {
    if (this.problem !== undefined) return;
    this.#bytes.append(chunk);
    while (this.problem === undefined && this.#advance());
  }

  end(): void {
    if (this.problem !== undefined) return;
    const { length } = this.#bytes;
    const between = this.#state === 'magic' && this.frames.length > 0;
    if (between && length === 0) return;
    const cut = this.#offset + length;
    if (between) this.#fail(corrupt('zstd', this.#describeJunk(), this.#offset));
    else if (cut === 0) this.#fail(corrupt('zstd', NO_CODED_BODY, 0));
    else this.#fail(corrupt('zstd', `the coded body ends inside ${MISSING[this.#state]}`, cut));
  }

  /** Takes one step; false when more bytes are needed. */
  #advance(): boolean {
    switch (this.#state) {
      case 'magic':
        return this.#readMagic();
      case 'skippable-header':
        return this.#readSkippableHeader();
      case 'skippable':
        return this.#skipOver();
      case 'frame-header':
        return this.#readFrameHeader();
      case 'block':
        return this.#readBlock();
      case 'checksum':
        return this.#readChecksum();
    }
  }

  #readMagic(): boolean {
    if (this.#bytes.length < MAGIC_BYTES) return false;
    const kind = frameKind(this.#bytes.view());
    if (kind === 'unknown') return this.#fail(corrupt('zstd', this.#describeJunk(), this.#offset));
    if (this.frames.length >= LIMITS.zstdFrames) {
      return this.#fail(tooLarge('zstd', `the body has more than ${LIMITS.zstdFrames} frames`, this.#offset));
    }
    this.#facts = { kind, offset: this.#offset, bytes: 0 };
    this.#state = kind === 'frame' ? 'frame-header' : 'skippable-header';
    return true;
  }

  #describeJunk(): string {
    return this.frames.length === 0 ? 'no frame begins here (wrong magic number)' : 'more bytes after the last frame';
  }

  #readSkippableHeader(): boolean {
    if (this.#bytes.length < SKIPPABLE_HEADER_BYTES) return false;
    this.#skip = skippableSize(this.#take(SKIPPABLE_HEADER_BYTES));
    this.#state = 'skippable';
    return true;
  }

  #skipOver(): boolean {
    const count = Math.min(this.#skip, this.#bytes.length);
    this.#take(count);
    this.#skip -= count;
    if (this.#skip > 0) return false;
    this.#endFrame(undefined);
    return true;
  }

  #readFrameHeader(): boolean {
    if (this.#bytes.length < MAGIC_BYTES + 1) return false;
    const descriptor = this.#bytes.view()[MAGIC_BYTES]!;
    if (hasReservedBit(descriptor)) {
      return this.#fail(corrupt('zstd', 'the reserved bit of the frame header is set', this.#offset + MAGIC_BYTES));
    }
    const length = frameHeaderBytes(descriptor);
    if (this.#bytes.length < length) return false;
    const header = readFrameHeader(this.#bytes.view());
    Object.assign(this.#facts!, describeHeader(header));
    const problem = judgeHeader(header, this.#offset);
    if (problem !== undefined) return this.#fail(problem);
    this.#header = header;
    this.#least = 0;
    this.#most = 0;
    this.#take(length);
    this.#handler.frame?.(header);
    this.#state = 'block';
    return true;
  }

  #readBlock(): boolean {
    if (this.#bytes.length < BLOCK_HEADER_BYTES) return false;
    const block = readBlockHeader(this.#bytes.view());
    const problem = judgeBlock(block, this.#header!, this.#offset) ?? this.#judgeBlockCount();
    if (problem !== undefined) return this.#fail(problem);
    const length = BLOCK_HEADER_BYTES + blockContentBytes(block);
    if (this.#bytes.length < length) return false;
    this.#count(block);
    const offset = this.#offset;
    const bytes = this.#take(length);
    const stop = this.#handler.block?.(block, bytes, offset);
    if (stop !== undefined) return this.#fail(stop);
    if (!block.last) return true;
    const lie = this.#judgeContentSize();
    if (lie !== undefined) return this.#fail(lie);
    if (this.#header!.checksum) this.#state = 'checksum';
    else this.#endFrame(undefined);
    return true;
  }

  #judgeBlockCount(): DecodeProblem | undefined {
    if (this.#blocks < LIMITS.zstdBlocks) return undefined;
    return tooLarge('zstd', `the body has more than ${LIMITS.zstdBlocks} blocks`, this.#offset);
  }

  #count(block: BlockHeader): void {
    this.#blocks += 1;
    const compressed = block.type === 'compressed';
    const least = compressed ? 0 : block.size;
    const most = compressed ? this.#header!.blockMaximum : block.size;
    this.#least += least;
    this.#most += most;
    this.least += least;
    this.most += most;
    const facts = this.#facts!;
    facts.blocks = (facts.blocks ?? 0) + 1;
    facts.bound = facts.contentSize ?? this.#most;
  }

  /** A content size that the blocks cannot come to is a fault of the frame, known before anything is decompressed. */
  #judgeContentSize(): DecodeProblem | undefined {
    const { contentSize } = this.#header!;
    if (contentSize === null || (contentSize >= this.#least && contentSize <= this.#most)) return undefined;
    const what = `the header promises ${contentSize} bytes, and the blocks cannot decode to that`;
    return corrupt('zstd', what, this.#facts!.offset);
  }

  #readChecksum(): boolean {
    if (this.#bytes.length < CHECKSUM_BYTES) return false;
    this.#endFrame(this.#take(CHECKSUM_BYTES));
    return true;
  }

  #endFrame(checksum: Uint8Array | undefined): void {
    const facts = this.#facts!;
    facts.bytes = this.#offset - facts.offset;
    this.frames.push(facts);
    this.#facts = undefined;
    this.#state = 'magic';
    const problem = this.#handler.frameEnd?.(facts, checksum);
    if (problem !== undefined) this.#fail(problem);
  }

  #take(count: number): Uint8Array {
    this.#offset += count;
    return this.#bytes.take(count);
  }

  /** Keeps the problem, and the facts known so far of the frame that has it. */
  #fail(problem: DecodeProblem): false {
    this.problem = problem;
    if (this.#facts === undefined) return false;
    this.#facts.bytes = this.#offset + this.#bytes.length - this.#facts.offset;
    this.frames.push(this.#facts);
    this.#facts = undefined;
    return false;
  }
}

function describeHeader(header: FrameHeader): Partial<ZstdFrameFacts> {
  const { descriptor, windowSize, singleSegment, contentSize, dictionaryId, checksum } = header;
  return { descriptor, windowSize, singleSegment, contentSize, dictionaryId, checksum, blocks: 0 };
}

function judgeHeader(header: FrameHeader, offset: number): DecodeProblem | undefined {
  if (header.dictionaryId !== 0) {
    return corrupt('zstd', `the frame needs dictionary ${header.dictionaryId}, and HTTP has no way to give it`, offset);
  }
  if (header.windowSize > LIMITS.zstdWindow) {
    const window = formatSize(header.windowSize);
    const most = formatSize(LIMITS.zstdWindow);
    return tooLarge('zstd', `the frame asks for a window of ${window}; HTTP allows ${most} (RFC 9659)`, offset);
  }
  return undefined;
}

function judgeBlock(block: BlockHeader, frame: FrameHeader, offset: number): DecodeProblem | undefined {
  if (block.type === 'reserved') return corrupt('zstd', 'a block of the reserved type', offset);
  if (block.size > frame.blockMaximum) {
    return corrupt('zstd', `a block of ${block.size} bytes, larger than the maximum of ${frame.blockMaximum}`, offset);
  }
  // The shortest compressed block has a literals section header and a sequence count, one byte each.
  if (block.type === 'compressed' && block.size < 2)
    return corrupt('zstd', 'a compressed block without content', offset);
  return undefined;
}
