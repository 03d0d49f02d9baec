import type { Protocol } from '../../../util/types.ts';
import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { readToldModel, type ToldModel } from './read-request.ts';
import { DOWN, TRANSLATED, tell, UP } from './told.ts';

type Json = Record<string, unknown>;

const SECOND_TOOL = { ...WEATHER_TOOL, name: 'get_time', description: 'The time in a city.' };
const STOP = 'END-OF-MADE-UP';
const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

/** A wish of the client, as it says it in each protocol, and how it is seen that the model was told. */
interface Wish {
  name: string;
  requirement: string;
  source: string;
  level?: Check['level'];
  /** Absent: the protocol has no word for it. */
  says: Partial<Record<Protocol, Json>>;
  upstreams?: Check['upstreams'];
  /** Without these two tools. */
  plain?: true;
  judge(t: Trial, model: ToldModel): void;
}

function namesOf({ tools }: ToldModel): string[] {
  return tools.map(({ name }) => name);
}

const WISHES: readonly Wish[] = [
  {
    name: 'tool-choice-none',
    requirement: 'A model that may call no tool is told so, or offered none.',
    source: 'API references, tool_choice; Codex compacts and reviews without tools',
    says: {
      responses: { tool_choice: 'none' },
      chat: { tool_choice: 'none' },
      messages: { tool_choice: { type: 'none' } },
    },
    judge(t, model) {
      const quiet = model.choice === 'none' || model.tools.length === 0;
      t.expect(
        quiet,
        `the provider is told ${model.choice ?? 'nothing'}, and offered ${namesOf(model).join(', ')}`,
        UP,
      );
    },
  },
  {
    name: 'tool-choice-required',
    requirement: 'A model that has to call some tool is told so.',
    source:
      'API references, tool_choice: `required` of OpenAI is `any` of Anthropic; measured: given on as it is, or dropped',
    says: {
      responses: { tool_choice: 'required' },
      chat: { tool_choice: 'required' },
      messages: { tool_choice: { type: 'any' } },
    },
    judge: (t, { choice }) => void t.expectSame(choice, 'required', 'the choice of tools is another one', UP),
  },
  {
    name: 'tool-choice-named',
    requirement: 'A model that has to call one tool is told which.',
    source: 'API references, tool_choice: each protocol has another form; agents that want a structured answer',
    says: {
      responses: { tool_choice: { type: 'function', name: 'get_time' } },
      chat: { tool_choice: { type: 'function', function: { name: 'get_time' } } },
      messages: { tool_choice: { type: 'tool', name: 'get_time' } },
    },
    judge(t, model) {
      // The only tool there is, and it must be called: that is the same.
      const only = model.choice === 'required' && namesOf(model).join() === 'get_time';
      if (!only) t.expectSame(model.choice, 'get_time', 'the choice of tools is another one', UP);
    },
  },
  {
    name: 'allowed-tools',
    requirement: 'A model that may call some of the tools alone is told which, or offered no others.',
    source: 'OpenAI API reference, allowed_tools; the other tools stand there for the cache',
    level: 'should',
    says: {
      responses: {
        tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'get_time' }] },
      },
      chat: {
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'get_time' } }] },
        },
      },
    },
    judge(t, model) {
      const choice = JSON.stringify(t.sentUp().tool_choice ?? null);
      const told = choice.includes('get_time') && choice.includes('allowed_tools');
      if (!told) t.expectSame(namesOf(model), ['get_time'], 'the model may call other tools', UP);
    },
  },
  {
    name: 'single-call',
    requirement: 'A model that is to make one call at a time is told so.',
    source:
      'API references: parallel_tool_calls of OpenAI, disable_parallel_tool_use of Anthropic; measured: turned into true (CLIProxyAPI)',
    level: 'should',
    says: {
      responses: { parallel_tool_calls: false },
      chat: { parallel_tool_calls: false },
      messages: { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    },
    judge: (t, { parallel }) => void t.expectSame(parallel, false, 'several calls at once are allowed', UP),
  },
  {
    name: 'top-p',
    requirement: '`top_p` arrives.',
    source: 'API references; the Messages API has none (@anthropic-ai/sdk 1.11.0)',
    level: 'should',
    plain: true,
    says: { responses: { top_p: 0.25 }, chat: { top_p: 0.25 } },
    upstreams: ['responses', 'chat'],
    judge: (t, { topP }) => void t.expectSame(topP, 0.25, '`top_p` is another one', UP),
  },
  {
    name: 'effort',
    requirement: 'How much the model is to think arrives in some form.',
    source:
      'Codex sends its effort with every turn; measured: dropped, so that a model thinks too little, or not at all',
    level: 'should',
    plain: true,
    says: {
      responses: { reasoning: { effort: 'high' } },
      chat: { reasoning_effort: 'high' },
      messages: { output_config: { effort: 'high' } },
    },
    judge: (t, { effort }) =>
      void t.expect(effort !== undefined && effort !== null, 'nothing says how much to think', UP),
  },
  {
    name: 'json-object',
    requirement: 'A client that wants some JSON object has the model told so.',
    source: 'API references, json_object; the Messages API has no such format',
    level: 'should',
    plain: true,
    says: {
      responses: { text: { format: { type: 'json_object' } } },
      chat: { response_format: { type: 'json_object' } },
    },
    upstreams: ['responses', 'chat'],
    judge(t) {
      const { text, response_format: format } = t.sentUp() as { text?: { format?: Json }; response_format?: Json };
      t.expectSame((text?.format ?? format)?.type, 'json_object', 'the format is another one', UP);
    },
  },
  {
    name: 'schema-strict',
    requirement: 'A schema of the answer arrives whole, and as one that must be kept to.',
    source: 'API references, structured output; measured: dropped by four gateways, told without its schema by others',
    level: 'should',
    plain: true,
    says: {
      responses: { text: { format: { type: 'json_schema', name: 'place', strict: true, schema: SCHEMA } } },
      chat: { response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: SCHEMA } } },
      messages: { output_config: { format: { type: 'json_schema', schema: SCHEMA } } },
    },
    judge(t, { schema }) {
      t.expectSame(sorted(schema), sorted(SCHEMA), 'the schema is another one', UP);
      const sent = t.sentUp() as { text?: { format?: Json }; response_format?: { json_schema?: Json } };
      const format = sent.text?.format ?? sent.response_format?.json_schema;
      if (format) t.expect(format.strict === true, 'the model is not held to the schema', UP);
    },
  },
];

/** With its keys in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** What a client wishes of a model of another protocol. */
export const TRANSLATED_CHOICE_CHECKS: readonly Check[] = [
  ...WISHES.map(
    ({ name, requirement, source, level = 'must', says, upstreams, plain = false, judge }): Check => ({
      ...TRANSLATED,
      id: `translate.choice.${name}`,
      requirement,
      source,
      level,
      clients: TRANSLATED.clients.filter((client) => says[client]),
      ...(upstreams ? { upstreams } : {}),
      async run(t) {
        const tools = plain ? {} : { tools: [WEATHER_TOOL, SECOND_TOOL] };
        const { model } = await tell(t, t.prompt({ ...tools, more: says[t.protocol] ?? {} }));
        judge(t, model);
      },
    }),
  ),
  {
    ...TRANSLATED,
    id: 'translate.choice.stop',
    requirement: 'An answer ends at the text at which the client wants it to stop, whoever sees to that.',
    source: 'API references: `stop` of Chat is `stop_sequences` of Messages, and Responses has none; measured: dropped',
    level: 'should',
    clients: ['chat', 'messages'],
    async run(t) {
      t.upstream.answer((request, context) => {
        const { stop } = readToldModel(request.protocol ?? t.protocol, request.json ?? {});
        // A provider that was told stops by itself.
        const text = stop?.toString().includes(STOP) ? 'alpha ' : `alpha ${STOP} bravo`;
        return answerItems({ items: [{ type: 'message', text }] })(request, context);
      });
      const more = t.protocol === 'chat' ? { stop: [STOP] } : { stop_sequences: [STOP] };
      const said = await t.ask({ more });
      t.expectSame(said.text.trim(), 'alpha', 'the answer goes on behind the text at which it should stop', DOWN);
    },
  },
];
