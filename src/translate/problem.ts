import type { Refusal } from './types.ts';

/** A refusal, as a client of any protocol is told it. */
export function problemOf(status: number, code: string, message: string): Refusal {
  return { problem: { status, code, message } };
}
