import { type TestPoint, tapDocument } from '../formats/tap.ts';
import { nameOfResult, plainFailure } from './failure-text.ts';
import type { CassetteResult, CheckResult, ReplayOptions, ReplayReport } from './model.ts';
import { problemsOf } from './problems.ts';
import { receiptText } from './receipt.ts';

/** A point a result, in the order of the report. */
export function writeTap({ cassettes, options, receipt }: ReplayReport): string {
  return tapDocument(
    cassettes.flatMap((cassette) => pointsOf(cassette, options)),
    [receiptText(receipt)],
  );
}

function pointsOf(cassette: CassetteResult, options: ReplayOptions): TestPoint[] {
  const name = cassette.cassette;
  const failing = problemsOf(cassette, options).filter(({ fails }) => fails);
  return [
    ...failing.map(({ kind, message }) => ({ ok: false, name: `${name} ${kind}`, details: { message } })),
    ...cassette.exchanges.flatMap(({ id, results }) =>
      results.map((result) => pointOf(`${name} ${id} ${nameOfResult(result)}`, result)),
    ),
  ];
}

function pointOf(name: string, { verdict, reason = '', failures = [] }: CheckResult): TestPoint {
  if (verdict === 'not-applicable') return { ok: true, name, skip: reason };
  if (verdict === 'passed') return { ok: true, name };
  const details = { message: failures[0]?.message ?? '', details: failures.flatMap(plainFailure) };
  return { ok: false, name, details };
}
