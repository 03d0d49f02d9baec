import { TapedeckError } from '../../errors.ts';

/**
 * Reads a list of numbers from 1 such as `1-3,7,10-`: whether a number is in it.
 * @throws TapedeckError `usage`
 */
export function parseRanges(text: string): (number: number) => boolean {
  const ranges = text.split(',').map((part) => {
    const match = /^\s*(\d{1,9})?(?:(-)(\d{1,9})?)?\s*$/.exec(part);
    const [, first, dash, last] = match ?? [];
    const from = first === undefined ? 1 : Number(first);
    const to = last !== undefined ? Number(last) : dash ? Number.POSITIVE_INFINITY : from;
    if (!match || (first === undefined && last === undefined) || from < 1 || to < from) {
      throw new TapedeckError('usage', `${JSON.stringify(text)} is no list of exchanges.`, {
        hint: 'Write numbers from 1 and ranges: 1-3,7,10-.',
      });
    }
    return { from, to };
  });
  return (number) => ranges.some(({ from, to }) => from <= number && number <= to);
}
