import { oneLine } from '../text.ts';
import { nameOfResult, plainFailure } from './failure-text.ts';
import type { CheckResult, ReplayReport } from './model.ts';
import { problemsOf } from './problems.ts';

/** Test Anything Protocol, version 13, which readers of version 14 know as well: a point a result, in the order of the report; failures have a YAML block of JSON strings. */
export function writeTap({ cassettes, options }: ReplayReport): string {
  const points: string[][] = [];
  for (const cassette of cassettes) {
    for (const { kind, message } of problemsOf(cassette, options).filter(({ fails }) => fails)) {
      points.push([
        `not ok ${points.length + 1} - ${describe(`${cassette.cassette} ${kind}`)}`,
        ...yamlBlock({ message }),
      ]);
    }
    for (const { id, results } of cassette.exchanges) {
      for (const result of results) {
        const name = describe(`${cassette.cassette} ${id} ${nameOfResult(result)}`);
        points.push(pointOf(points.length + 1, name, result));
      }
    }
  }
  return `${['TAP version 13', `1..${points.length}`, ...points.flat()].join('\n')}\n`;
}

function pointOf(number: number, name: string, { verdict, reason = '', failures = [] }: CheckResult): string[] {
  if (verdict === 'not-applicable') return [`ok ${number} - ${name} # SKIP ${oneLine(reason)}`];
  if (verdict === 'passed') return [`ok ${number} - ${name}`];
  return [
    `not ok ${number} - ${name}`,
    ...yamlBlock({ message: failures[0]?.message ?? '', details: failures.flatMap(plainFailure) }),
  ];
}

/** A YAML flow of JSON is YAML 1.2. */
function yamlBlock(values: Record<string, string | string[]>): string[] {
  return ['  ---', ...Object.entries(values).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`), '  ...'];
}

/** A `#` would begin a directive. */
function describe(text: string): string {
  return oneLine(text).replace(/[\\#]/g, '\\$&');
}
