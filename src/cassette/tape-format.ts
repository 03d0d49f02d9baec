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
  /** A list that stands on the stretch already. */
  sameList: 8,
  data: 22,
  /** Without the lengths. */
  reads: 25,
  repeat: 17,
  end: 10,
} as const;

/** Stands for a second message where there is none. */
export const NO_SLOT = 0xffff;

/** Of the leg that a tape opens with. */
export const CLIENT_REQUEST = LEGS.indexOf('client-request');

/** Stands for the length of a list that is the same as an earlier one of the stretch, whose place follows. */
export const SAME_LIST = 0xffff_ffff;
