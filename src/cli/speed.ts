import { TapedeckError } from '../errors.ts';
import type { Speed } from '../replay/player.ts';

/** Reads the value of `--speed`. @throws TapedeckError `usage` */
export function readSpeed(text: string): Speed {
  if (text === 'recorded' || text === 'instant') return text;
  const factor = Number(text);
  if (Number.isFinite(factor) && factor > 0) return factor;
  throw new TapedeckError('usage', `--speed ${text} is no speed.`, {
    hint: 'Give recorded, instant, or a number such as 10 for ten times faster.',
  });
}
