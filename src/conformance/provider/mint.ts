import { sha256Hex } from '../../util/sha256.ts';

/** Gives out ids and times. The same seed gives the same ones, so that a scripted session is the same on every run. */
export interface Mint {
  /** The next id with that prefix: `resp_` and 48 hex digits. */
  id(prefix: string): string;
  /** Unix seconds; each call is one second later. */
  now(): number;
}

/** 2026-01-01T00:00:00Z: a scripted answer says when it was made, and must say the same on every run. */
const FIRST_SECOND = 1_767_225_600;

/** Starts a mint. `seed` is any text; two upstreams with different seeds share no id. */
export function createMint(seed: string): Mint {
  let ids = 0;
  let seconds = 0;
  return {
    id: (prefix) => `${prefix}_${sha256Hex(`${seed}:${ids++}`).slice(0, 48)}`,
    now: () => FIRST_SECOND + seconds++,
  };
}
