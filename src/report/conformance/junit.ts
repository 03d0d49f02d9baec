import { junitDocument, type Outcome, type TestCase } from '../formats/junit.ts';
import { type CheckResult, type ConformanceReport, isBad } from './model.ts';
import { headOf, placeOfResult, plainResult, standingOf, whyOf } from './words.ts';

/** A suite an area, a case a result. What is waived or known from the baseline is skipped, with the reason; a warning passes. */
export function writeJunit(report: ConformanceReport): string {
  const areas = new Map(report.checks.map(({ id, area }) => [id, area as string]));
  const names = [...new Set(report.results.map(({ check }) => areas.get(check) ?? ''))];
  const suites = names.map((name) => ({
    name,
    cases: report.results.filter(({ check }) => areas.get(check) === name).map((result) => caseOf(result, report)),
  }));
  return junitDocument(`tapedeck conformance, ${headOf(report)}`, suites);
}

function caseOf(result: CheckResult, report: ConformanceReport): TestCase {
  const name = `${result.check} ${placeOfResult(result, report)}`.trimEnd();
  const warned = result.verdict === 'warn' ? plainResult(result, report) : [];
  return { name, outcomes: outcomesOf(result, report), notes: [...warned, ...(result.notes ?? [])] };
}

function outcomesOf(result: CheckResult, report: ConformanceReport): Outcome[] {
  const { verdict, waived, change, check } = result;
  if (verdict === 'pass' || verdict === 'warn') return [];
  if (!isBad(result) || waived || change === 'known') {
    const standing = standingOf(result).join(', ');
    return [{ kind: 'skipped', message: standing === '' ? `${verdict}: ${whyOf(result)}` : standing }];
  }
  const details = plainResult(result, report);
  return [{ kind: verdict === 'error' ? 'error' : 'failure', message: whyOf(result), type: check, details }];
}
