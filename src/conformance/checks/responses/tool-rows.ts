import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { ItemRow } from './items.ts';

const CODEX = 'Codex, measured: it offers such a tool';
const API = 'OpenAI API reference, tools';
const DIALECT = 'measured: dropped, or a request refused, because the tool has no name or is no function';

const LARK = 'start: "*** Begin Patch" LF /(.|\\n)+/ "*** End Patch" LF?\n\n%import common.LF\n';

const SCHEMA = {
  type: 'object',
  $defs: { place: { type: 'object', properties: { city: { type: 'string', minLength: 1 } }, required: ['city'] } },
  properties: {
    place: { $ref: '#/$defs/place' },
    when: { anyOf: [{ type: 'string', format: 'date' }, { type: 'null' }], default: null },
    days: { type: 'integer', minimum: 1, maximum: 14, description: 'Naïve 你好.' },
    kinds: { type: 'array', items: { enum: ['rain', 'wind', 3, true, null] } },
  },
  required: ['place'],
  additionalProperties: false,
};

/** A tool of every kind, as clients offer them. */
export const TOOL_ROWS: readonly ItemRow[] = [
  {
    name: 'function',
    what: 'A function with `strict: false`',
    items: [{ type: 'function', strict: false, ...WEATHER_TOOL }],
    why: `${CODEX} with every turn`,
  },
  {
    name: 'function-strict',
    what: 'A function with `strict: true`',
    items: [{ type: 'function', strict: true, ...WEATHER_TOOL }],
    why: `${API}: strict holds the model to the schema`,
  },
  {
    name: 'function-schema',
    what: 'A function whose schema has references, alternatives and limits',
    items: [{ type: 'function', name: 'forecast', description: 'Made up.', strict: false, parameters: SCHEMA }],
    why: 'tools of MCP servers; JSON Schema 2020-12; measured: keywords dropped',
  },
  {
    name: 'function-without-parameters',
    what: 'A function without parameters',
    items: [
      {
        ...{ type: 'function', name: 'list_things', description: 'Made up.', strict: false },
        parameters: { type: 'object', properties: {} },
      },
    ],
    why: 'tools of MCP servers',
  },
  {
    name: 'custom-grammar',
    what: 'A custom tool with a lark grammar',
    items: [
      {
        ...{ type: 'custom', name: 'apply_patch', description: 'Changes files by a patch.' },
        format: { type: 'grammar', syntax: 'lark', definition: LARK },
      },
    ],
    why: `${CODEX}: apply_patch; without it no file can be changed`,
  },
  {
    name: 'custom-text',
    what: 'A custom tool that takes plain text',
    items: [{ type: 'custom', name: 'note', description: 'Made up.', format: { type: 'text' } }],
    why: API,
  },
  {
    name: 'namespace',
    what: 'A namespace with functions and a custom tool',
    items: [
      {
        ...{ type: 'namespace', name: 'mcp__calc', description: 'Made-up calculator.' },
        tools: [
          { type: 'function', strict: false, ...WEATHER_TOOL, name: 'add' },
          { type: 'custom', name: 'exec', description: 'Made up.', format: { type: 'text' } },
        ],
      },
    ],
    why: 'Codex 0.133 and later (MCP tools since 0.122), measured; without the namespace no tool of it can be called',
  },
  {
    name: 'web-search',
    what: 'The search of the web, which has no name',
    items: [{ type: 'web_search', external_web_access: false, search_content_types: ['text', 'image'] }],
    why: `${CODEX} with every turn; ${DIALECT}; Open Responses specification: external_web_access false is a limit`,
  },
  {
    name: 'tool-search',
    what: 'The search of tools that the client runs',
    items: [
      {
        ...{ type: 'tool_search', execution: 'client', description: 'Made up.' },
        parameters: { type: 'object', properties: { query: { type: 'string' } }, required: ['query'] },
      },
    ],
    why: 'Codex 0.142 and later, measured: MCP tools stand behind it',
  },
  {
    name: 'image-generation',
    codex: ['chatgpt'],
    what: 'The making of images',
    items: [{ type: 'image_generation', output_format: 'png' }],
    why: `${CODEX} with a ChatGPT login; ${DIALECT}`,
    level: 'should',
  },
  { name: 'local-shell', what: 'The local shell', items: [{ type: 'local_shell' }], why: API, level: 'should' },
  {
    name: 'mcp',
    what: 'An MCP server that the provider calls',
    items: [
      {
        ...{ type: 'mcp', server_label: 'made_up', server_url: 'https://mcp.example/sse', require_approval: 'never' },
        allowed_tools: ['add'],
        headers: { 'x-made-up': 'yes' },
      },
    ],
    why: API,
    level: 'should',
    profiles: ['open-responses'],
  },
  {
    name: 'hosted',
    what: 'A search of files and an interpreter of code',
    items: [
      { type: 'file_search', vector_store_ids: ['vs_made_up'], max_num_results: 3 },
      { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file_made_up'] } },
    ],
    why: API,
    level: 'should',
    profiles: ['open-responses'],
  },
  {
    name: 'extension',
    what: 'A tool type with the prefix of its maker',
    items: [{ type: 'acme:made_up', depth: 3 }],
    why: 'Open Responses specification, extensions: types of a maker have its slug in front',
    level: 'info',
    profiles: ['open-responses'],
  },
];
