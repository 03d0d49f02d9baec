import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/conformance/check.ts';
import type { CheckResult, RouteFacts } from '../../../src/report/conformance/model.ts';
import { judgeReadiness, type RunScope } from '../../../src/report/conformance/readiness.ts';
import { madeCheck } from './report.ts';

const CHECKS = [
  madeCheck({ id: 'wire.a.must' }),
  madeCheck({ id: 'wire.b.must' }),
  madeCheck({ id: 'wire.c.should', level: 'should' }),
  madeCheck({ id: 'wire.d.info', level: 'info' }),
  madeCheck({ id: 'wire.e.other', profiles: ['openai'] }),
];
const OPEN: RouteFacts[] = [{ client: 'responses', model: 'm', upstream: 'chat', state: 'open' }];
const WHOLE: RunScope = { options: { level: 'all', profiles: [] }, stopped: false };

/** Verdicts of the checks in their order; what Codex can expect. */
function codex(verdicts: readonly Verdict[], scope: Partial<RunScope> = {}, routes = OPEN) {
  const results = verdicts.map(
    (verdict, i): CheckResult => ({ check: CHECKS[i]!.id, route: 'responses->chat', verdict }),
  );
  return judgeReadiness(CHECKS, results, routes, { ...WHOLE, ...scope })[0]!;
}

describe('judgeReadiness', () => {
  it.each([
    ['all is well', ['pass', 'pass', 'pass', 'warn'], 'READY'],
    ['a must fails', ['pass', 'fail', 'pass'], 'NOT READY'],
    ['a should is not met', ['pass', 'pass', 'warn'], 'READY WITH LIMITS'],
    ['a must is not offered', ['pass', 'unsupported', 'pass'], 'READY WITH LIMITS'],
    ['half of it is not known', ['pass', 'inconclusive', 'pass'], 'NOT JUDGED'],
    ['a must does not apply', ['pass', 'not-applicable', 'pass'], 'READY'],
    ['something fails that is of another profile', ['pass', 'pass', 'pass', 'pass', 'fail'], 'READY'],
    ['nothing was tried', [], 'NOT JUDGED'],
  ] as const)('when %s', (_, verdicts, verdict) => {
    expect(codex(verdicts).verdict).toBe(verdict);
  });

  it('counts what ran of what applies', () => {
    const { must, should } = codex(['pass', 'inconclusive', 'warn']);
    expect(must).toEqual({ all: 2, ran: 1, passed: 1, failed: 0 });
    expect(should).toEqual({ all: 1, ran: 1, passed: 0, failed: 0 });
  });

  it.each([
    ['a filter', { options: { ...WHOLE.options, filter: 'wire.' } }, 'NOT JUDGED'],
    ['something excluded', { options: { ...WHOLE.options, exclude: 'zstd.' } }, 'NOT JUDGED'],
    ['an early end', { stopped: true }, 'NOT JUDGED'],
    ['must alone', { options: { ...WHOLE.options, level: 'must' as const } }, 'READY WITH LIMITS'],
    ['no info', { options: { ...WHOLE.options, level: 'should' as const } }, 'READY'],
  ])('calls nobody ready after a part: %s', (_, scope, verdict) => {
    expect(codex(['pass', 'pass', 'pass'], scope).verdict).toBe(verdict);
    expect(codex(['fail', 'pass', 'pass'], scope).verdict).toBe('NOT READY');
  });

  it('speaks of those who were asked for alone', () => {
    const scope = { ...WHOLE, options: { ...WHOLE.options, profiles: ['openai', 'anthropic'] } };
    const clients = judgeReadiness(CHECKS, [], OPEN, scope).map(({ client }) => client);
    expect(clients).toEqual(['Chat clients', 'Messages clients']);
  });

  it('asks of each Codex only what its setup asks for', () => {
    const checks = [
      madeCheck({ id: 'wire.a.every' }),
      madeCheck({ id: 'zstd.b.coded', codex: ['chatgpt'] }),
      madeCheck({ id: 'responses.c.compact', codex: ['built-in', 'chatgpt'] }),
    ];
    const verdicts = (coded: Verdict, compacted: Verdict) => {
      const results: CheckResult[] = [
        { check: 'wire.a.every', route: 'responses->chat', verdict: 'pass' },
        { check: 'zstd.b.coded', route: 'responses->chat', verdict: coded },
        { check: 'responses.c.compact', route: 'responses->chat', verdict: compacted },
      ];
      return judgeReadiness(checks, results, OPEN, WHOLE)
        .filter(({ profile }) => profile === 'codex')
        .map(({ verdict }) => verdict);
    };
    expect(verdicts('fail', 'pass')).toEqual(['READY', 'READY', 'NOT READY']);
    expect(verdicts('pass', 'fail')).toEqual(['READY', 'NOT READY', 'NOT READY']);
  });

  it('names what failed first, then warnings, and last what is not offered', () => {
    const verdicts: Verdict[] = ['unsupported', 'inconclusive', 'warn', 'fail'];
    const checks = verdicts.map((verdict) =>
      madeCheck({ id: `wire.a.${verdict}`, level: verdict === 'warn' ? 'should' : 'must' }),
    );
    const results = verdicts.map((verdict): CheckResult => ({ check: `wire.a.${verdict}`, verdict }));
    expect(judgeReadiness(checks, results, OPEN, WHOLE)[0]?.because).toEqual(
      ['fail', 'warn', 'inconclusive', 'unsupported'].map((verdict) => `wire.a.${verdict} (${verdict})`),
    );
  });

  it('tells what operators have to mind apart from what clients need', () => {
    const checks = [madeCheck({ id: 'wire.a.must' }), madeCheck({ id: 'security.b.must' })];
    const results: CheckResult[] = [
      { check: 'wire.a.must', route: 'responses->chat', verdict: 'pass' },
      { check: 'security.b.must', verdict: 'fail' },
    ];
    const readiness = judgeReadiness(checks, results, OPEN, WHOLE);
    expect(readiness[0]).toMatchObject({ client: 'Codex (custom provider)', verdict: 'READY', must: { all: 1 } });
    expect(readiness.at(-1)).toMatchObject({ client: 'Operators (security)', verdict: 'NOT READY', must: { all: 1 } });
  });

  it('judges nobody who finds no open route', () => {
    const readiness = codex(['fail', 'pass'], {}, []);
    expect(readiness).toMatchObject({
      verdict: 'NOT JUDGED',
      because: ['the gateway has no open route for responses clients'],
    });
  });
});
