import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../src/report/conformance/model.ts';
import { realClientLines } from '../../../src/report/conformance/real-clients.ts';

function result(client: string | undefined, more: Partial<CheckResult> = {}): CheckResult {
  return {
    ...{ check: 'codex.real.text', route: 'responses->chat', model: 'gpt-5.5', verdict: 'pass' },
    ...(client === undefined ? {} : { client }),
    ...more,
  };
}

describe('real clients in a report', () => {
  it('are counted by client and route, with what they lost', () => {
    const results = [
      result('Codex 0.113.0'),
      result('Codex 0.169.0'),
      result('Codex 0.169.0', { verdict: 'warn', lost: { attempts: 7, ms: 6400 } }),
      result('Codex 0.169.0', { verdict: 'fail', lost: { attempts: 1, ms: 100 } }),
      result('Codex 0.169.0', { verdict: 'not-applicable' }),
      result('Codex 0.169.0', { route: 'responses->responses' }),
      result(undefined),
    ];
    expect(realClientLines({ results })).toEqual([
      'Codex 0.113.0 responses->chat: 1 of 1 pass',
      'Codex 0.169.0 responses->chat: 1 of 3 pass, 1 fail, 1 warn; 6.50 s lost on 8 attempts in vain',
      'Codex 0.169.0 responses->responses: 1 of 1 pass',
    ]);
  });

  it('are left out when there are none', () => expect(realClientLines({ results: [result(undefined)] })).toEqual([]));
});
