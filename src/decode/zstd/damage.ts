import { TapedeckError } from '../../errors.ts';
import { corrupt } from '../problems.ts';
import type { DecodeProblem } from '../types.ts';

/**
 * Throws `coding-corrupt` unless what must hold in sound data holds. A fault may turn up at any bit, so inside a block it is
 * thrown; whoever decodes blocks makes a problem of it with `catchDamage`.
 */
export function ensure(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new TapedeckError('coding-corrupt', otherwise);
}

/** What `decode` gives, or the problem of the block at `offset` of the coded body that `ensure` found in it. */
export function catchDamage<T>(decode: () => T, offset: number): T | DecodeProblem {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    return corrupt('zstd', `the data is damaged (${error.message})`, offset);
  }
}
