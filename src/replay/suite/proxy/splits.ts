import type { Splits } from '../../../report/results/model.ts';

/** One way to cut what comes from upstream into reads. */
export interface ReadSplit {
  /** For the report. */
  name: string;
  cut(bytes: Uint8Array): Iterable<Uint8Array>;
}

/**
 * With `fast` so many bytes at each end of an answer come one by one, and what lies between in pieces: a read costs the whole way through the
 * proxy, ten times what it costs the translator, whose own check splits all of it byte by byte.
 */
const SINGLE = 512;

/** Odd and a prime, so that pieces keep to no pattern of what they are cut from. */
const PIECE = 61;

const WHOLE: ReadSplit = { name: 'whole', cut: (bytes) => [bytes] };

/** The ways beside the recorded reads. */
export function proxySplits(mode: Splits): readonly ReadSplit[] {
  if (mode === 'none') return [];
  const single = mode === 'all' ? Number.POSITIVE_INFINITY : SINGLE;
  return [WHOLE, { name: 'byte by byte', cut: (bytes) => bytewise(bytes, single) }];
}

function* bytewise(bytes: Uint8Array, single: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const inEnds = at < single || at >= bytes.length - single;
    const next = inEnds ? at + 1 : Math.min(at + PIECE, bytes.length - single);
    yield bytes.subarray(at, next);
    at = next;
  }
}
