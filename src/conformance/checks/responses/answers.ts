import type { Check } from '../../check.ts';
import type { Said } from '../../harness/said.ts';
import type { Trial } from '../../harness/trial.ts';
import { findEach, isRewritten } from '../shared/within.ts';
import { ANSWER_ROWS, MESSAGE } from './answer-rows.ts';
import { answerRaw } from './raw-answer.ts';

type Json = Record<string, unknown>;

/** An id of the gateway's own is as good. */
function withoutId({ id: _, ...item }: Json): Json {
  return item;
}

/** Items as they were done, as far as a stream tells them so. */
export function doneItems({ events }: Said): Json[] {
  return events
    .map((event) => event as Json | undefined)
    .filter((event) => event?.type === 'response.output_item.done')
    .map((event) => (event?.item ?? {}) as Json);
}

/** The output at the end of a stream, or of a document. */
export function lastOutput({ events }: Said): Json[] {
  const last = (events.findLast((event) => event !== undefined) ?? {}) as Json;
  const { output } = (last.response ?? last) as Json;
  return Array.isArray(output) ? (output as Json[]) : [];
}

function expectItems(t: Trial, due: readonly Json[], got: readonly Json[], place: string): void {
  for (const [i, { at, lost }] of findEach(due.map(withoutId), got).entries()) {
    const type = String(due[i]!.type);
    if (!t.expect(at >= 0, `${type} is lost ${place}`, { where: 'answer' })) continue;
    for (const difference of lost) {
      const { pointer, before, after } = difference;
      t.expect(false, `${pointer || '/'} of ${type} ${after === undefined ? 'is lost' : 'is another one'} ${place}`, {
        ...{ where: 'answer', pointer, expected: before },
        ...(after === undefined ? {} : { actual: after }),
        ...(isRewritten(difference) ? { lesser: true } : {}),
      });
    }
  }
  t.expect(got.length <= due.length, `${due.length} items became ${got.length} ${place}`, { where: 'answer' });
}

const COMMON = {
  revision: 1,
  needs: 'upstream',
  clients: ['responses'],
  upstreams: ['responses'],
} as const;

/** What a provider of Responses says, at its client. */
export const RESPONSES_ANSWER_CHECKS: readonly Check[] = [
  ...ANSWER_ROWS.flatMap(
    ({ name, what, items, why, level = 'should', profiles = ['codex', 'open-responses'], codex }): Check[] => [
      {
        ...COMMON,
        ...{ level, profiles },
        ...(codex ? { codex } : {}),
        revision: 2,
        id: `responses.answer.${name}-stream`,
        requirement: `${what} of a provider of Responses reaches the client as it is, in a stream.`,
        source: why,
        async run(t) {
          t.upstream.answer(answerRaw({ items }));
          const said = await t.ask();
          expectItems(t, items, doneItems(said), 'among the items that are done');
          // Codex does not look there; the SDKs do.
          if (!profiles.includes('codex') || level !== 'must') expectItems(t, items, lastOutput(said), 'at the end');
        },
      },
      {
        ...COMMON,
        level: level === 'must' ? 'should' : level,
        profiles: ['open-responses'],
        id: `responses.answer.${name}-json`,
        requirement: `${what} of a provider of Responses reaches the client as it is, in a document.`,
        source: why,
        async run(t) {
          t.upstream.answer(answerRaw({ items }));
          expectItems(t, items, lastOutput(await t.ask({ stream: false })), 'in the output');
        },
      },
    ],
  ),
  {
    ...COMMON,
    id: 'responses.answer.unknown-event',
    requirement: 'An event of a type that is not known is passed on, or left out, and does no harm to the others.',
    source: 'Codex 0.113.0 to 0.169.0, measured: they pass over it; OpenAI adds events without notice',
    level: 'must',
    profiles: ['codex', 'open-responses'],
    async run(t) {
      const items = [MESSAGE];
      t.upstream.answer(answerRaw({ items, events: [{ type: 'codex.made_up', limits: { left: 3 } }] }));
      const said = await t.ask();
      expectItems(t, items, doneItems(said), 'among the items that are done');
      t.expectSame(said.ending, 'stop', 'the answer ends in another way', { where: 'answer' });
      const passed = said.events.some((event) => (event as Json | undefined)?.type === 'codex.made_up');
      if (!passed) t.note('Events that the gateway does not know do not reach the client.');
    },
  },
  {
    ...COMMON,
    id: 'responses.answer.fields',
    requirement: 'What a provider of Responses says about its answer reaches the client: model, tier, metadata.',
    source: 'OpenAI API reference, response object',
    level: 'should',
    profiles: ['open-responses'],
    async run(t) {
      const due = {
        service_tier: 'priority',
        metadata: { made: 'up' },
        safety_identifier: 'made-up',
        truncation: 'auto',
      };
      t.upstream.answer(answerRaw({ items: [MESSAGE], end: due }));
      const { events } = await t.ask({ stream: false });
      const got = (events[0] ?? {}) as Json;
      for (const [field, value] of Object.entries(due))
        t.expectSame(got[field], value, `\`${field}\` is another one`, { where: 'answer', pointer: `/${field}` });
      t.expect(typeof got.model === 'string' && got.model !== '', 'the answer names no model', { where: 'answer' });
    },
  },
];
