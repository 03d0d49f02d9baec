import type { Verdict } from '../../conformance/check.ts';
import { formatMs } from '../format.ts';
import { oneLine, truncateText } from '../text.ts';
import { type CheckResult, type ConformanceReport, VERDICTS } from './model.ts';
import { whyOf } from './words.ts';

/** How a real client got on, by the route that it took. */
export interface RealClientRow {
  client: string;
  /** `responses->chat`. */
  route: string;
  verdict: 'works' | 'works with limits' | 'does not work' | 'not judged';
  counts: Record<Verdict, number>;
  /** Of everything that applies. */
  all: number;
  /** Over all scenarios. */
  lost: { attempts: number; ms: number };
  /** What did not go as it should. */
  troubles: Trouble[];
}

/** A scenario in which a client did not get what it gets without the gateway, or not at once. */
export interface Trouble {
  /** The last part of the check's id. */
  scenario: string;
  verdict: Verdict;
  /** What its user sees. */
  what: string;
  lost?: { attempts: number; ms: number };
}

/** Without a text and the commands of a model no client is of use. */
const NEEDED = /\.(?:text|tool-turns?)$/;

const LONGEST = 300;

/** A row for each real client and route, in the order in which they were run. */
export function realClientRows({ results }: Pick<ConformanceReport, 'results'>): RealClientRow[] {
  const groups = new Map<string, CheckResult[]>();
  for (const result of results) {
    const { client, route = '', verdict } = result;
    if (client === undefined || verdict === 'not-applicable') continue;
    const key = JSON.stringify([client, route]);
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].map(rowOf);
}

function rowOf(results: readonly CheckResult[]): RealClientRow {
  const counts = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  const lost = { attempts: 0, ms: 0 };
  for (const result of results) {
    counts[result.verdict] += 1;
    lost.attempts += result.lost?.attempts ?? 0;
    lost.ms += result.lost?.ms ?? 0;
  }
  const [{ client = '', route = '' } = {}] = results;
  const troubles = results.filter(({ verdict }) => verdict !== 'pass').map(troubleOf);
  return { client, route, verdict: verdictOf(results, counts), counts, all: results.length, lost, troubles };
}

/** What fails in one scenario alone is a limit; what a client cannot be without is the end. */
function verdictOf(results: readonly CheckResult[], counts: Record<Verdict, number>): RealClientRow['verdict'] {
  const failed = results.filter(({ verdict }) => verdict === 'fail');
  const useless =
    failed.some(({ check }) => NEEDED.test(check)) || (failed.length > 0 && counts.pass + counts.warn === 0);
  if (useless) return 'does not work';
  if (counts.pass + counts.warn === 0) return 'not judged';
  return counts.pass === results.length ? 'works' : 'works with limits';
}

function troubleOf(result: CheckResult): Trouble {
  const { check, verdict, lost } = result;
  const what = truncateText(oneLine(whyOf(result)), LONGEST);
  return { scenario: check.slice(check.lastIndexOf('.') + 1), verdict, what, ...(lost ? { lost } : {}) };
}

/** The verdict on each client in one line, and a line for each scenario that went wrong. */
export interface RealClientText {
  /** `Codex 0.169.0 responses->chat: works with limits, 9 of 11 scenarios pass; 6.40 s lost on 7 attempts in vain` */
  verdict: string;
  /** `websocket (warn): Codex tried 7 times in vain (6.40 s lost on 7 attempts in vain)` */
  troubles: string[];
}

export function realClientTexts(report: Pick<ConformanceReport, 'results'>): RealClientText[] {
  return realClientRows(report).map(({ client, route, verdict, counts, all, lost, troubles }) => {
    const passed = `${counts.pass} of ${all} ${all === 1 ? 'scenario passes' : 'scenarios pass'}`;
    const time = lost.attempts === 0 ? '' : `; ${lostText(lost)}`;
    return {
      verdict: oneLine(`${client} ${route}: ${verdict}, ${passed}${time}`),
      troubles: troubles.map(troubleText),
    };
  });
}

function troubleText({ scenario, verdict, what, lost }: Trouble): string {
  return `${scenario} (${verdict}): ${what}${lost ? ` (${lostText(lost)})` : ''}`;
}

/** `6.40 s lost on 7 attempts in vain` */
export function lostText({ attempts, ms }: NonNullable<CheckResult['lost']>): string {
  return `${formatMs(ms)} lost on ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} in vain`;
}
