import { OWN_PROVIDER } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { ItemRow } from './items.ts';

const CODEX = 'Codex 0.113.0 to 0.169.0, measured: it sends such items back';
const LITE = 'Codex 0.144 and later with its default models, measured';
const NEW = 'items of Codex 0.169.0, from the schema that it generates';

/** Bytes that only the provider understands; base64 with its padding. */
const SEALED = 'gAAAAABmade+up/sealed_content-0123456789ABCDEFabcdef==';

const UNICODE = 'naïve 你好 🙂 "quoted" \\ back\nnew line\ttab';

/** Not written as a program would write it: whoever parses it and writes it anew is found out. */
const ARGUMENTS = '{ "cmd" : "printf \'\\u00e9\\n\'",  "n": 1.0 }';

const PATCH = '*** Begin Patch\n*** Update File: a "b".txt\n@@\n-naïve\n+你好 🙂\n*** End Patch\n';

/** 1 × 1 pixels. */
const PNG =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const text = (type: string, said: string) => ({ type, text: said });

/** Items as Codex sends them back, of every type that it has. */
export const HISTORY_ROWS: readonly ItemRow[] = [
  ...(['commentary', 'final_answer'] as const).map(
    (phase): ItemRow => ({
      name: `phase-${phase.replace('_', '-')}`,
      what: `A message of the model with the phase ${phase}`,
      items: [{ type: 'message', role: 'assistant', phase, content: [text('output_text', UNICODE)] }],
      why: 'Codex 0.122.0 and 0.169.0, measured; Open Responses suite, assistant-phase',
    }),
  ),
  {
    name: 'developer',
    what: 'A message of the developer',
    items: [{ type: 'message', role: 'developer', content: [text('input_text', UNICODE)] }],
    why: 'Codex 0.162 and later has its instructions there; measured: given to the user',
  },
  {
    name: 'images',
    what: 'A message with images as Codex sends them',
    items: [
      {
        ...{ type: 'message', role: 'user' },
        content: [
          text('input_text', '<image name=[Image #1]>'),
          { type: 'input_image', image_url: PNG, detail: 'original' },
          text('input_text', '</image>'),
          { type: 'input_image', image_url: 'https://images.example/a.png?b=1&c=2', detail: 'high' },
        ],
      },
    ],
    why: 'Codex 0.113.0 to 0.169.0, measured; Open Responses suite, image-input',
  },
  {
    name: 'function-call',
    what: 'A call of a function, its arguments character by character, and its output',
    items: [
      { type: 'function_call', call_id: 'call_1', name: 'exec_command', arguments: ARGUMENTS },
      { type: 'function_call_output', call_id: 'call_1', output: UNICODE },
    ],
    why: CODEX,
  },
  {
    name: 'function-call-namespace',
    what: 'A call of a function in a namespace',
    items: [
      { type: 'function_call', call_id: 'call_1', name: 'add', namespace: 'mcp__calc', arguments: '{"a":1}' },
      { type: 'function_call_output', call_id: 'call_1', output: '2' },
    ],
    why: 'Codex 0.122 and later, measured: the namespace must come back',
  },
  {
    name: 'output-with-image',
    what: 'An output of a function that holds a text and an image',
    items: [
      { type: 'function_call', call_id: 'call_1', name: 'view_image', arguments: '{"path":"a.png"}' },
      {
        ...{ type: 'function_call_output', call_id: 'call_1' },
        output: [text('input_text', 'Made up.'), { type: 'input_image', image_url: PNG, detail: 'high' }],
      },
    ],
    why: 'Codex 0.113.0 to 0.169.0, measured: view_image, and MCP tools since 0.155',
  },
  {
    name: 'empty-output',
    what: 'An output that is an empty text',
    items: [
      { type: 'function_call', call_id: 'call_1', name: 'exec_command', arguments: '{"cmd":"true"}' },
      { type: 'function_call_output', call_id: 'call_1', output: '' },
    ],
    why: 'commands that print nothing; measured: the output is dropped, and the provider refuses the call without one',
  },
  {
    name: 'custom-tool-call',
    what: 'A call of a custom tool and its output',
    items: [
      { type: 'custom_tool_call', call_id: 'call_1', name: 'apply_patch', input: PATCH, status: 'completed' },
      { type: 'custom_tool_call_output', call_id: 'call_1', output: UNICODE },
    ],
    why: `${CODEX}: apply_patch`,
  },
  {
    name: 'custom-output-parts',
    what: 'An output of a custom tool that is a list of parts',
    items: [
      { type: 'custom_tool_call', call_id: 'call_1', name: 'exec', namespace: 'functions', input: 'text(1)' },
      { type: 'custom_tool_call_output', call_id: 'call_1', output: [text('input_text', UNICODE)] },
    ],
    why: `${LITE}: code mode`,
  },
  {
    name: 'reasoning',
    what: 'Reasoning with its encrypted content, byte by byte,',
    items: [{ type: 'reasoning', summary: [], content: null, encrypted_content: SEALED }],
    why: `${CODEX}; without it the model starts to think anew; measured: dropped`,
  },
  {
    name: 'reasoning-summary',
    what: 'Reasoning with a summary',
    items: [{ type: 'reasoning', summary: [text('summary_text', UNICODE)], encrypted_content: SEALED }],
    why: CODEX,
  },
  {
    name: 'web-search-call',
    what: 'A search of the web that the provider made',
    items: [
      { type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'a', queries: ['a', 'b'] } },
      { type: 'web_search_call', status: 'completed', action: { type: 'open_page', url: 'https://a.example/?b=c' } },
    ],
    why: CODEX,
  },
  {
    name: 'image-generation-call',
    codex: ['chatgpt'],
    what: 'An image that the provider made',
    items: [
      { type: 'image_generation_call', id: 'ig_1', status: 'completed', revised_prompt: 'A dot.', result: 'iVBORw0K' },
    ],
    why: 'Codex 0.122.0 and 0.169.0, measured',
  },
  {
    name: 'local-shell-call',
    what: 'A call of the local shell and its output',
    items: [
      {
        ...{ type: 'local_shell_call', call_id: 'call_1', status: 'completed' },
        action: { type: 'exec', command: ['bash', '-lc', 'ls "a b"'], timeout_ms: 1000, working_directory: '/w' },
      },
      { type: 'function_call_output', call_id: 'call_1', output: 'ok' },
    ],
    why: 'Codex 0.113.0 and 0.122.0, measured; measured: dropped, with its output left alone',
    level: 'should',
  },
  {
    name: 'tool-search',
    what: 'A search of tools and what it found',
    items: [
      {
        type: 'tool_search_call',
        call_id: 'call_1',
        execution: 'client',
        status: 'completed',
        arguments: { query: 'a' },
      },
      {
        ...{ type: 'tool_search_output', call_id: 'call_1', execution: 'client', status: 'completed' },
        tools: [
          {
            ...{ type: 'namespace', name: 'mcp__calc', description: 'Made up.' },
            tools: [{ type: 'function', strict: false, defer_loading: true, ...WEATHER_TOOL, name: 'add' }],
          },
        ],
      },
    ],
    why: 'Codex 0.142 and later, measured: without it no MCP tool can be called',
  },
  {
    name: 'additional-tools',
    what: 'An item that brings the tools',
    items: [
      {
        ...{ type: 'additional_tools', role: 'developer' },
        tools: [
          {
            ...{ type: 'namespace', name: 'functions', description: 'Made up.' },
            tools: [{ type: 'custom', name: 'exec', description: 'Made up.', format: { type: 'text' } }],
          },
        ],
      },
    ],
    why: `${LITE}: all of its tools stand there, and none in \`tools\``,
  },
  {
    name: 'compaction',
    codex: OWN_PROVIDER,
    what: 'A compaction, byte by byte,',
    items: [{ type: 'compaction', encrypted_content: SEALED }],
    why: `${CODEX}: everything that was said before stands in it; a gateway may compact by itself, and then knows its own alone`,
    level: 'should',
  },
  {
    name: 'compaction-trigger',
    codex: OWN_PROVIDER,
    what: 'The item that asks for a compaction',
    items: [{ type: 'compaction_trigger' }],
    why: 'Codex 0.140 and later, measured: without it the answer is an ordinary turn, unless the gateway compacts by itself (responses.compact.trigger)',
    level: 'should',
    last: true,
  },
  {
    name: 'agent-message',
    what: 'A message between agents',
    items: [
      {
        ...{ type: 'agent_message', author: 'first-agent', recipient: 'second-agent' },
        content: [text('input_text', UNICODE), { type: 'encrypted_content', encrypted_content: SEALED }],
      },
    ],
    why: NEW,
    level: 'should',
    profiles: ['codex'],
  },
  {
    name: 'configuration-update',
    codex: OWN_PROVIDER,
    what: 'An item that changes the effort',
    items: [{ type: 'configuration_update', reasoning: { effort: 'high' } }],
    why: `${NEW}; sent to providers named "OpenAI"`,
    level: 'should',
    profiles: ['codex'],
  },
  {
    name: 'passthrough',
    codex: OWN_PROVIDER,
    what: 'What Codex adds to its items for a provider named "OpenAI"',
    items: [
      {
        ...{ type: 'message', role: 'developer', content: [text('input_text', 'Made up.')] },
        internal_chat_message_metadata_passthrough: { turn_id: 'made-up-turn' },
      },
    ],
    why: 'Codex 0.169.0, measured',
    level: 'should',
    profiles: ['codex'],
  },
];
