import { junitDocument, type TestCase, type TestSuite } from '../formats/junit.ts';
import { nameOfResult, plainFailure } from './failure-text.ts';
import type { CassetteResult, CheckResult, ExchangeResult, Receipt, ReplayOptions, ReplayReport } from './model.ts';
import { type CassetteProblem, problemsOf } from './problems.ts';

/** A suite a cassette, a case a result, what does not apply as skipped. */
export function writeJunit({ cassettes, options, receipt }: ReplayReport): string {
  const suites = cassettes.map((cassette) => suiteOf(cassette, options, receipt));
  return junitDocument('tapedeck replay', suites);
}

function suiteOf(cassette: CassetteResult, options: ReplayOptions, { denied }: Receipt): TestSuite {
  const failing = problemsOf(cassette, options).filter(({ fails }) => fails);
  return {
    name: cassette.cassette,
    // The form knows properties of suites alone; what was denied is that of the whole run.
    properties: { served: cassette.served ?? 0, denied },
    cases: [
      ...failing.map(caseOfProblem),
      ...cassette.exchanges.flatMap((exchange) => exchange.results.map((result) => caseOf(exchange, result))),
    ],
  };
}

function caseOfProblem({ kind, message }: CassetteProblem): TestCase {
  return { name: kind, outcomes: [{ kind: kind === 'unreadable' ? 'error' : 'failure', message }] };
}

function caseOf({ number, id }: ExchangeResult, result: CheckResult): TestCase {
  const { verdict, reason = '', failures = [], notes = [] } = result;
  const skipped = verdict === 'not-applicable' ? [{ kind: 'skipped' as const, message: reason }] : [];
  const failed = failures.map((failure) => {
    const { message, rule } = failure;
    return { kind: 'failure' as const, message, type: rule, details: plainFailure(failure) };
  });
  return { name: `#${number} ${id} ${nameOfResult(result)}`, outcomes: [...skipped, ...failed], notes };
}
