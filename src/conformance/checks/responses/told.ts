import type { Check, Level } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { SpokenCall } from '../../provider/items.ts';
import { holdsText } from '../shared/strings.ts';
import { startOf } from '../shared/words.ts';
import { readToldModel } from '../translate/read-request.ts';
import { doneItems } from './answers.ts';
import { findTool, OTHER_SCHEMA } from './offered.ts';

type Json = Record<string, unknown>;

const UP = { where: 'upstream request' } as const;
const DOWN = { where: 'answer' } as const;
const CODEX = 'Codex 0.113.0 to 0.169.0, measured';
const SEALED = 'gAAAAABmade+up/sealed_content==';
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const EXEC = { type: 'function', strict: false, ...WEATHER_TOOL, name: 'exec_command' };
const PATCH_TOOL = {
  ...{ type: 'custom', name: 'apply_patch', description: 'Changes files.' },
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "tamarind" /.+/' },
};
const CALC = {
  ...{ type: 'namespace', name: 'mcp__calc', description: 'A calculator.' },
  tools: [{ type: 'function', strict: false, ...WEATHER_TOOL, name: 'add_numbers' }],
};
const CODE_MODE = {
  ...{ type: 'additional_tools', role: 'developer' },
  tools: [
    {
      ...{ type: 'namespace', name: 'functions', description: 'Made up.' },
      tools: [{ type: 'custom', name: 'exec', description: 'Runs code.', format: { type: 'text' } }],
    },
  ],
};
const FOUND = [
  { type: 'tool_search_call', call_id: 'call_s', execution: 'client', status: 'completed', arguments: { query: 'a' } },
  { type: 'tool_search_output', call_id: 'call_s', execution: 'client', status: 'completed', tools: [CALC] },
];
const SEARCH_TOOL = {
  ...{ type: 'tool_search', execution: 'client', description: 'Finds tools.' },
  parameters: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
};

/** Items of the history, and words of them that a model of another protocol has to read. */
interface Told {
  name: string;
  what: string;
  items: readonly Json[];
  tools?: readonly Json[];
  words: readonly string[];
  why: string;
  level?: Level;
}

const TOLD: readonly Told[] = [
  {
    name: 'custom-call',
    what: 'A call of a custom tool and its output',
    items: [
      { type: 'custom_tool_call', call_id: 'call_1', name: 'apply_patch', input: '*** Begin Patch tamarind' },
      { type: 'custom_tool_call_output', call_id: 'call_1', output: 'rhubarb' },
    ],
    tools: [PATCH_TOOL],
    words: ['tamarind', 'rhubarb'],
    why: `${CODEX}: apply_patch; measured: dropped, so that the model writes the same patch again`,
  },
  {
    name: 'namespaced-call',
    what: 'A call of a tool in a namespace and its output',
    items: [
      {
        ...{ type: 'function_call', call_id: 'call_1', name: 'add_numbers', namespace: 'mcp__calc' },
        arguments: '{"a":"tamarind"}',
      },
      { type: 'function_call_output', call_id: 'call_1', output: 'rhubarb' },
    ],
    tools: [CALC],
    words: ['tamarind', 'rhubarb'],
    why: 'Codex 0.122 and later, measured: tools of MCP servers',
  },
  {
    name: 'output-parts',
    what: 'An output that is a list of a text and an image',
    items: [
      { type: 'function_call', call_id: 'call_1', name: 'exec_command', arguments: '{"city":"tamarind"}' },
      {
        ...{ type: 'function_call_output', call_id: 'call_1' },
        output: [
          { type: 'input_text', text: 'rhubarb' },
          { type: 'input_image', image_url: `data:image/png;base64,${PNG}` },
        ],
      },
    ],
    tools: [EXEC],
    words: ['tamarind', 'rhubarb', PNG],
    why: `${CODEX}: view_image; measured: told as JSON, or the image dropped`,
  },
  {
    name: 'local-shell',
    what: 'A call of the local shell and its output',
    items: [
      {
        ...{ type: 'local_shell_call', call_id: 'call_1', status: 'completed' },
        action: { type: 'exec', command: ['echo', 'tamarind'] },
      },
      { type: 'local_shell_call_output', call_id: 'call_1', output: 'rhubarb' },
    ],
    tools: [EXEC],
    words: ['tamarind', 'rhubarb'],
    why: 'measured: the call dropped, its output left alone, and the request refused',
    level: 'should',
  },
  {
    name: 'commentary',
    what: 'A message of the model with a phase',
    items: [
      {
        ...{ type: 'message', role: 'assistant', phase: 'commentary' },
        content: [{ type: 'output_text', text: 'tamarind' }],
      },
    ],
    words: ['tamarind'],
    why: 'Open Responses suite, assistant-phase; Codex 0.122.0 and 0.169.0, measured',
  },
];

/** Tools that a model of another protocol has to be offered, wherever Codex tells of them. */
const OFFERED: readonly { name: string; what: string; more: Json; items: readonly Json[]; due: string; why: string }[] =
  [
    {
      name: 'custom',
      what: 'A custom tool',
      more: { tools: [PATCH_TOOL] },
      items: [],
      due: 'apply_patch',
      why: `${CODEX}: apply_patch`,
    },
    {
      name: 'namespace',
      what: 'A tool in a namespace',
      more: { tools: [CALC] },
      items: [],
      due: 'add_numbers',
      why: 'Codex 0.122 and later, measured; measured: namespaces dropped whole',
    },
    {
      name: 'additional-tools',
      what: 'A tool that stands in an item of the input',
      more: {},
      items: [CODE_MODE],
      due: 'exec',
      why: 'Codex 0.144 and later with its default models, measured: all tools stand there',
    },
    {
      name: 'found',
      what: 'A tool that a search of tools has found',
      more: { tools: [SEARCH_TOOL] },
      items: FOUND,
      due: 'add_numbers',
      why: 'Codex 0.142 and later, measured: tools of MCP servers stand behind a search',
    },
  ];

/** A call of such a tool, and how it has to come back. */
const CALLED: readonly { name: string; offered: string; says: Omit<SpokenCall, 'name'> | string; due: Json }[] = [
  {
    name: 'custom',
    offered: 'custom',
    says: '*** Begin Patch\n+naïve "你好"\n*** End Patch',
    due: { type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin Patch\n+naïve "你好"\n*** End Patch' },
  },
  {
    name: 'namespace',
    offered: 'namespace',
    says: { arguments: { city: 'Rome' } },
    due: { type: 'function_call', name: 'add_numbers', namespace: 'mcp__calc' },
  },
  {
    name: 'additional-tools',
    offered: 'additional-tools',
    says: 'text(1)',
    due: { type: 'custom_tool_call', name: 'exec', input: 'text(1)' },
  },
  {
    name: 'found',
    offered: 'found',
    says: { arguments: { city: 'Rome' } },
    due: { type: 'function_call', name: 'add_numbers', namespace: 'mcp__calc' },
  },
];

function bodyWith(t: Trial, items: readonly Json[], more: Json): Json {
  const body = t.prompt({ more });
  return { ...body, input: [...items, ...(body.input as Json[])] };
}

const COMMON = {
  revision: 1,
  level: 'must',
  profiles: ['codex'],
  needs: 'upstream',
  clients: ['responses'],
  pair: 'translated',
} as const;

/** Items that only Responses has, told to models of other protocols, and calls that come back. */
export const TOLD_ITEM_CHECKS: readonly Check[] = [
  ...TOLD.map(
    ({ name, what, items, tools, words, why, level = 'must' }): Check => ({
      ...COMMON,
      level,
      id: `responses.told.${name}`,
      requirement: `${what} in the history is told to a model of another protocol.`,
      source: why,
      async run(t) {
        await t.read(await t.call({ body: bodyWith(t, items, tools ? { tools } : {}) }));
        const sent = t.sentUp();
        for (const word of words)
          t.expect(holdsText(sent, word), `${startOf(word, 20)} did not reach the provider`, UP);
        const { turns } = readToldModel(t.route.upstream ?? 'chat', sent);
        const calls = turns.flatMap((turn) => (turn.kind === 'call' ? [turn.id] : []));
        for (const turn of turns)
          if (turn.kind === 'result')
            t.expect(calls.includes(turn.id), `the output of ${turn.id} reaches the provider without its call`, UP);
      },
    }),
  ),
  {
    ...COMMON,
    id: 'responses.told.sealed',
    requirement: 'What only another provider can read is never told to a model as a text, and does no harm.',
    source: `${CODEX}: reasoning, searches and images of another provider stay in the history when the model is changed`,
    async run(t) {
      const items = [
        { type: 'reasoning', summary: [], content: null, encrypted_content: SEALED },
        { type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'a' } },
      ];
      await t.read(await t.call({ body: bodyWith(t, items, {}) }));
      const { system, turns } = readToldModel(t.route.upstream ?? 'chat', t.sentUp());
      const texts = [system, ...turns.flatMap((turn) => ('text' in turn ? [turn.text] : []))];
      t.expect(!texts.some((text) => text.includes(SEALED)), 'sealed content stands in a text for the model', UP);
    },
  },
  {
    ...COMMON,
    level: 'should',
    id: 'responses.told.grammar',
    requirement: 'A model of another protocol is told the grammar of a custom tool.',
    source: `${CODEX}: apply_patch; a model that does not know the form of a patch writes none that can be applied`,
    async run(t) {
      await t.read(await t.call({ body: bodyWith(t, [], { tools: [PATCH_TOOL] }) }));
      t.expect(holdsText(t.sentUp().tools, 'tamarind'), 'the grammar of apply_patch is lost', UP);
    },
  },
  ...OFFERED.map(
    ({ name, what, more, items, due, why }): Check => ({
      ...COMMON,
      id: `responses.told.offered-${name}`,
      requirement: `${what} is offered to a model of another protocol.`,
      source: why,
      async run(t) {
        await t.read(await t.call({ body: bodyWith(t, items, more) }));
        t.expect(findTool(t.sentUp(), due) !== undefined, `${due} is not offered to the model`, UP);
      },
    }),
  ),
  ...CALLED.map(({ name, offered, says, due }): Check => {
    const { what, more, items, due: tool, why } = OFFERED.find((one) => one.name === offered)!;
    return {
      ...COMMON,
      id: `responses.called.${name}`,
      requirement: `${what} that a model of another protocol calls comes back as the tool that was declared.`,
      source: `${why}; ${CODEX}: apply_patch as a function is aborted, a call without its namespace finds no tool`,
      async run(t) {
        let known = true;
        let fits = true;
        t.upstream.answer((request, context) => {
          const found = findTool(request.json ?? {}, tool);
          known = found !== undefined;
          fits = typeof says !== 'string' || !found || found.text !== undefined;
          const args = typeof says === 'string' ? { [found?.text ?? 'input']: says } : says.arguments;
          const call = { type: 'function_call', name: found?.name ?? tool, arguments: args } as const;
          return answerItems({ items: [call] })(request, context);
        });
        const said = await t.read(await t.call({ body: bodyWith(t, items, more) }));
        if (!known) return t.stop('inconclusive', `the model was not offered ${tool}; responses.told says so`);
        if (!fits) return t.stop('inconclusive', OTHER_SCHEMA);
        const call = doneItems(said).find(({ type }) => /call$/.test(String(type))) ?? {};
        const got = Object.fromEntries(Object.keys(due).map((field) => [field, call[field]]));
        t.expectSame(got, due, 'the call is another one', DOWN);
      },
    };
  }),
];
