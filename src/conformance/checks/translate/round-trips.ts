import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { SIGNATURE } from '../../provider/messages.ts';
import { OPAQUE_CONTENT, type ScriptedItem } from '../../provider/responses.ts';
import { holdsText } from '../shared/strings.ts';
import { callProblems } from './call-order.ts';
import { readToldModel, type Turn } from './read-request.ts';
import { expectTaken, TRANSLATED, UP } from './told.ts';

type Json = Record<string, unknown>;

const THOUGHT: ScriptedItem = { type: 'reasoning', summary: 'A made-up thought.' };
const CALL: ScriptedItem = { type: 'function_call', name: WEATHER_TOOL.name, arguments: { city: 'Åre "x"\n' } };

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** The turns that go on from a document: what the model said as the client was told it, and results of its calls. */
function goOn(t: Trial, answer: Json): { turns: Json[]; calls: number } {
  if (t.protocol === 'responses') {
    const output = listOf(answer.output);
    const calls = output.filter(({ type }) => type === 'function_call');
    const results = calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'seven degrees' }));
    return { turns: [...output, ...results], calls: calls.length };
  }
  if (t.protocol === 'chat') {
    const message = (listOf(answer.choices)[0]?.message ?? {}) as Json;
    const calls = listOf(message.tool_calls);
    const results = calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'seven degrees' }));
    return { turns: [message, ...results], calls: calls.length };
  }
  const calls = listOf(answer.content).filter(({ type }) => type === 'tool_use');
  const results = calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'seven degrees' }));
  const turns = [
    { role: 'assistant', content: answer.content },
    { role: 'user', content: results },
  ];
  return { turns, calls: calls.length };
}

/** What a provider said, and the request with which the client goes on from it. */
interface Round {
  /** The id of the provider's first call. */
  id: string | undefined;
  next: Json;
}

/** Has the model say something, sends back what the client was told, and gives the provider's second request. */
async function goRound(t: Trial, items: readonly ScriptedItem[], more: Json): Promise<Round> {
  let said = '';
  t.upstream.answer((request, context, nth) => {
    const turn = nth === 1 ? items : [{ type: 'message' as const, text: 'That is all.' }];
    const answer = answerItems({ items: turn })(request, context);
    if (nth === 1) said = JSON.stringify(answer);
    return answer;
  });
  const body = { ...t.prompt({ tools: [WEATHER_TOOL], stream: false }), ...more };
  const reply = await t.call({ body });
  await t.read(reply);
  const { turns, calls } = goOn(t, ((await reply.json()) ?? {}) as Json);
  if (calls === 0)
    return t.stop('inconclusive', 'the call was lost on the way to the client; translate.answer says so');
  const field = t.protocol === 'responses' ? 'input' : 'messages';
  const before = t.upstream.calls.length;
  await (await t.call({ body: { ...body, [field]: [...listOf(body[field]), ...turns] } })).bytes();
  expectTaken(t);
  const next = t.upstream.calls[before]?.request.json;
  if (!next) return t.stop('fail', 'the request that goes on from the result was not sent on');
  const id = /"(?:call_id|id)":"((?:call|toolu)_[^"]+)"/.exec(said)?.[1];
  return { id, next };
}

/** Asks for thoughts, as each client does. */
const THINKING: Record<Trial['protocol'], Json> = {
  responses: { reasoning: { effort: 'medium', summary: 'auto' }, include: ['reasoning.encrypted_content'] },
  chat: { reasoning_effort: 'medium' },
  messages: { thinking: { type: 'adaptive' } },
};

/** What the client was told, and says again. */
export const ROUND_TRIP_CHECKS: readonly Check[] = [
  {
    ...TRANSLATED,
    id: 'translate.round.call',
    requirement:
      'A call that the client sends back with its result reaches the provider as the call that the provider made.',
    source:
      'whatever the protocol: every turn of an agent; measured: calls dropped on the second turn (codex-api-proxy, GoModel)',
    level: 'must',
    async run(t) {
      const { next } = await goRound(t, [{ type: 'message', text: 'I look it up.' }, CALL], {});
      for (const problem of callProblems(t.route.upstream ?? 'chat', next)) t.expect(false, problem, UP);
      const { turns } = readToldModel(t.route.upstream ?? 'chat', next);
      const call = turns.find((turn) => turn.kind === 'call');
      const due = { name: WEATHER_TOOL.name, arguments: { city: 'Åre "x"\n' } };
      t.expectSame(call && { name: call.name, arguments: call.arguments }, due, 'the call is another one', UP);
      const result = turns.find((turn) => turn.kind === 'result');
      t.expectSame(result?.text, 'seven degrees', 'the result is another one', UP);
    },
  },
  {
    ...TRANSLATED,
    id: 'translate.round.call-id',
    requirement: "The provider's id of a call comes back to it.",
    source: "an id that is made anew on every turn is another prompt, which the provider's cache does not know",
    level: 'should',
    async run(t) {
      const { id, next } = await goRound(t, [CALL], {});
      const call = readToldModel(t.route.upstream ?? 'chat', next).turns.find((turn) => turn.kind === 'call') as
        | Extract<Turn, { kind: 'call' }>
        | undefined;
      t.expectSame(call?.id, id, 'the call has another id', UP);
    },
  },
  ...(
    [
      {
        name: 'signature',
        client: 'responses',
        upstream: 'messages',
        sealed: SIGNATURE,
        source: 'Anthropic, extended thinking with tools: thinking goes back with its signature, as it was',
      },
      {
        name: 'encrypted-content',
        client: 'messages',
        upstream: 'responses',
        sealed: OPAQUE_CONTENT,
        source:
          'OpenAI, reasoning without storage: the encrypted content goes back, else the model thinks anew in every turn',
      },
    ] as const
  ).map(
    ({ name, client, upstream, sealed, source }): Check => ({
      ...TRANSLATED,
      id: `translate.round.${name}`,
      requirement: `The ${name.replace('-', ' ')} of the model's thoughts comes back to the provider as it was, with the call that they led to.`,
      source,
      level: 'should',
      clients: [client],
      upstreams: [upstream],
      async run(t) {
        const { next } = await goRound(t, [THOUGHT, CALL], THINKING[t.protocol]);
        t.expect(holdsText(next, sealed), 'what the provider sealed does not come back to it', UP);
        const { system, turns } = readToldModel(t.route.upstream ?? upstream, next);
        const texts = [system, ...turns.flatMap((turn) => ('text' in turn ? [turn.text] : []))];
        t.expect(!texts.some((text) => text.includes(sealed)), 'it stands in a text for the model', UP);
      },
    }),
  ),
];
