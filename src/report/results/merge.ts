import { TapedeckError } from '../../errors.ts';
import {
  type CassetteResult,
  countResults,
  type ExchangeResult,
  type Leftover,
  type ReplayReport,
  receiptOf,
} from './model.ts';

/**
 * Joins the reports of the parts of a run (`--shard i/n`), or of runs over different cassettes, into what one run over all would have
 * written, byte for byte.
 * @param reports with what people call them
 * @throws TapedeckError `usage` when they do not belong together, or a part is missing
 */
export function mergeReports(reports: readonly { name: string; report: ReplayReport }[]): ReplayReport {
  const [first] = reports;
  if (!first) throw new TapedeckError('usage', 'There is nothing to merge.');
  checkShards(reports);
  for (const { name, report } of reports) {
    for (const field of ['tool', 'options', 'checks'] as const) {
      if (JSON.stringify(report[field]) === JSON.stringify(first.report[field])) continue;
      throw new TapedeckError('usage', `${name} and ${first.name} differ in their ${field}.`, {
        hint: 'Only reports of one version and of the same flags can be joined.',
      });
    }
  }
  const cassettes = new Map<string, CassetteResult>();
  for (const { name, report } of reports) {
    for (const cassette of report.cassettes) {
      const known = cassettes.get(cassette.cassette);
      cassettes.set(cassette.cassette, known ? joinCassettes(known, cassette, name) : cassette);
    }
  }
  const all = [...cassettes.values()].sort((a, b) => (a.cassette < b.cassette ? -1 : 1));
  const { tapedeckReplay, tool, options, checks } = first.report;
  const denied = reports.reduce((sum, { report }) => sum + report.receipt.denied, 0);
  const [counts, receipt] = [countResults(all), receiptOf(all, denied)];
  return { tapedeckReplay, tool, options, counts, receipt, checks, cassettes: all };
}

function checkShards(reports: readonly { name: string; report: ReplayReport }[]): void {
  const shards = reports.map(({ report }) => report.shard);
  const named = shards.filter((shard) => shard !== undefined);
  if (named.length === 0) return;
  const [, count = ''] = named[0]!.split('/');
  const wanted = Array.from({ length: Number(count) }, (_, i) => `${i + 1}/${count}`);
  const missing = wanted.filter((shard) => !shards.includes(shard));
  const twice = named.find((shard, i) => named.indexOf(shard) !== i);
  const other = shards.find((shard) => shard === undefined || !wanted.includes(shard));
  if (missing.length === 0 && twice === undefined && named.length === shards.length && other === undefined) return;
  const what =
    missing.length > 0
      ? `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`
      : twice === undefined
        ? 'some are no part of the same whole'
        : `${twice} is there twice`;
  throw new TapedeckError('usage', `These are not all parts of one run: ${what}.`, {
    hint: 'Give the JSON report of every --shard i/n.',
  });
}

function joinCassettes(a: CassetteResult, b: CassetteResult, name: string): CassetteResult {
  const exchanges = [...a.exchanges, ...b.exchanges].sort((one, other) => one.number - other.number);
  const twice = exchanges.find((one, i) => one.id === exchanges[i - 1]?.id);
  if (twice) {
    const message = `${name} holds results of exchange ${twice.id} of ${a.cassette} that another report holds as well.`;
    throw new TapedeckError('usage', message, { hint: 'Give each report once.' });
  }
  const leftovers = [...(a.leftovers ?? []), ...(b.leftovers ?? [])].sort(byNames);
  const unreadable = a.unreadable ?? b.unreadable;
  const place = new Map(exchanges.map(({ id }, i) => [id, i]));
  const inOrder = <T extends { exchange: string }>(list: readonly (readonly T[] | undefined)[]): T[] =>
    list.flatMap((part) => part ?? []).sort((one, other) => place.get(one.exchange)! - place.get(other.exchange)!);
  const unused = inOrder([a.unused, b.unused]);
  const expired = inOrder([a.expired, b.expired]);
  const served = (a.served ?? 0) + (b.served ?? 0);
  return orderFields({
    cassette: a.cassette,
    ...(a.edited || b.edited ? { edited: true as const } : {}),
    ...(unreadable ? { unreadable } : {}),
    ...(leftovers.length > 0 ? { leftovers } : {}),
    ...(unused.length > 0 ? { unused } : {}),
    ...(expired.length > 0 ? { expired } : {}),
    ...(served > 0 ? { served } : {}),
    exchanges: exchanges satisfies ExchangeResult[],
  });
}

/** The order of leftovers: that of their file says nothing of one part and the next. */
export function byNames(one: Leftover, other: Leftover): number {
  return compareText(`${one.exchange} ${one.result}`, `${other.exchange} ${other.result}`);
}

/** The order of the model, so that the JSON is that of one run. */
export function orderFields(result: CassetteResult): CassetteResult {
  const { cassette, edited, unreadable, leftovers, unused, expired, served, exchanges } = result;
  return {
    cassette,
    ...(edited ? { edited } : {}),
    ...(unreadable ? { unreadable } : {}),
    ...(leftovers ? { leftovers } : {}),
    ...(unused ? { unused } : {}),
    ...(expired ? { expired } : {}),
    ...(served ? { served } : {}),
    exchanges,
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
