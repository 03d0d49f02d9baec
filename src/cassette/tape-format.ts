import type { LegName, Outcome, Protocol } from '../util/types.ts';
import type { EntryEnd } from './format.ts';

/** Codes and words of the tape that `tape.ts` writes and `tape-player.ts` reads. */

export const OP = {
  open: 1,
  head: 2,
  data: 3,
  repeat: 4,
  end: 5,
  attemptEnd: 6,
  losses: 7,
  socketClose: 8,
  close: 9,
  informational: 10,
  reads: 11,
} as const;

/** Words that are written as their place in a list. */
export const PROTOCOLS: readonly (Protocol | null)[] = [null, 'responses', 'chat', 'messages'];
export const LEGS: readonly LegName[] = ['client-request', 'upstream-request', 'upstream-response', 'client-response'];
export const ENDED_BY: readonly EntryEnd['by'][] = ['client', 'tapedeck', 'upstream'];
export const ENDED_HOW: readonly EntryEnd['how'][] = ['complete', 'closed', 'reset', 'timeout', 'refused', 'error'];
export const OUTCOMES: readonly Outcome[] = [
  'complete',
  'client-aborted',
  'upstream-aborted',
  'upstream-error',
  'timeout',
  'refused',
  'recorder-killed',
];

/** Bytes of the parts that every operation of a kind has. */
export const TAPE_BYTES = {
  /** Code and exchange. */
  start: 5,
  /** Length and width of a text. */
  text: 4,
  /** Width and number of a list's texts, without their lengths. */
  list: 5,
  data: 22,
  /** Without the lengths. */
  reads: 25,
  repeat: 17,
  end: 10,
} as const;

/** Stands for a second message where there is none. */
export const NO_SLOT = 0xffff;

/** What a text takes at most. */
export function textRoom(text: string): number {
  return TAPE_BYTES.text + 2 * text.length;
}

/** What a list takes at most, with its own length. */
export function listRoom(first: readonly string[], rest: readonly string[]): number {
  let length = 0;
  for (let i = 0; i < first.length; i++) length += first[i]!.length;
  for (let i = 0; i < rest.length; i++) length += rest[i]!.length;
  return 4 + TAPE_BYTES.list + 4 * (first.length + rest.length) + 2 * length;
}
