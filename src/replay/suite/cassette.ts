import { rememberLegs } from '../../cassette/legs.ts';
import type { CassetteReader } from '../../cassette/store.ts';
import type { CheckId } from '../../report/results/checks.ts';
import type { CassetteResult, ReplayOptions } from '../../report/results/model.ts';
import { quoteForShell } from '../../util/shell.ts';
import { describeExchange, judgeExchange } from './exchange.ts';
import type { ExpectedBook } from './expected.ts';
import { ProxyHost } from './proxy/host.ts';
import type { CheckContext } from './result.ts';
import { filterText, isInShard, parseFilter, parseMaxAge, parseShard } from './select.ts';
import { Retranslator } from './translation.ts';

/** What is judged of a cassette. */
export interface CassetteTask {
  /** As the report calls it. */
  name: string;
  options: ReplayOptions;
  shard?: string;
  /** Unix milliseconds, for what is too old. */
  now: number;
}

/**
 * Judges the exchanges of one cassette that are wanted, in the order of the file.
 * @param result filled in as it goes on, so that a cassette which cannot be read to its end shows what came before
 * @throws TapedeckError `cassette-unreadable`
 */
export async function judgeCassette(
  cassette: Pick<CassetteReader, 'exchanges' | 'edited'> & Partial<Pick<CassetteReader, 'header'>>,
  task: CassetteTask,
  expected: ExpectedBook,
  result: CassetteResult,
): Promise<void> {
  const retranslator = new Retranslator();
  const proxy = new ProxyHost(cassette.header, retranslator);
  try {
    await judgeExchanges(cassette, task, { retranslator, proxy, expected }, result);
  } finally {
    await proxy.close();
  }
}

async function judgeExchanges(
  cassette: Pick<CassetteReader, 'exchanges' | 'edited'>,
  { name, options, shard: part, now }: CassetteTask,
  { retranslator, proxy, expected }: Pick<CheckContext, 'retranslator' | 'proxy' | 'expected'>,
  result: CassetteResult,
): Promise<void> {
  const shard = part === undefined ? undefined : parseShard(part);
  const filter = options.filter === undefined ? undefined : parseFilter(options.filter);
  const known = new Set<string>();
  const judged = new Set<string>();
  const oldest = options.maxAge === undefined ? undefined : now - parseMaxAge(options.maxAge);
  let number = 0;
  if (cassette.edited) result.edited = true;
  for await (const exchange of cassette.exchanges()) {
    number += 1;
    known.add(exchange.id);
    rememberLegs(exchange);
    await retranslator.prepare(exchange);
    retranslator.remember(exchange);
    if (!isInShard(shard, name, exchange.id)) continue;
    const described = describeExchange(exchange, number);
    const wants = (check: CheckId) => !filter || filter(filterText(name, described, check));
    const reproduce = (check: CheckId) => commandFor(name, exchange.id, check, options);
    const recordedAt = exchange.client.startedDateTime;
    const expired = oldest !== undefined && Date.parse(recordedAt) < oldest;
    const setup = { exchange, options, retranslator, expected, proxy, expired, reproduce };
    const { results, served, unused } = await judgeExchange(setup, wants);
    if (!filter) judged.add(exchange.id);
    if (results.length === 0) continue;
    result.exchanges.push({ ...described, results });
    if (served > 0) result.served = (result.served ?? 0) + served;
    if (expired) {
      result.expired ??= [];
      result.expired.push({ exchange: exchange.id, recordedAt });
    }
    if (unused.length > 0) {
      result.unused ??= [];
      result.unused.push(...unused.map((attempt) => ({ exchange: exchange.id, attempt })));
    }
    if (options.bail && results.some(({ verdict }) => verdict === 'failed')) return;
  }
  // Of a part that was chosen by a filter nobody knows what is left over.
  const isJudged = (id: string) => judged.has(id) || (!filter && !known.has(id) && isInShard(shard, name, id));
  const leftovers = expected.leftovers(isJudged, known);
  if (expected.updates) for (const { exchange, result: name } of leftovers) expected.drop(exchange, name);
  else if (leftovers.length > 0) result.leftovers = leftovers;
}

/** The command line that runs one check of one exchange alone, with the flags that make a difference to it. */
function commandFor(name: string, exchange: string, check: CheckId, { profiles, splits }: ReplayOptions): string {
  const flags = [
    ...(check === 'legs.valid' || check === 'stream.grammar' ? profiles.map((profile) => `--profile ${profile}`) : []),
    ...((check === 'stream.translation' || check === 'proxy.response') && splits !== 'fast'
      ? [`--splits ${splits}`]
      : []),
  ];
  return ['tapedeck replay', quoteForShell(name), `--filter ${quoteForShell(`${exchange} ${check}`)}`, ...flags].join(
    ' ',
  );
}
