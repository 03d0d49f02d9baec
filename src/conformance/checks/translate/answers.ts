import type { Protocol } from '../../../util/types.ts';
import { type Check, type ConformanceProfile, EVERY_CLIENT } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Said } from '../../harness/said.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { ScriptedTurn } from '../../provider/responses.ts';
import { tellEnding } from '../shared/words.ts';

const ALL_CLIENTS: readonly ConformanceProfile[] = ['codex', 'open-responses', 'openai', 'anthropic'];
const DOWN = { where: 'answer' } as const;

const UNICODE = 'naïve 你好 🙂 "quoted" \\ back\nnew line\ttab';
const WHITE_SPACE = '  indented\n\n\tand more \n';
const ARGUMENTS = { city: 'Åre "x"\n', unit: 'C' };
const CALL = { type: 'function_call', name: WEATHER_TOOL.name, arguments: ARGUMENTS } as const;

/** Something that a model says, and how a client is told it. */
interface Told {
  name: string;
  requirement: string;
  source: string;
  level?: Check['level'];
  turn: ScriptedTurn;
  judge(t: Trial, said: Said): void;
}

function expectCalls(t: Trial, said: Said, due: readonly object[]): void {
  const calls = said.toolCalls.map(({ name, arguments: text }) => ({ name, arguments: parsed(text) }));
  t.expectSame(calls, due, 'the calls are not the same', DOWN);
  t.expect(said.ending === 'calls', `an answer with calls ${tellEnding(said.ending)}`, DOWN);
  const ids = said.toolCalls.map(({ callId }) => callId);
  t.expect(ids.every(Boolean) && new Set(ids).size === ids.length, `the ids of the calls are ${ids.join(', ')}`, DOWN);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return text;
  }
}

const TOLD: readonly Told[] = [
  {
    name: 'text',
    requirement: 'A text arrives character by character, and the answer ends as complete.',
    source: 'whatever the protocol: measured on fifteen gateways',
    turn: { items: [{ type: 'message', text: UNICODE }] },
    judge(t, said) {
      t.expectSame(said.text, UNICODE, 'the text is not the same', DOWN);
      t.expect(said.ending === 'stop', `the answer ${tellEnding(said.ending)}`, DOWN);
    },
  },
  {
    name: 'white-space',
    requirement: 'White space at the beginning and at the end of a text arrives.',
    source:
      'whatever the protocol: a patch or a file of Python is another one without; measured: trimmed (codex-api-proxy)',
    level: 'should',
    turn: { items: [{ type: 'message', text: WHITE_SPACE }] },
    judge: (t, said) => void t.expectSame(said.text, WHITE_SPACE, 'the text is not the same', DOWN),
  },
  {
    name: 'call',
    requirement:
      'A call arrives with its name, its arguments and an id, and the answer says that it waits for the result.',
    source: 'measured: calls that are lost in one direction only, and only in the stream',
    turn: { items: [CALL] },
    judge: (t, said) => expectCalls(t, said, [{ name: CALL.name, arguments: ARGUMENTS }]),
  },
  {
    name: 'parallel-calls',
    requirement: 'Two calls of one answer arrive as two calls, in order, with ids of their own.',
    source: 'measured: arguments of both run together under the index 0',
    turn: { items: [CALL, { ...CALL, arguments: { city: 'Rome' } }] },
    judge: (t, said) =>
      expectCalls(t, said, [
        { name: CALL.name, arguments: ARGUMENTS },
        { name: CALL.name, arguments: { city: 'Rome' } },
      ]),
  },
  {
    name: 'empty-arguments',
    requirement: 'A call without arguments arrives as a call with an empty object.',
    source: 'tools without parameters; measured: an empty string that is no JSON',
    turn: { items: [{ ...CALL, arguments: {} }] },
    judge: (t, said) => expectCalls(t, said, [{ name: CALL.name, arguments: {} }]),
  },
  {
    name: 'text-and-call',
    requirement: 'A text before a call arrives beside the call.',
    source: 'measured: the text is lost when there is a call',
    turn: { items: [{ type: 'message', text: 'I look it up.' }, CALL] },
    judge(t, said) {
      t.expectSame(said.text, 'I look it up.', 'the text is not the same', DOWN);
      expectCalls(t, said, [{ name: CALL.name, arguments: ARGUMENTS }]);
    },
  },
  {
    name: 'usage',
    requirement: 'The tokens that the provider counted arrive.',
    source:
      'Codex 0.113.0 to 0.169.0, measured: a usage with the names of Chat ends the turn with an error; measured: zeros, doubled and invented numbers',
    turn: { items: [{ type: 'message', text: 'Short.' }], usage: { input: 1234, output: 56 } },
    judge(t, said) {
      const { input, output } = said.usage ?? {};
      t.expectSame({ input, output }, { input: 1234, output: 56 }, 'the tokens are not the same', DOWN);
    },
  },
];

/** Fields of usage that a client of the protocol reads; Codex fails without its own. */
const USAGE_FIELDS: Record<Protocol, readonly string[]> = {
  responses: ['input_tokens', 'output_tokens', 'total_tokens'],
  chat: ['prompt_tokens', 'completion_tokens', 'total_tokens'],
  messages: ['input_tokens', 'output_tokens'],
};

/** Every usage object in the events of an answer. */
function usagesIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(usagesIn);
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'usage' && typeof inner === 'object' && inner !== null
      ? [inner as Record<string, unknown>]
      : usagesIn(inner),
  );
}

export const TRANSLATED_ANSWER_CHECKS: readonly Check[] = [
  ...TOLD.flatMap(({ name, requirement, source, level = 'must', turn, judge }) =>
    [true, false].map(
      (stream): Check => ({
        id: `translate.answer.${name}-${stream ? 'stream' : 'json'}`,
        revision: 1,
        requirement: `${requirement} (${stream ? 'as a stream' : 'as a document'})`,
        source,
        level,
        profiles: stream ? ALL_CLIENTS : ALL_CLIENTS.filter((profile) => profile !== 'codex'),
        needs: 'upstream',
        clients: EVERY_CLIENT,
        async run(t) {
          t.upstream.answer(answerItems(turn));
          judge(t, await t.ask({ stream, tools: [WEATHER_TOOL] }));
        },
      }),
    ),
  ),
  {
    id: 'translate.answer.usage-names',
    revision: 1,
    requirement: "The usage of an answer has every field that the client's protocol asks for.",
    source: 'Codex 0.113.0 to 0.169.0, measured: "missing field input_tokens" ends the turn; SDK types of the others',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      t.upstream.answer(
        answerItems({ items: [{ type: 'message', text: 'Short.' }], usage: { input: 1234, output: 56 } }),
      );
      const said = await t.ask();
      const all = USAGE_FIELDS[t.protocol];
      const found = new Set(
        usagesIn(said.events).flatMap((usage) => all.filter((name) => typeof usage[name] === 'number')),
      );
      for (const name of all) t.expect(found.has(name), `no usage of the stream has ${name}`, DOWN);
    },
  },
  {
    id: 'translate.answer.reasoning',
    revision: 1,
    requirement: "The model's thoughts arrive as thoughts, or not at all, and never as text.",
    source: 'all three APIs keep thoughts apart from the answer',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      t.upstream.answer(
        answerItems({
          items: [
            { type: 'reasoning', summary: 'A made-up thought.' },
            { type: 'message', text: 'The answer.' },
          ],
        }),
      );
      const said = await t.ask();
      t.expectSame(said.text, 'The answer.', 'the text is not the same', DOWN);
      if (said.reasoning === '') t.note("The model's thoughts do not reach the client.");
      else t.expectSame(said.reasoning.trim(), 'A made-up thought.', 'the thoughts are not the same', DOWN);
    },
  },
  {
    id: 'translate.answer.same-as-json',
    revision: 1,
    requirement: 'A stream and a document say the same.',
    source: 'whatever the protocol',
    level: 'must',
    profiles: ['open-responses', 'openai', 'anthropic'],
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      t.upstream.answer(
        answerItems({ items: [{ type: 'message', text: 'I look it up.' }, CALL], usage: { input: 77, output: 8 } }),
      );
      const streamed = await t.ask({ tools: [WEATHER_TOOL] });
      const whole = await t.ask({ tools: [WEATHER_TOOL], stream: false });
      for (const field of ['text', 'ending'] as const)
        t.expectSame(streamed[field], whole[field], `${field} is not the same`, DOWN);
      const calls = (said: Said) => said.toolCalls.map(({ name, arguments: text }) => [name, parsed(text)]);
      t.expectSame(calls(streamed), calls(whole), 'the calls are not the same', DOWN);
      const tokens = ({ usage }: Said) => [usage?.input, usage?.output];
      t.expectSame(tokens(streamed), tokens(whole), 'the usage is not the same', DOWN);
    },
  },
];
