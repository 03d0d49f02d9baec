import type { RecordedExchange } from '../../cassette/legs.ts';
import { TapedeckError } from '../../errors.ts';
import { oneLine } from '../../report/text.ts';

/** Exchanges that an error message names at most. */
const NAMED = 10;

/**
 * Reads exchanges until the one that is asked for, by its id or else by its number (from 1); no more than one is kept in
 * memory. Without a name it is the only one. Throws `usage` with the names there are.
 */
export async function findExchange(
  exchanges: AsyncIterable<RecordedExchange>,
  name: string | undefined,
): Promise<{ exchange: RecordedExchange; number: number }> {
  const wantedNumber = name !== undefined && /^\d{1,9}$/.test(name) ? Number(name) : undefined;
  const names: string[] = [];
  let candidate: { exchange: RecordedExchange; number: number } | undefined;
  let number = 0;
  for await (const exchange of exchanges) {
    number++;
    if (exchange.id === name) return { exchange, number };
    // An id may look like a number and wins, so the search goes on to the end.
    if (number === (wantedNumber ?? 1)) candidate = { exchange, number };
    if (names.length < NAMED) names.push(`${number} (${oneLine(exchange.id)})`);
    if (name === undefined && number > 1) candidate = undefined;
  }
  if (candidate !== undefined && (wantedNumber !== undefined || name === undefined)) return candidate;
  const message =
    name === undefined ? 'Say which exchange is meant.' : `No exchange ${JSON.stringify(name)} in this cassette.`;
  throw new TapedeckError('usage', message, { hint: hintFor(names, number) });
}

function hintFor(names: readonly string[], count: number): string {
  if (count === 0) return 'The cassette holds no exchange.';
  return `It has ${names.join(', ')}${count > names.length ? `, … ${count} in all` : ''}.`;
}
