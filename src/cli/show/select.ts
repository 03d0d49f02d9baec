import type { RecordedExchange } from '../../cassette/legs.ts';
import type { CassetteReader, ExchangePlaces } from '../../cassette/store.ts';
import { TapedeckError } from '../../errors.ts';
import { oneLine } from '../../report/text.ts';

/** Exchanges that an error message names at most. */
const NAMED = 10;

/** An exchange and its number in the cassette, from 1. */
export interface Numbered {
  exchange: RecordedExchange;
  number: number;
}

/**
 * The exchange that is asked for, by its id or else by its number; nothing else is read where the cassette has places to read
 * from. Without a name it is the only one. Throws `usage` with the names there are.
 */
export async function findExchange(
  cassette: Pick<CassetteReader, 'exchanges' | 'places'>,
  name: string | undefined,
): Promise<Numbered> {
  const wantedNumber = name !== undefined && /^\d{1,9}$/.test(name) ? Number(name) : undefined;
  const { places } = cassette;
  if (!places) return searchExchange(cassette.exchanges(), name, wantedNumber);
  const only = name === undefined && places.count === 1 ? 1 : undefined;
  // An id may look like a number and wins.
  const number = (name === undefined ? undefined : places.numberOf(name)) ?? wantedNumber ?? only;
  const exchange = number === undefined ? undefined : await places.exchange(number);
  if (number !== undefined && exchange) return { exchange, number };
  throw unknown(name, namesIn(places), places.count);
}

function namesIn(places: ExchangePlaces): string[] {
  return Array.from({ length: Math.min(places.count, NAMED) }, (_, i) => nameOf(i + 1, places.idOf(i + 1) ?? ''));
}

/** Reads exchanges until the one that is asked for; no more than one is kept in memory. */
async function searchExchange(
  exchanges: AsyncIterable<RecordedExchange>,
  name: string | undefined,
  wantedNumber: number | undefined,
): Promise<Numbered> {
  const names: string[] = [];
  let candidate: Numbered | undefined;
  let number = 0;
  for await (const exchange of exchanges) {
    number++;
    if (exchange.id === name) return { exchange, number };
    // An id may look like a number and wins, so the search goes on to the end.
    if (number === (wantedNumber ?? 1)) candidate = { exchange, number };
    if (names.length < NAMED) names.push(nameOf(number, exchange.id));
    if (name === undefined && number > 1) candidate = undefined;
  }
  if (candidate !== undefined && (wantedNumber !== undefined || name === undefined)) return candidate;
  throw unknown(name, names, number);
}

function nameOf(number: number, id: string): string {
  return `${number} (${oneLine(id)})`;
}

function unknown(name: string | undefined, names: readonly string[], count: number): TapedeckError {
  const message =
    name === undefined ? 'Say which exchange is meant.' : `No exchange ${JSON.stringify(name)} in this cassette.`;
  return new TapedeckError('usage', message, { hint: hintFor(names, count) });
}

function hintFor(names: readonly string[], count: number): string {
  if (count === 0) return 'The cassette holds no exchange.';
  return `It has ${names.join(', ')}${count > names.length ? `, … ${count} in all` : ''}.`;
}
