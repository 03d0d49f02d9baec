import { validateDocument, validateStream } from '../../../validate/document.ts';
import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { dataOf } from '../shared/streams.ts';
import { expectValid } from '../shared/valid.ts';
import { lastOutput } from './answers.ts';
import { STREAM_RULES } from './stream-rules.ts';

type Json = Record<string, unknown>;

const DOWN = { where: 'answer' } as const;
const SPEC = 'Open Responses specification';

/** An answer of every kind that every protocol has: thoughts, a text, two calls. */
const RICH = answerItems({
  items: [
    { type: 'reasoning', summary: 'A made-up thought of some words.' },
    { type: 'message', text: 'alpha bravo naïve 你好 🙂 "quoted" \\ back\nnew line' },
    { type: 'function_call', name: WEATHER_TOOL.name, arguments: { city: 'Åre "x"\n', unit: 'C' } },
    { type: 'function_call', name: WEATHER_TOOL.name, arguments: { city: 'Rome' } },
  ],
});

/** The events of such an answer, `[DONE]` left out. */
async function richEvents(t: Trial): Promise<Json[]> {
  t.upstream.answer(RICH);
  const { events } = await t.ask({ tools: [WEATHER_TOOL] });
  return events.filter((event): event is Json => typeof event === 'object' && event !== null);
}

async function expectValidStream(t: Trial, profile: 'tolerant' | 'codex'): Promise<void> {
  t.upstream.answer(RICH);
  const reply = await t.call({ body: t.prompt({ tools: [WEATHER_TOOL] }) });
  await t.read(reply);
  expectValid(t, validateStream('responses', await reply.bytes(), 'complete', [profile]));
}

const COMMON = {
  revision: 1,
  profiles: ['open-responses'],
  needs: 'upstream',
  clients: ['responses'],
} as const;

/** The grammar of streams of Responses, rule by rule, and of documents. */
export const STREAM_RULE_CHECKS: readonly Check[] = [
  ...STREAM_RULES.map(
    ({ name, requirement, source, level, codex, judge }): Check => ({
      ...COMMON,
      ...{ requirement, source, level },
      id: `responses.stream.${name}`,
      profiles: codex ? ['codex', 'open-responses'] : ['open-responses'],
      run: async (t) => judge(t, await richEvents(t)),
    }),
  ),
  {
    ...COMMON,
    revision: 2,
    id: 'responses.stream.schema',
    requirement:
      'The stream of thoughts, a text and two calls keeps the order of its events, and every event fits its schema.',
    source: "docs/validation.md, profile tolerant; generated from the official SDKs' types",
    level: 'must',
    run: (t) => expectValidStream(t, 'tolerant'),
  },
  {
    ...COMMON,
    id: 'codex.stream.valid',
    requirement: 'A stream of thoughts, a text and two calls has nothing by which Codex would fail, or lose something.',
    source: 'docs/validation.md, profile codex; Codex 0.113.0, 0.122.0 and 0.169.0, measured',
    level: 'must',
    profiles: ['codex'],
    run: (t) => expectValidStream(t, 'codex'),
  },
  {
    ...COMMON,
    id: 'responses.stream.lines',
    requirement: 'Every event has a line `event:` that says its type, and no line `id:`.',
    source: `${SPEC}, streaming: MUST, and SHOULD NOT`,
    level: 'info',
    async run(t) {
      t.upstream.answer(RICH);
      const reply = await t.call({ body: t.prompt({ tools: [WEATHER_TOOL] }) });
      await t.read(reply);
      const events = await reply.events();
      for (const one of events.filter(({ data }) => data !== '[DONE]')) {
        const type = dataOf(one)?.type;
        t.expect(one.event === type, `${String(type)} comes as ${one.event ?? 'no event'}`, DOWN);
        t.expect(one.id === undefined, `${String(type)} has the id ${one.id}`, DOWN);
      }
    },
  },
  {
    ...COMMON,
    revision: 2,
    id: 'responses.document.schema',
    requirement:
      'An answer that is no stream is a response that fits its schema, labelled as JSON, complete and without an error.',
    source: 'Open Responses suite, basic-response and tool-calling; docs/validation.md, profile tolerant',
    level: 'must',
    async run(t) {
      t.upstream.answer(RICH);
      const reply = await t.call({ body: t.prompt({ stream: false, tools: [WEATHER_TOOL] }) });
      const said = await t.read(reply);
      const type = reply.header('content-type') ?? '';
      t.expect(/^application\/json\b/i.test(type), `the document is labelled ${type || 'nothing at all'}`, DOWN);
      expectValid(t, validateDocument('responses.response', await reply.text(), ['tolerant']));
      const { object, status, error } = (said.events[0] ?? {}) as Json;
      t.expectSame(
        [object, status, error ?? null],
        ['response', 'completed', null],
        'it is no complete response',
        DOWN,
      );
      t.expect(
        lastOutput(said).some((item) => item.type === 'function_call'),
        'the output has no call',
        DOWN,
      );
    },
  },
];
