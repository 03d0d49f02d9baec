import type { Fault } from '../../../src/conformance/harness/trial.ts';
import {
  type CheckFacts,
  type CheckResult,
  type ConformanceReport,
  countResults,
  type RouteFacts,
} from '../../../src/report/conformance/model.ts';
import { NASTY } from '../results/report.ts';

export function madeCheck({ id, ...changes }: Partial<CheckFacts> & { id: string }): CheckFacts {
  return {
    id,
    revision: 1,
    area: id.split('.')[0] as CheckFacts['area'],
    requirement: `Something holds, ${NASTY}`,
    source: `RFC 0, ${NASTY}`,
    level: 'must',
    profiles: ['codex'],
    ...changes,
  };
}

const FAULT: Fault = {
  message: `the field is gone ${NASTY}`,
  where: 'upstream request',
  pointer: '/input/0',
  expected: { type: NASTY },
  actual: null,
  rule: 'schema.required',
  source: 'openai 7.55.0',
};

export const MADE_CHECKS: readonly CheckFacts[] = [
  madeCheck({ id: 'wire.stream.first' }),
  madeCheck({ id: 'wire.stream.second', level: 'should' }),
  madeCheck({ id: 'zstd.body.one', profiles: ['codex', 'openai'] }),
  madeCheck({ id: 'errors.status.one' }),
];

const ROUTE = { route: 'responses->chat', model: 'gpt-5.5' };

export const MADE_RESULTS: readonly CheckResult[] = [
  {
    check: 'wire.stream.first',
    ...ROUTE,
    verdict: 'fail',
    faults: [FAULT, { message: 'and another' }],
    notes: [`a note ${NASTY}`],
    control: 'pass',
    evidence: { gateway: 'evidence/one.har', control: 'evidence/one.control.har' },
    reproduce: 'tapedeck conformance http://h/v1 --filter wire.stream.first',
  },
  { check: 'wire.stream.first', route: 'chat->chat', model: 'gpt-5.5', verdict: 'pass' },
  { check: 'wire.stream.second', ...ROUTE, verdict: 'warn', faults: [{ message: `a warning ${NASTY}` }] },
  { check: 'zstd.body.one', ...ROUTE, verdict: 'unsupported', reason: `it says so ${NASTY}` },
  { check: 'errors.status.one', ...ROUTE, verdict: 'error', reason: `it broke ${NASTY}` },
];

const ROUTES: RouteFacts[] = [
  { client: 'responses', model: 'gpt-5.5', upstream: 'chat', state: 'open' },
  { client: 'chat', model: 'gpt-5.5', upstream: 'chat', state: 'open' },
  { client: 'messages', model: 'gpt-5.5', state: 'not-offered', detail: `404 ${NASTY}` },
];

/** A report with one of everything in it. */
export function madeReport(changes: Partial<ConformanceReport> = {}): ConformanceReport {
  const results = changes.results ?? [...MADE_RESULTS];
  return {
    tapedeckConformance: 1,
    tool: '0.1.0',
    gateway: { url: 'http://127.0.0.1:4000/v1', name: 'some-gateway', version: '1.2.3' },
    mode: 'hermetic',
    options: { models: ['gpt-5.5'], strictness: 'on', level: 'all', profiles: [], seed: 'tapedeck' },
    routes: ROUTES,
    checks: [...MADE_CHECKS],
    results,
    counts: countResults(results),
    clients: [
      {
        client: 'Codex (custom provider)',
        profile: 'codex',
        verdict: 'NOT READY',
        must: { all: 3, ran: 2, passed: 1, failed: 1 },
        should: { all: 1, ran: 1, passed: 0, failed: 0 },
        because: ['wire.stream.first (fail)'],
      },
    ],
    notJudged: ['TLS'],
    ...changes,
  };
}
