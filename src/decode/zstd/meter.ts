import type { DecodeProblem } from '../types.ts';
import { catchDamage, ensure } from './damage.ts';
import type { BlockHeader, FrameHeader } from './header.ts';
import { BLOCK_HEADER_BYTES } from './header.ts';
import { readLiteralsHeader } from './literals.ts';
import type { SequenceTables } from './sequences.ts';
import { decodeSequences } from './sequences.ts';

/**
 * Tells what the blocks of frames decode to, one at a time, without decoding them: the size is that of the literals, which
 * their header says, and of the matches, whose lengths do not depend on any content. So it needs no window. Whether the
 * content is sound is not its matter.
 */
export class ZstdMeter {
  #blockMaximum = 0;
  #tables: SequenceTables | undefined;

  /** A new frame begins. */
  begin(header: FrameHeader): void {
    this.#blockMaximum = header.blockMaximum;
    this.#tables = undefined;
  }

  /** The size that `block`, header included, decodes to; or what is wrong with it. `offset`: its place in the coded body. */
  measure(header: BlockHeader, block: Uint8Array, offset: number): number | DecodeProblem {
    if (header.type !== 'compressed') return header.size;
    return catchDamage(() => this.#measureCompressed(block), offset);
  }

  #measureCompressed(block: Uint8Array): number {
    const literals = readLiteralsHeader(block, BLOCK_HEADER_BYTES, this.#blockMaximum);
    let size = literals.size;
    this.#tables = decodeSequences(block, literals.next, this.#tables, (_literals, _offset, match) => {
      size += match;
      ensure(size <= this.#blockMaximum, 'a block that comes to more than its maximum');
    });
    return size;
  }
}
