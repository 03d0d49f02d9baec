import type { JournalFile } from './journal.ts';
import { RECORDING_LIMITS } from './limits.ts';

/** Touches a journal for as long as it is written; answers with the function that ends it. */
export function keepTouching(file: JournalFile): () => void {
  // Whether that works does not matter to the recording: the next write will tell.
  const beat = setInterval(() => void file.touch().catch(() => undefined), RECORDING_LIMITS.heartbeatMs).unref();
  return () => clearInterval(beat);
}

/** When the tape goes to whoever writes it: beside the traffic, never within a call that it makes. */
export interface Ticker {
  /** Runs `ready` a moment later, so that what ends at about the same time is written together. */
  soon(): void;
  /** Runs `all` before an update has waited too long. */
  later(): void;
  /** Milliseconds, from a monotonic clock. */
  now(): number;
  stop(): void;
}

export function createTicker(work: { ready(): void; all(): void }): Ticker {
  let gathering: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    soon() {
      gathering ??= setTimeout(() => {
        gathering = undefined;
        work.ready();
      }, RECORDING_LIMITS.gatherMs);
    },
    later() {
      timer ??= setTimeout(() => {
        timer = undefined;
        work.all();
      }, RECORDING_LIMITS.flushMs);
    },
    now: () => performance.now(),
    stop() {
      clearTimeout(timer);
      clearTimeout(gathering);
    },
  };
}
