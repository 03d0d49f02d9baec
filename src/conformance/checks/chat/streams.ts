import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Said } from '../../harness/said.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { CALL, validAnswerChecks } from '../shared/valid-answers.ts';

type Json = Record<string, unknown>;

const DOWN = { where: 'answer' } as const;
const USAGE = 'OpenAI API reference, stream_options';

/** The chunks of a stream. */
function chunksOf({ events }: Said): Json[] {
  return objectsIn(events);
}

/** What of a list is an object; nothing where it is no list. */
function objectsIn(list: unknown): Json[] {
  return (Array.isArray(list) ? list : []).filter((one): one is Json => typeof one === 'object' && one !== null);
}

function choicesOf(chunk: Json): Json[] {
  return objectsIn(chunk.choices);
}

/** A rule that every stream keeps, whatever the provider speaks. */
interface StreamRule {
  name: string;
  requirement: string;
  source: string;
  level: Check['level'];
  /** The client asks for no usage. */
  withoutUsage?: true;
  judge(t: Trial, chunks: readonly Json[]): void;
}

const RULES: readonly StreamRule[] = [
  {
    name: 'stream.one-completion',
    requirement: 'All chunks of a stream carry the same id, and the name of a model.',
    source: 'OpenAI API reference, the chat completion chunk object: "Each chunk has the same ID"',
    level: 'should',
    judge(t, chunks) {
      const ids = [...new Set(chunks.map(({ id }) => id))];
      t.expect(ids.length === 1 && typeof ids[0] === 'string' && ids[0] !== '', `the ids are ${ids.join(', ')}`, DOWN);
      t.expect(
        chunks.every(({ model }) => typeof model === 'string'),
        'a chunk has no model',
        DOWN,
      );
    },
  },
  {
    name: 'stream.one-finish',
    requirement: 'A stream has exactly one finish reason, after everything that is said.',
    source: 'OpenAI API reference, the chat completion chunk object',
    level: 'must',
    judge(t, chunks) {
      const choices = chunks.flatMap(choicesOf);
      const finishes = choices.filter(({ finish_reason }) => typeof finish_reason === 'string');
      t.expect(finishes.length === 1, `there are ${finishes.length} finish reasons`, DOWN);
      const behind = choices.slice(choices.indexOf(finishes[0] ?? {}) + 1);
      const said =
        finishes.length > 0 && behind.some(({ delta }) => (delta as Json)?.content || (delta as Json)?.tool_calls);
      t.expect(!said, 'something is said behind the finish reason', DOWN);
    },
  },
  {
    name: 'stream.call-heads',
    requirement: 'Each piece of a call says by its index which call it belongs to; the first one has id and name.',
    source: "OpenAI's SDK 7.55.0, which puts calls together by `index`; measured in requests: both calls under 0",
    level: 'must',
    judge(t, chunks) {
      const pieces = chunks.flatMap(choicesOf).flatMap(({ delta }) => objectsIn((delta as Json | null)?.tool_calls));
      const indexes = [...new Set(pieces.map(({ index }) => index))];
      t.expectSame(indexes, [0, 1], 'the indexes of two calls are others', DOWN);
      for (const index of indexes) {
        const own = pieces.filter((piece) => piece.index === index);
        const named = own.some((piece) => (piece.function as Json | undefined)?.name === WEATHER_TOOL.name);
        t.expect(
          named && own.some(({ id }) => typeof id === 'string' && id !== ''),
          `call ${index} has no name or id`,
          {
            ...DOWN,
            actual: own[0],
          },
        );
      }
    },
  },
  {
    name: 'usage.asked-for',
    requirement: 'With `include_usage` the usage comes in a chunk of its own with empty choices, as the last one.',
    source: USAGE,
    level: 'should',
    judge(t, chunks) {
      const last = chunks.at(-1);
      t.expect(last?.usage !== undefined && last.usage !== null, 'the last chunk has no usage', {
        ...DOWN,
        actual: last,
      });
      t.expectSame(last?.choices, [], 'the chunk of the usage has choices', DOWN);
    },
  },
  {
    name: 'usage.once',
    requirement: 'The usage of a stream is told once.',
    source: `${USAGE}: "All other chunks will also include a usage field, but with a null value"; clients add them up`,
    level: 'should',
    judge(t, chunks) {
      const told = chunks.filter(({ usage }) => typeof usage === 'object' && usage !== null);
      t.expect(told.length <= 1, `the usage is told ${told.length} times`, DOWN);
    },
  },
  {
    name: 'usage.total',
    requirement: 'The total of a usage is the sum of its parts.',
    source:
      'OpenAI API reference, the chat completion object; measured: what was cached counted in other ways by route',
    level: 'should',
    judge(t, chunks) {
      const usage = chunks.map((chunk) => chunk.usage).find((one) => typeof one === 'object' && one !== null) as Json;
      if (!t.expect(usage !== undefined, 'no usage was told', DOWN)) return;
      t.expectSame(
        usage.total_tokens,
        Number(usage.prompt_tokens) + Number(usage.completion_tokens),
        'the total is not the sum',
        DOWN,
      );
    },
  },
  {
    name: 'usage.not-asked-for',
    requirement: 'Without `include_usage` no chunk of a usage comes.',
    source: `${USAGE}: a client that reads \`choices[0]\` of every chunk has to ask for it first`,
    level: 'should',
    withoutUsage: true,
    judge(t, chunks) {
      const bare = chunks.find((chunk) => choicesOf(chunk).length === 0 && chunk.usage);
      t.expect(bare === undefined, 'a chunk of a usage came that nobody asked for', { ...DOWN, actual: bare });
    },
  },
];

/** How an answer of Chat Completions is told, whatever the provider speaks. */
export const CHAT_STREAM_CHECKS: readonly Check[] = [
  ...validAnswerChecks('chat', 'Chat Completions', ['openai']),
  ...RULES.map(
    ({ name, requirement, source, level, withoutUsage, judge }): Check => ({
      id: `chat.${name}`,
      revision: 1,
      requirement,
      source,
      level,
      profiles: ['openai'],
      needs: 'upstream',
      clients: ['chat'],
      async run(t) {
        const items = [{ type: 'message', text: 'I look.' }, CALL, { ...CALL, arguments: { city: 'Åre' } }] as const;
        t.upstream.answer(answerItems({ items, usage: { input: 1234, output: 56 } }));
        const more = withoutUsage ? { stream_options: undefined } : {};
        judge(t, chunksOf(await t.ask({ tools: [WEATHER_TOOL], more })));
      },
    }),
  ),
  {
    id: 'chat.usage.not-invented',
    revision: 1,
    requirement: 'An answer of a provider that tells no usage has none.',
    source: 'measured: a usage where the provider told none',
    level: 'info',
    profiles: ['openai'],
    needs: 'upstream',
    clients: ['chat'],
    pair: 'same',
    async run(t) {
      t.upstream.answer((request, context) => {
        const answer = answerItems({ items: [{ type: 'message', text: 'Made up.' }] })(request, context);
        return answer.kind === 'body' ? { ...answer, body: { ...(answer.body as Json), usage: undefined } } : answer;
      });
      const said = await t.ask({ stream: false });
      const { usage } = (said.events[0] ?? {}) as Json;
      const none = !Object.values((usage ?? {}) as Json).some((count) => typeof count === 'number' && count > 0);
      t.expect(none, 'there is a usage that the provider did not tell', { ...DOWN, actual: usage });
    },
  },
];
