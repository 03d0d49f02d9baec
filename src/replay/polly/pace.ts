import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Speed } from '../player.ts';

/** Waits until a recorded moment has come, in milliseconds since the request; rejects when the request is aborted. */
export type Pace = (ms: number, request: { readonly gone: AbortSignal }) => Promise<unknown>;

/** A pace that waits for nothing, not even for a turn of the event loop. */
export const AT_ONCE: Pace = async () => {};

/** A pace that begins now. */
export function startPace(speed: Speed): Pace {
  // A turn of the event loop lets whoever reads take one chunk before the next.
  if (speed === 'instant') return (_, { gone }) => nextTurn(undefined, { signal: gone });
  const factor = speed === 'recorded' ? 1 : speed;
  const started = performance.now();
  return (ms, { gone }) => sleep(Math.max(0, started + ms / factor - performance.now()), undefined, { signal: gone });
}
