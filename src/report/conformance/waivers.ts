import {
  type CheckResult,
  type ConformanceReport,
  countResults,
  isBad,
  type Waiver,
  type WaiverFacts,
} from './model.ts';

/**
 * Marks the failures that a waiver speaks of, and says what became of each waiver.
 * @param known ids of all checks that there are, tried or not
 * @param today `YYYY-MM-DD`
 */
export function applyWaivers(
  report: ConformanceReport,
  waivers: readonly Waiver[],
  known: ReadonlySet<string>,
  today: string,
): ConformanceReport {
  const used = new Set<Waiver>();
  const results = report.results.map((result): CheckResult => {
    if (!isBad(result)) return result;
    const waiver = waivers.find((candidate) => candidate.expires >= today && speaksOf(candidate, result));
    if (!waiver) return result;
    used.add(waiver);
    const { reason, link, expires } = waiver;
    return { ...result, waived: { reason, link, expires } };
  });
  const facts = waivers.map((waiver): WaiverFacts => ({ ...waiver, state: stateOf(waiver, used, known, today) }));
  return { ...report, results, counts: countResults(results), waivers: facts };
}

function speaksOf(waiver: Waiver, result: CheckResult): boolean {
  const isAbout = (part: 'route' | 'model' | 'client') => waiver[part] === undefined || waiver[part] === result[part];
  return waiver.id === result.check && isAbout('route') && isAbout('model') && isAbout('client');
}

function stateOf(
  waiver: Waiver,
  used: ReadonlySet<Waiver>,
  known: ReadonlySet<string>,
  today: string,
): WaiverFacts['state'] {
  if (!known.has(waiver.id)) return 'unknown';
  if (waiver.expires < today) return 'expired';
  return used.has(waiver) ? 'used' : 'unused';
}
