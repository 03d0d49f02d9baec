import { type CheckId, checkOrder } from './checks.ts';
import { type CheckResult, countResults, type ExchangeResult, type ReplayReport } from './model.ts';

/** Results of one check that say the same. */
export interface ResultGroup {
  check: CheckId;
  text: string;
  count: number;
}

/** Counts results by check and text, in the order of the checks, the most frequent text first. @param textOf undefined: not counted */
export function groupResults(
  { cassettes }: ReplayReport,
  textOf: (result: CheckResult) => string | undefined,
): ResultGroup[] {
  const groups = new Map<string, ResultGroup>();
  for (const { exchanges } of cassettes) {
    for (const { results } of exchanges) {
      for (const result of results) {
        const text = textOf(result);
        if (text === undefined) continue;
        const key = `${result.check} ${text}`;
        const group = groups.get(key);
        if (group) group.count += 1;
        else groups.set(key, { check: result.check, text, count: 1 });
      }
    }
  }
  return [...groups.values()].sort(
    (a, b) => checkOrder(a.check) - checkOrder(b.check) || b.count - a.count || (a.text < b.text ? -1 : 1),
  );
}

/** What exchanges come to, in words. */
export function plainCounts(exchanges: readonly ExchangeResult[]): string {
  const { passed, failed, notApplicable } = countResults([{ cassette: '', exchanges: [...exchanges] }]);
  const noun = exchanges.length === 1 ? 'exchange' : 'exchanges';
  return `${exchanges.length} ${noun}, ${passed} passed, ${failed} failed, ${notApplicable} not applicable`;
}
