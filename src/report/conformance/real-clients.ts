import type { Verdict } from '../../conformance/check.ts';
import { formatMs } from '../format.ts';
import { type CheckResult, type ConformanceReport, VERDICTS } from './model.ts';

/** How a real client got on, by the route that it took. */
export interface RealClientRow {
  client: string;
  /** `responses->chat`. */
  route: string;
  counts: Record<Verdict, number>;
  /** Of everything that applies. */
  all: number;
  /** Over all scenarios. */
  lost: { attempts: number; ms: number };
}

/** A row for each real client and route, in the order in which they were run. */
export function realClientRows({ results }: Pick<ConformanceReport, 'results'>): RealClientRow[] {
  const rows = new Map<string, RealClientRow>();
  for (const result of results) {
    const { client, route = '', verdict, lost } = result;
    if (client === undefined || verdict === 'not-applicable') continue;
    const key = JSON.stringify([client, route]);
    const row = rows.get(key) ?? emptyRow(client, route);
    rows.set(key, row);
    row.all += 1;
    row.counts[verdict] += 1;
    row.lost.attempts += lost?.attempts ?? 0;
    row.lost.ms += lost?.ms ?? 0;
  }
  return [...rows.values()];
}

function emptyRow(client: string, route: string): RealClientRow {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  return { client, route, counts, all: 0, lost: { attempts: 0, ms: 0 } };
}

/** `Codex 0.169.0 responses->chat: 9 of 11 pass, 1 fail, 1 warn; 6.40 s lost on 7 attempts in vain` */
export function realClientLines(report: Pick<ConformanceReport, 'results'>): string[] {
  return realClientRows(report).map(({ client, route, counts, all, lost }) => {
    const others = VERDICTS.filter((verdict) => verdict !== 'pass' && counts[verdict] > 0);
    const told = [`${counts.pass} of ${all} pass`, ...others.map((verdict) => `${counts[verdict]} ${verdict}`)];
    const time = lost.attempts === 0 ? '' : `; ${lostText(lost)}`;
    return `${client} ${route}: ${told.join(', ')}${time}`;
  });
}

/** `6.40 s lost on 7 attempts in vain` */
export function lostText({ attempts, ms }: NonNullable<CheckResult['lost']>): string {
  return `${formatMs(ms)} lost on ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} in vain`;
}
