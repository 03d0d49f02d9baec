import { CHECKS } from '../../../src/report/results/checks.ts';
import { type CassetteResult, countResults, type ReplayReport, receiptOf } from '../../../src/report/results/model.ts';

/** A value that every format has to escape in its own way. */
export const NASTY = 'a|b <b>&"\u001b[31m` ``` @team # x\n\\ \ud800';

const FAILURE = {
  rule: 'stream.translation',
  source: 'DESIGN',
  message: `event 7 (response.output_text.delta) differs at /delta ${NASTY}`,
  pointer: '/delta',
  event: 6,
  offset: 1234,
  split: 'byte by byte',
  expected: `"${NASTY}"`,
  actual: '"rolls"',
  diff: ['  6: before', `- 7: ${NASTY}`, '+ 7: rolls'],
  reproduce: "tapedeck replay a.har --filter 'x1 stream.translation'",
};

const CASSETTES: CassetteResult[] = [
  {
    cassette: 'a.har',
    edited: true,
    leftovers: [{ exchange: 'x9', result: 'stream.translation', reason: 'there is no such exchange' }],
    served: 3,
    exchanges: [
      {
        id: 'x1',
        number: 1,
        method: 'POST',
        path: '/v1/responses',
        status: 200,
        results: [
          { check: 'legs.valid', leg: 'client-request', verdict: 'passed' },
          {
            check: 'legs.valid',
            leg: 'upstream-request',
            attempt: 2,
            verdict: 'not-applicable',
            reason: 'the leg is absent',
          },
          {
            check: 'stream.grammar',
            leg: 'upstream-response',
            attempt: 1,
            verdict: 'passed',
            notes: [`broken off ${NASTY}`],
          },
          {
            check: 'stream.translation',
            leg: 'client-response',
            verdict: 'failed',
            failures: [FAILURE, { ...FAILURE, message: 'two' }],
          },
        ],
      },
      {
        id: 'x2',
        number: 2,
        method: 'GET',
        path: '/v1/models',
        status: 0,
        results: [{ check: 'redaction.complete', verdict: 'passed' }],
      },
    ],
  },
  {
    cassette: 'b.har',
    unreadable: { code: 'cassette-unreadable', message: `It is cut off ${NASTY}`, hint: 'Record it again.' },
    exchanges: [],
  },
];

/** A report with one of everything in it. */
export function madeReport(changes: Partial<ReplayReport> = {}): ReplayReport {
  const cassettes = changes.cassettes ?? CASSETTES;
  return {
    tapedeckReplay: 1,
    tool: '0.1.0',
    options: { profiles: ['codex', 'tolerant'], splits: 'fast', strict: false, bail: false },
    counts: countResults(cassettes),
    receipt: receiptOf(cassettes, 0),
    checks: [...CHECKS],
    cassettes,
    ...changes,
  };
}
