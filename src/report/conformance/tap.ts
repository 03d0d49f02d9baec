import { type TestPoint, tapDocument } from '../formats/tap.ts';
import { type CheckResult, type ConformanceReport, isBad } from './model.ts';
import { countsText, placeOfResult, plainResult, standingOf, whyOf } from './words.ts';

/** A point a result, in the order of the report; what is waived or known from the baseline is a TODO, which counts as well. */
export function writeTap(report: ConformanceReport): string {
  return tapDocument(
    report.results.map((result) => pointOf(result, report)),
    [countsText(report.counts)],
  );
}

function pointOf(result: CheckResult, report: ConformanceReport): TestPoint {
  const { verdict, waived, change } = result;
  const name = `${result.check} ${placeOfResult(result, report)}`.trimEnd();
  if (verdict === 'pass') return { ok: true, name };
  const details = { message: whyOf(result), details: plainResult(result, report) };
  if (verdict === 'warn') return { ok: true, name, details };
  if (!isBad(result)) return { ok: true, name, skip: `${verdict}: ${whyOf(result)}` };
  const tolerated = waived || change === 'known';
  return { ok: false, name, ...(tolerated ? { todo: standingOf(result).join(', ') } : {}), details };
}
