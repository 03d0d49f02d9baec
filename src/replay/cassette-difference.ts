import type { RecordedExchange } from '../cassette/legs.ts';
import { TapedeckError } from '../errors.ts';
import type { Outcome } from '../util/types.ts';
import { compareExchanges, type ExchangeDifference } from './exchange-difference.ts';
import { type ExchangeSource, sourceOfList } from './exchange-source.ts';
import { indexSource } from './library.ts';
import { type Pair, type Pairable, pairUp } from './pairing.ts';
import { type MatchLevel, type MatchRules, routeOf } from './request.ts';
import type { RequestTable } from './request-table.ts';

/** An exchange, as far as a report of differences names it. */
export interface ExchangeName {
  /** From 1. */
  number: number;
  id: string;
  method: string;
  /** Without the address, with the query. */
  path: string;
  status: number;
  outcome: Outcome;
}

/** Two exchanges that belong together and differ; `by`: `order` when their requests are not equal. */
export interface DifferentPair extends ExchangeDifference {
  a: ExchangeName;
  b: ExchangeName;
  by: Pair<Pairable>['by'];
}

/** Numbers of exchanges that are paired and stand in another order in `b`. */
export interface MovedPair {
  a: number;
  b: number;
}

export interface CassetteDifference {
  /** How many pairs do not differ. */
  same: number;
  different: DifferentPair[];
  onlyA: ExchangeName[];
  onlyB: ExchangeName[];
  /** Counts as a difference at level `exact` alone: at the others a cassette answers in any order. */
  moved: MovedPair[];
}

/** What `diff --json` writes. schemas/diff.schema.json is made from it. */
export interface DiffReport extends CassetteDifference {
  event: 'diff';
  match: MatchLevel;
  /** The two files. */
  a: string;
  b: string;
  /** Whether nothing differs at that level. */
  equal: boolean;
}

/** An exchange on its way to a partner. */
interface Item extends Pairable {
  name: ExchangeName;
}

/** How two recordings are compared. */
export interface CompareOptions {
  level: MatchLevel;
  /** Field rules of the user's own. */
  rules?: MatchRules;
}

/**
 * Compares two cassettes; of the exchanges two are in memory at a time.
 * @throws TapedeckError `cassette-unreadable`
 */
export async function compareCassettes(
  a: ExchangeSource,
  b: ExchangeSource,
  options: CompareOptions,
): Promise<CassetteDifference> {
  const { level } = options;
  const both = joined(a, b);
  // One index of both: a directory that one of them names counts in the texts of the other.
  const table = await indexSource(both, { ...options, repeat: 'none' });
  const [ofA, ofB] = await itemsOf(table, a, b);
  const { pairs, onlyA, onlyB, moved } = pairUp(ofA, ofB);
  const different: DifferentPair[] = [];
  for (const pair of pairs) {
    const [old, now] = [await load(a, pair.a.number), await load(b, pair.b.number)];
    const difference = compareExchanges(old, now, { table, level });
    if (difference) different.push({ a: pair.a.name, b: pair.b.name, by: pair.by, ...difference });
  }
  return {
    same: pairs.length - different.length,
    different,
    onlyA: onlyA.map(({ name }) => name),
    onlyB: onlyB.map(({ name }) => name),
    moved: moved.map((pair) => ({ a: pair.a.number, b: pair.b.number })),
  };
}

/** Compares two exchanges, whatever they ask for; the numbers are those in their cassettes. */
export async function comparePair(
  a: { exchange: RecordedExchange; number: number },
  b: { exchange: RecordedExchange; number: number },
  options: CompareOptions,
): Promise<CassetteDifference> {
  const { level } = options;
  const sources = [sourceOfList([a.exchange]), sourceOfList([b.exchange])] as const;
  const table = await indexSource(joined(...sources), { ...options, repeat: 'none' });
  const [[one], [other]] = await itemsOf(table, ...sources);
  const difference = compareExchanges(a.exchange, b.exchange, { table, level });
  const names = { a: { ...one!.name, number: a.number }, b: { ...other!.name, number: b.number } };
  const by = one!.key !== undefined && one!.key === other!.key ? 'key' : 'order';
  const different = difference ? [{ ...names, by, ...difference } as const] : [];
  return { same: 1 - different.length, different, onlyA: [], onlyB: [], moved: [] };
}

/** Whether a comparison found nothing at its level. */
export function isSame({ different, onlyA, onlyB, moved }: CassetteDifference, level: MatchLevel): boolean {
  return different.length + onlyA.length + onlyB.length === 0 && (level !== 'exact' || moved.length === 0);
}

function joined(...sources: readonly ExchangeSource[]): Pick<ExchangeSource, 'exchanges'> {
  return {
    async *exchanges() {
      for (const source of sources) yield* source.exchanges();
    },
  };
}

/** The exchanges of two sources that a table has learnt, one after the other. */
async function itemsOf(table: RequestTable, ...sources: readonly [ExchangeSource, ExchangeSource]) {
  const keys = new Map(table.all.map(({ number, key }) => [number, key]));
  const lists: [Item[], Item[]] = [[], []];
  let learnt = 0;
  for (const [i, source] of sources.entries()) {
    for await (const exchange of source.exchanges()) {
      learnt += 1;
      lists[i]!.push(itemOf(exchange, lists[i]!.length + 1, keys.get(learnt)));
    }
  }
  return lists;
}

/** @param key undefined for a request that cannot be asked for: one that did not arrive whole */
function itemOf({ id, client }: RecordedExchange, number: number, key: string | undefined): Item {
  const { method, url } = client.request;
  const route = routeOf({ method, target: url, body: undefined }, undefined);
  const path = url.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, '');
  const { response, _outcome: outcome } = client;
  const name: ExchangeName = { number, id, method, path, status: response.status, outcome };
  return { number, key, route, name };
}

async function load(source: ExchangeSource, number: number): Promise<RecordedExchange> {
  const exchange = await source.exchange(number);
  if (exchange) return exchange;
  throw new TapedeckError('cassette-unreadable', 'The cassette changed while it was read.', {
    hint: 'Run the command again.',
  });
}
