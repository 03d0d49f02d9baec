import { sha256Hex } from '../util/sha256.ts';
import type { Dialect } from './dialects.ts';
import type { TranslateContext } from './types.ts';

/**
 * The clock and the ids of one exchange, from its seed alone: a replay of the same bytes gives the same bytes.
 * @param seed `<unix ms>-<anything>`; one without a time stands at the beginning of 1970
 */
export function createContext(seed: string, dialect: Dialect): TranslateContext {
  const startedAt = Number(/^\d{1,15}(?=-)/.exec(seed)?.[0] ?? 0);
  let made = 0;
  let first: { digits: string; number: number } | undefined;
  return {
    dialect,
    now: () => startedAt,
    newId(prefix) {
      made += 1;
      // One hash an exchange: its first 96 bits tell exchanges apart, the last 32 its ids, as this step takes each value once.
      first ??= splitHash(sha256Hex(seed));
      const last = (first.number + Math.imul(made, ID_STEP)) >>> 0;
      return prefix + first.digits + last.toString(16).padStart(8, '0');
    },
  };
}

function splitHash(hash: string): { digits: string; number: number } {
  return { digits: hash.slice(0, 24), number: Number.parseInt(hash.slice(24, 32), 16) };
}

/** 2^32 by the golden ratio, an odd number: neighbouring ids look nothing alike. */
const ID_STEP = 0x9e3779b1;
