import { setTimeout as pause } from 'node:timers/promises';
import type { Verdict } from '../check.ts';

/** Why a trial goes no further; its failures up to there count. */
export interface Stop {
  verdict: Extract<Verdict, 'fail' | 'unsupported' | 'inconclusive' | 'not-applicable' | 'error'>;
  reason: string;
  /** Nothing came in time, which says something only where the same check passes against a gateway that works. */
  late?: true;
}

const STOPS = new WeakMap<Error, Stop>();

/** An exception that ends a trial; what is no such thing is a bug of the check. */
export function stopError(stop: Stop): Error {
  const error = new Error(stop.reason);
  STOPS.set(error, stop);
  return error;
}

export function stopOf(error: unknown): Stop | undefined {
  return error instanceof Error ? STOPS.get(error) : undefined;
}

/** No scripted answer takes longer than this many timeouts to its end, however slow the machine. */
export const MOST_WAITS = 12;

/** In how many steps a wait is counted. */
const STEPS = 20;

/**
 * The value of a promise, if it is there in time; otherwise the trial ends. The time is counted in steps, so that a process that was
 * kept from running for a while does not take what it has not yet read for something that did not come.
 * @param what in the message: `the head of the answer`
 */
export async function inTime<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    let steps = 0;
    timer = setInterval(() => {
      const reason = `${what} did not come within ${ms / 1000} s`;
      if (++steps === STEPS) reject(stopError({ verdict: 'fail', reason, late: true }));
    }, ms / STEPS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearInterval(timer);
  }
}

/** Does something again and again until what came is wanted or the time is over, and gives what came last. The time is counted as above. */
export async function tryUntil<T>(work: () => Promise<T>, isWanted: (found: T) => boolean, ms: number): Promise<T> {
  for (let left = STEPS; ; left--) {
    const found = await work();
    if (left === 0 || isWanted(found)) return found;
    await pause(ms / STEPS);
  }
}
