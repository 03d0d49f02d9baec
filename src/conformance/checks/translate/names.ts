import type { Protocol } from '../../../util/types.ts';
import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { lostFrom } from '../shared/within.ts';
import { readToldModel, type ToldModel } from './read-request.ts';
import { DOWN, TRANSLATED, tell, UP } from './told.ts';
import { toolsFor } from './tools-for.ts';

type Json = Record<string, unknown>;

const CODEX = 'Codex 0.122 and later, measured: tools of MCP servers stand in namespaces';

/** Names that a provider takes: OpenAI's 64 characters, Anthropic's 128. */
const TAKEN: Record<Protocol, RegExp> = {
  responses: /^[a-zA-Z0-9_-]{1,64}$/,
  chat: /^[a-zA-Z0-9_-]{1,64}$/,
  messages: /^[a-zA-Z0-9_-]{1,128}$/,
};

const LONG_NAME = `get_weather_${'of_a_made_up_place_'.repeat(3)}`.slice(0, 63).padEnd(64, 'x');

const SCHEMA = {
  type: 'object',
  $defs: { place: { type: 'object', properties: { city: { type: 'string', minLength: 1 } }, required: ['city'] } },
  properties: {
    place: { $ref: '#/$defs/place' },
    days: { type: 'integer', minimum: 1, maximum: 14, description: 'Naïve 你好.' },
    kinds: { type: 'array', items: { type: 'string', enum: ['rain', 'wind'] } },
  },
  required: ['place'],
};

/** In the description of the tool that matters, and of no other. */
const WORDS = 'bravo matters';

const LONG_TOOL = { ...WEATHER_TOOL, name: LONG_NAME, description: `Looks up ${WORDS}.` };

const tool = (name: string, description: string) => ({
  ...WEATHER_TOOL,
  type: 'function',
  strict: false,
  name,
  description,
});
const namespace = (name: string, tools: object[]) => ({ type: 'namespace', name, description: 'Made up.', tools });

/** Two servers that have a tool of the same name. */
const TWINS = [
  namespace('mcp__alpha', [tool('search', 'Looks up alpha matters.')]),
  namespace('mcp__bravo', [tool('search', `Looks up ${WORDS}.`)]),
];

/** A server and a tool whose names are too long together. */
const LONG = [
  namespace(`mcp__${'long_server_'.repeat(4)}a`, [tool(`${'long_tool_'.repeat(4)}b`, `Looks up ${WORDS}.`)]),
];

/** The name under which the model was offered the tool whose description has the words. */
function offeredAs({ tools }: ToldModel): string | undefined {
  return tools.find(({ description }) => description.includes(WORDS))?.name;
}

/** Lets the model call the tool whose description has the words, and gives back the calls that the client was told. */
async function callBack(t: Trial, more: Json): Promise<Json[]> {
  let offered: string | undefined;
  t.upstream.answer((request, context) => {
    offered = offeredAs(readToldModel(request.protocol ?? t.protocol, request.json ?? {}));
    const call = { type: 'function_call', name: offered ?? 'nothing', arguments: { city: 'Rome' } } as const;
    return answerItems({ items: [call] })(request, context);
  });
  const said = await t.ask({ more });
  if (offered === undefined) return t.stop('inconclusive', 'the model was not offered the tool under its description');
  if (t.protocol !== 'responses') return said.toolCalls.map(({ name }) => ({ name }));
  return said.events
    .map((event) => event as Json | undefined)
    .filter((event) => event?.type === 'response.output_item.done')
    .map((event) => event?.item as Json)
    .filter(({ type }) => type === 'function_call')
    .map(({ name, namespace: space }) => ({ name, namespace: space }));
}

/**
 * Notes tools of the client that are not offered, by their descriptions, names of them that the provider refuses, and those that stand for
 * two tools. What the gateway offers of its own is told by translate.request.no-invented-tools.
 */
function expectOffered(t: Trial, { tools }: ToldModel, descriptions: readonly string[]): void {
  const own = descriptions.flatMap((words) => {
    const found = tools.find(({ description }) => description.includes(words));
    t.expect(found !== undefined, `no tool is offered that says ${words}`, UP);
    return found ? [found] : [];
  });
  const names = own.map(({ name }) => name);
  for (const name of names)
    t.expect(TAKEN[t.route.upstream ?? 'chat'].test(name), `the provider refuses the name ${name}`, UP);
  t.expect(new Set(names).size === names.length, `two tools have one name: ${names.join(', ')}`, UP);
}

const CASES: readonly { name: string; offered: string; called: string; source: string; tools: object[]; due: Json }[] =
  [
    {
      name: 'twins',
      offered: 'Tools of the same name in two namespaces are offered under two names.',
      called: 'A tool whose name stands in two namespaces comes back with its own namespace when it is called.',
      source: `${CODEX}; two servers with a tool \`search\` are nothing special`,
      tools: TWINS,
      due: { name: 'search', namespace: 'mcp__bravo' },
    },
    {
      name: 'long-namespace',
      offered: 'A tool whose name and namespace are too long together is offered under a name that the provider takes.',
      called: 'A tool whose name and namespace are too long together comes back under them when it is called.',
      source: `${CODEX}; OpenAI takes names of 64 characters`,
      tools: LONG,
      due: { name: `${'long_tool_'.repeat(4)}b`, namespace: `mcp__${'long_server_'.repeat(4)}a` },
    },
  ];

/** Names, descriptions and schemas of tools on the way to a provider of another protocol, and back. */
export const TRANSLATED_NAME_CHECKS: readonly Check[] = [
  ...CASES.flatMap(({ name, offered, called, source, tools, due }): Check[] => [
    {
      ...TRANSLATED,
      revision: 2,
      id: `translate.names.${name}-offered`,
      requirement: offered,
      source,
      level: 'must',
      profiles: ['codex'],
      clients: ['responses'],
      async run(t) {
        const { model } = await tell(t, t.prompt({ more: { tools } }));
        const all = tools.flatMap((one) => (one as { tools: { description: string }[] }).tools);
        expectOffered(
          t,
          model,
          all.map(({ description }) => description),
        );
      },
    },
    {
      ...TRANSLATED,
      id: `translate.names.${name}-called`,
      requirement: called,
      source: `${source}; a call without its namespace finds no tool`,
      level: 'must',
      profiles: ['codex'],
      clients: ['responses'],
      run: async (t) => void t.expectSame(await callBack(t, { tools }), [due], 'the call is another one', DOWN),
    },
  ]),
  {
    ...TRANSLATED,
    id: 'translate.names.history',
    requirement: 'A past call has the name under which its tool is offered.',
    source: `${CODEX}; a model that sees a call of a tool that it does not have copies its name`,
    level: 'should',
    profiles: ['codex'],
    clients: ['responses'],
    async run(t) {
      const body = t.prompt({ more: { tools: TWINS } });
      const items = [
        {
          type: 'function_call',
          call_id: 'call_1',
          name: 'search',
          namespace: 'mcp__bravo',
          arguments: '{"city":"Rome"}',
        },
        { type: 'function_call_output', call_id: 'call_1', output: 'Found.' },
      ];
      const { model } = await tell(t, { ...body, input: [...(body.input as Json[]), ...items] });
      const past = model.turns.find(({ kind }) => kind === 'call') as { name?: string } | undefined;
      t.expectSame(past?.name, offeredAs(model), 'the past call has another name than its tool', UP);
    },
  },
  {
    ...TRANSLATED,
    revision: 2,
    id: 'translate.names.long-offered',
    requirement: 'A tool with a name of 64 characters is offered under a name that the provider takes.',
    source: 'OpenAI API reference, tools: 64 characters; MCP clients make such names',
    level: 'must',
    async run(t) {
      const { model } = await tell(t, t.prompt({ tools: [LONG_TOOL] }));
      expectOffered(t, model, [LONG_TOOL.description]);
    },
  },
  {
    ...TRANSLATED,
    id: 'translate.names.long-called',
    requirement: 'A tool with a name of 64 characters comes back under this name when it is called.',
    source: 'OpenAI API reference, tools: 64 characters; MCP clients make such names',
    level: 'must',
    async run(t) {
      const calls = await callBack(t, { tools: toolsFor(t.protocol, [LONG_TOOL]) });
      t.expectSame(
        calls.map(({ name }) => name),
        [LONG_NAME],
        'the call has another name',
        DOWN,
      );
    },
  },
  {
    ...TRANSLATED,
    id: 'translate.names.description',
    requirement: 'What a tool is for arrives.',
    source: 'API references, tools: a model chooses a tool by its description',
    level: 'should',
    async run(t) {
      const { model } = await tell(t, t.prompt({ tools: [LONG_TOOL] }));
      t.expect(offeredAs(model) !== undefined, 'the description of the tool is lost', UP);
    },
  },
  {
    ...TRANSLATED,
    id: 'translate.names.schema',
    requirement: 'The schema of a tool arrives whole, with its references, limits and choices.',
    source: 'tools of MCP servers; JSON Schema 2020-12; measured: keywords dropped',
    level: 'should',
    async run(t) {
      const { model } = await tell(t, t.prompt({ tools: [{ ...WEATHER_TOOL, parameters: SCHEMA }] }));
      for (const { pointer, before } of lostFrom(SCHEMA, model.tools[0]?.parameters))
        t.expect(false, `${pointer || 'the schema'} is lost or changed`, { ...UP, pointer, expected: before });
    },
  },
];
