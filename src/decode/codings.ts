import { LIMITS } from './limits.ts';
import type { DecodeProblem } from './types.ts';

/** Content codings that are decoded and encoded here; `identity` is the absence of one. */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** `x-gzip` is gzip (RFC 9110 section 8.4.1.3). */
const CODINGS: Readonly<Record<string, Coding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  zstd: 'zstd',
};

/** Outcome of reading a `content-encoding` value. */
export interface CodingList {
  /** Names in the order they were applied, lower case, without `identity`; unknown ones included. */
  encodings: string[];
  /** The same as codings; empty when there is a problem. */
  codings: Coding[];
  problem?: DecodeProblem;
}

/**
 * Reads a `Content-Encoding` value (RFC 9110 section 8.4): a list, in any case, with spaces and empty members, in the
 * order in which the codings were applied. An unknown coding, or more than `LIMITS.codings` of them, is a problem (415).
 */
export function readCodings(value: string | undefined): CodingList {
  const names = (value ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
  const encodings = names.map((name) => codingOf(name) ?? name);
  const unknown = names.find((name) => codingOf(name) === undefined);
  if (unknown !== undefined) return { encodings, codings: [], problem: unknownCoding(unknown) };
  if (names.length > LIMITS.codings) return { encodings, codings: [], problem: tooManyCodings(names) };
  return { encodings, codings: encodings as Coding[] };
}

export function codingOf(name: string): Coding | undefined {
  return Object.hasOwn(CODINGS, name) ? CODINGS[name] : undefined;
}

function unknownCoding(name: string): DecodeProblem {
  const shown = JSON.stringify(name.slice(0, 40));
  const message = `content coding ${shown} is not known: use ${Object.keys(CODINGS).join(', ')} or identity`;
  return { code: 'coding-unknown', status: 415, message, coding: name };
}

function tooManyCodings(names: readonly string[]): DecodeProblem {
  const message = `${names.length} content codings are stacked: at most ${LIMITS.codings} are undone`;
  return { code: 'coding-unknown', status: 415, message, coding: names.at(-1)! };
}
