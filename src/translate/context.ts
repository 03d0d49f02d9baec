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
  return {
    dialect,
    now: () => startedAt,
    newId(prefix) {
      made += 1;
      return prefix + sha256Hex(`${seed}#${made}`).slice(0, 32);
    },
  };
}
