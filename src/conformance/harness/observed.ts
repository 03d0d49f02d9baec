import type { EntryEnd } from '../../cassette/format.ts';
import type { RequestHead, ResponseHead } from '../../cassette/tap.ts';
import type { Outcome, Protocol } from '../../util/types.ts';

/** What one side of an exchange saw; times are milliseconds since `startedAt`. */
export interface ObservedSide {
  protocol: Protocol | null;
  /** Unix milliseconds. */
  startedAt: number;
  request: RequestHead;
  requestBody: Uint8Array;
  /** Absent: none came. */
  response?: ResponseHead;
  headMs: number;
  /** One element a read or write. */
  chunks: [ms: number, bytes: Uint8Array][];
  outcome: Outcome;
  end: EntryEnd;
  /** It took place on this WebSocket connection. */
  connection?: string;
  /** Of an upstream request: several requests of the client were under way when it began, and nothing but the time says whose it is. */
  guessed?: true;
}

/** One request of the check client and what the gateway made of it. */
export interface Observed extends ObservedSide {
  attempts: ObservedSide[];
}

/** An observation that has only just begun; it ends as timed out unless something else is said. */
export function beginSide(protocol: Protocol | null, request: RequestHead, requestBody: Uint8Array): ObservedSide {
  return {
    protocol,
    startedAt: Date.now(),
    request,
    requestBody,
    headMs: 0,
    chunks: [],
    outcome: 'timeout',
    end: { by: 'tapedeck', ms: 0, how: 'timeout' },
  };
}

/** Milliseconds since a side began. */
export function msOf(side: ObservedSide): number {
  return Math.max(0, Date.now() - side.startedAt);
}
