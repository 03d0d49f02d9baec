import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/conformance/check.ts';
import type { CheckResult } from '../../../src/report/conformance/model.ts';
import { realClientRows, realClientTexts } from '../../../src/report/conformance/real-clients.ts';

function result(client: string | undefined, more: Partial<CheckResult> = {}): CheckResult {
  return {
    ...{ check: 'codex.real.text', route: 'responses->chat', model: 'gpt-5.5', verdict: 'pass' },
    ...(client === undefined ? {} : { client }),
    ...more,
  };
}

/** What is said of a client whose scenarios came out so. */
function verdictOn(verdicts: Record<string, Verdict>): string | undefined {
  const results = Object.entries(verdicts).map(([rule, verdict]) =>
    result('Codex 0.169.0', { check: `codex.real.${rule}`, verdict }),
  );
  return realClientRows({ results })[0]?.verdict;
}

describe('real clients in a report', () => {
  it('are told by client and route, with what went wrong and what they lost', () => {
    const faults = [{ message: 'Codex ended with exit code 1 instead of 0: made up' }];
    const results = [
      result('Codex 0.113.0'),
      result('Codex 0.169.0'),
      result('Codex 0.169.0', {
        ...{ check: 'codex.real.websocket', verdict: 'warn', lost: { attempts: 7, ms: 6400 } },
        faults: [{ message: 'Codex tried 7 times in vain' }],
      }),
      result('Codex 0.169.0', { check: 'codex.real.apply-patch', verdict: 'fail', faults }),
      result('Codex 0.169.0', { verdict: 'not-applicable' }),
      result('Codex 0.169.0', { route: 'responses->responses', verdict: 'fail', faults }),
      result(undefined),
    ];
    expect(realClientTexts({ results })).toEqual([
      { verdict: 'Codex 0.113.0 responses->chat: works, 1 of 1 scenario passes', troubles: [] },
      {
        verdict:
          'Codex 0.169.0 responses->chat: works with limits, 1 of 3 scenarios pass; 6.40 s lost on 7 attempts in vain',
        troubles: [
          'websocket (warn): Codex tried 7 times in vain (6.40 s lost on 7 attempts in vain)',
          'apply-patch (fail): Codex ended with exit code 1 instead of 0: made up',
        ],
      },
      {
        verdict: 'Codex 0.169.0 responses->responses: does not work, 0 of 1 scenario passes',
        troubles: ['text (fail): Codex ended with exit code 1 instead of 0: made up'],
      },
    ]);
  });

  it.each<[string, Record<string, Verdict>, string]>([
    ['all of it', { text: 'pass', image: 'pass' }, 'works'],
    ['time is lost', { text: 'warn', image: 'pass' }, 'works with limits'],
    ['a scenario fails', { text: 'pass', image: 'fail' }, 'works with limits'],
    ['a scenario is not known', { text: 'pass', image: 'inconclusive' }, 'works with limits'],
    ['there is no text', { text: 'fail', image: 'pass' }, 'does not work'],
    ['no command is run', { text: 'pass', 'tool-turns': 'fail' }, 'does not work'],
    ['everything fails', { image: 'fail', zstd: 'fail' }, 'does not work'],
    ['nothing is known', { text: 'inconclusive', image: 'error' }, 'not judged'],
  ])('a verdict on: %s', (_, verdicts, due) => expect(verdictOn(verdicts)).toBe(due));

  it('are left out when there are none', () => expect(realClientTexts({ results: [result(undefined)] })).toEqual([]));
});
