import type { Verdict } from '../../conformance/check.ts';
import { type ConformanceReport, VERDICTS } from './model.ts';

/** How the results of an area came out. */
export interface AreaRow {
  area: string;
  all: number;
  counts: Record<Verdict, number>;
}

/** A row for each area that was tried, in the order of the catalogue. */
export function areaRows({ checks, results }: Pick<ConformanceReport, 'checks' | 'results'>): AreaRow[] {
  const areas = new Map(checks.map(({ id, area }) => [id, area]));
  const rows = new Map<string, AreaRow>();
  for (const { check, verdict } of results) {
    const area = areas.get(check) ?? check.split('.')[0]!;
    let row = rows.get(area);
    if (!row) {
      const counts = Object.fromEntries(VERDICTS.map((name) => [name, 0])) as Record<Verdict, number>;
      row = { area, all: 0, counts };
      rows.set(area, row);
    }
    row.all += 1;
    row.counts[verdict] += 1;
  }
  const order = [...new Set(checks.map(({ area }) => area as string))];
  return [...rows.values()].sort((a, b) => order.indexOf(a.area) - order.indexOf(b.area));
}

/** The verdicts that a table needs columns for. */
export function usedVerdicts(rows: readonly AreaRow[]): Verdict[] {
  return VERDICTS.filter((verdict) => rows.some(({ counts }) => counts[verdict] > 0));
}
