import { printable } from '../text.ts';
import { nameOfResult, plainFailure } from './failure-text.ts';
import type { CassetteResult, CheckResult, ExchangeResult, ReplayOptions, ReplayReport } from './model.ts';
import { problemsOf } from './problems.ts';

/**
 * The XML that Ant's JUnit task began with and that CI servers read: a suite a cassette, a case a result, what does not apply as skipped.
 * There are no times in it, since a report is the same on every run.
 */
export function writeJunit({ cassettes, options }: ReplayReport): string {
  const suites = cassettes.map((cassette) => suiteOf(cassette, options));
  const sum = (pick: (suite: Suite) => number) => suites.reduce((total, suite) => total + pick(suite), 0);
  const counts = `tests="${sum(({ tests }) => tests)}" failures="${sum(({ failures }) => failures)}" errors="${sum(({ errors }) => errors)}" skipped="${sum(({ skipped }) => skipped)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="tapedeck replay" ${counts}>`,
    ...suites.map(({ xml }) => xml),
    '</testsuites>',
    '',
  ].join('\n');
}

interface Suite {
  xml: string;
  tests: number;
  failures: number;
  errors: number;
  skipped: number;
}

function suiteOf(cassette: CassetteResult, options: ReplayOptions): Suite {
  const name = escapeXml(cassette.cassette);
  const problems = problemsOf(cassette, options);
  const results = cassette.exchanges.flatMap(({ results: all }) => all);
  const failing = problems.filter(({ fails }) => fails);
  const errors = failing.filter(({ kind }) => kind === 'unreadable').length;
  const failures = results.filter(({ verdict }) => verdict === 'failed').length + failing.length - errors;
  const skipped = results.filter(({ verdict }) => verdict === 'not-applicable').length;
  const tests = results.length + failing.length;
  const cases = [
    ...failing.map(({ kind, message }) => {
      const element = kind === 'unreadable' ? 'error' : 'failure';
      return `  <testcase classname="${name}" name="${kind}"><${element} message="${escapeXml(message)}"/></testcase>`;
    }),
    ...cassette.exchanges.flatMap((exchange) => exchange.results.map((result) => caseOf(name, exchange, result))),
  ];
  const head = `<testsuite name="${name}" tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}">`;
  return { xml: [` ${head}`, ...cases, ' </testsuite>'].join('\n'), tests, failures, errors, skipped };
}

function caseOf(suite: string, { number, id }: ExchangeResult, result: CheckResult): string {
  const { verdict, reason = '', failures = [], notes = [] } = result;
  const name = escapeXml(`#${number} ${id} ${nameOfResult(result)}`);
  const inner = [
    ...(verdict === 'not-applicable' ? [`<skipped message="${escapeXml(reason)}"/>`] : []),
    ...failures.map((failure) => {
      const attributes = `message="${escapeXml(failure.message)}" type="${escapeXml(failure.rule)}"`;
      return `<failure ${attributes}>${escapeXml(plainFailure(failure).join('\n'))}</failure>`;
    }),
    ...(notes.length > 0 ? [`<system-out>${escapeXml(notes.join('\n'))}</system-out>`] : []),
  ].join('');
  const start = `  <testcase classname="${suite}" name="${name}"`;
  return inner === '' ? `${start}/>` : `${start}>${inner}</testcase>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

/** XML 1.0 has no way to write most control characters (section 2.2), so they become their pictures; so do lone surrogates. */
function escapeXml(text: string): string {
  return printable(text)
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(/[\uFFFE\uFFFF]/g, '\uFFFD')
    .replace(/[&<>"\n]/g, (char) => ENTITIES[char]!);
}
