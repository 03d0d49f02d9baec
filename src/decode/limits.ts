import type { DecodeLimits } from './types.ts';

const MIB = 1024 * 1024;

interface Limits {
  request: DecodeLimits;
  response: DecodeLimits;
  codings: number;
  betweenCodings: number;
  zstdWindow: number;
  zstdFrames: number;
  zstdBlocks: number;
  jsonDepth: number;
}

/** Every number of this layer that is policy, with its reason. */
export const LIMITS: Limits = {
  /**
   * 64 MiB: the cap that gateways agree on for decoded requests (a Codex turn is 30 KB to a few MiB, with images tens of
   * MiB); a coded body larger than its decoded limit has nothing to gain from coding.
   */
  request: { coded: 64 * MIB, decoded: 64 * MIB },
  /** 256 MiB: answers stream through and are never held whole here, so the limit only stops one that does not end. */
  response: { coded: 256 * MIB, decoded: 256 * MIB },
  /** 5 stacked codings: nobody sends more than two, and each one multiplies the work of a hostile body. */
  codings: 5,
  /**
   * 7 MiB: what one of several stacked codings leaves for the next to undo, which is held beside the result of that one.
   * Whoever stacks codings does it with small bodies; a nested bomb ends here.
   */
  betweenCodings: 7 * MIB,
  /** 8 MiB: RFC 9659 forbids larger windows in the `zstd` content coding. Codex uses 2 MiB. */
  zstdWindow: 8 * MIB,
  /** 4096 frames: parallel encoders cut at 512 KiB or more, so a body within 64 MiB needs at most 128. */
  zstdFrames: 4096,
  /**
   * 262,144 blocks: one for every 256 bytes of a body of 64 MiB. Encoders that are flushed for each item or event make
   * blocks of hundreds of bytes; a hostile block of some twenty bytes costs ten microseconds of table building.
   */
  zstdBlocks: 262_144,
  /** 2000 levels: deeper JSON has no canonical form, since writing it would exhaust the stack. Real requests stay below 30. */
  jsonDepth: 2000,
};
