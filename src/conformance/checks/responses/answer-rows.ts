import { type CodexSetup, type ConformanceProfile, type Level, OWN_PROVIDER } from '../../check.ts';

type Json = Record<string, unknown>;

const UNICODE = 'naïve 你好 🙂 "quoted" \\ back\nnew line\ttab';
const SEALED = 'gAAAAABmade+up/sealed_content-0123456789ABCDEFabcdef==';
const CODEX = 'Codex 0.113.0 to 0.169.0, measured: it keeps such items and sends them back';
const API = 'OpenAI API reference, output items';
const DONE = { status: 'completed' };

/** Items that a provider says, which a client of the same protocol has to get as they are. */
export interface AnswerRow {
  name: string;
  what: string;
  items: readonly Json[];
  why: string;
  level?: Level;
  profiles?: readonly ConformanceProfile[];
  /** The setups of Codex that are told it. */
  codex?: readonly CodexSetup[];
}

const part = (text: string, more: Json = {}) => ({ type: 'output_text', text, annotations: [], logprobs: [], ...more });
const message = (content: readonly Json[], more: Json = {}) => ({
  ...{ id: 'msg_made_up', type: 'message', role: 'assistant', ...DONE },
  ...{ content, ...more },
});

/** A plain message of the model. */
export const MESSAGE: Json = message([part('Made up.')]);

/** Every type of item that a provider of Responses says. */
export const ANSWER_ROWS: readonly AnswerRow[] = [
  {
    name: 'phases',
    what: 'Messages with phases',
    items: [message([part('I look.')], { phase: 'commentary' }), message([part(UNICODE)], { phase: 'final_answer' })],
    why: 'Codex 0.122.0 and 0.169.0, measured; Open Responses suite, assistant-phase',
    level: 'must',
  },
  {
    name: 'parts',
    what: 'A message with several parts',
    items: [message([part('One.'), part(UNICODE)])],
    why: CODEX,
    level: 'must',
  },
  {
    name: 'annotations',
    what: 'A text with citations and probabilities',
    items: [
      message([
        part('Made up.', {
          annotations: [
            { type: 'url_citation', url: 'https://a.example/?b=c', title: 'A', start_index: 0, end_index: 4 },
          ],
          logprobs: [{ token: 'Made', bytes: [77, 97, 100, 101], logprob: -0.25, top_logprobs: [] }],
        }),
      ]),
    ],
    why: API,
  },
  {
    name: 'refusal',
    what: 'A refusal',
    items: [message([{ type: 'refusal', refusal: UNICODE }])],
    why: `${API}; it must not become a text`,
    profiles: ['open-responses'],
  },
  {
    name: 'function-call',
    what: 'A call of a function in a namespace',
    items: [
      {
        ...{ id: 'fc_made_up', type: 'function_call', call_id: 'call_made_up', ...DONE },
        ...{ name: 'add', namespace: 'mcp__calc', arguments: '{ "a" : 1.0 }' },
      },
    ],
    why: 'Codex 0.122 and later, measured: without the namespace it finds no tool',
    level: 'must',
  },
  {
    name: 'custom-tool-call',
    what: 'A call of a custom tool',
    items: [
      {
        ...{ id: 'ctc_made_up', type: 'custom_tool_call', call_id: 'call_made_up', ...DONE },
        ...{ name: 'apply_patch', input: '*** Begin Patch\n+naïve "你好"\n*** End Patch' },
      },
    ],
    why: `${CODEX}: apply_patch`,
    level: 'must',
  },
  {
    name: 'reasoning',
    what: 'Reasoning with its encrypted content, byte by byte,',
    items: [
      {
        ...{ id: 'rs_made_up', type: 'reasoning', encrypted_content: SEALED },
        summary: [
          { type: 'summary_text', text: UNICODE },
          { type: 'summary_text', text: 'Two.' },
        ],
      },
      MESSAGE,
    ],
    why: `${CODEX}; the provider cannot read it when one byte is another`,
    level: 'must',
  },
  {
    name: 'reasoning-text',
    what: 'Reasoning whose text is open',
    items: [
      {
        ...{ id: 'rs_made_up', type: 'reasoning', summary: [] },
        content: [{ type: 'reasoning_text', text: UNICODE }],
      },
      MESSAGE,
    ],
    why: 'open models; Open Responses specification, reasoning',
  },
  {
    name: 'web-search-call',
    what: 'A search of the web',
    items: [
      {
        ...{ id: 'ws_made_up', type: 'web_search_call', ...DONE },
        action: {
          type: 'search',
          query: 'a',
          queries: ['a', 'b'],
          sources: [{ type: 'url', url: 'https://a.example' }],
        },
      },
    ],
    why: CODEX,
    level: 'must',
  },
  {
    name: 'image-generation-call',
    codex: ['chatgpt'],
    what: 'An image',
    items: [
      {
        ...{ id: 'ig_made_up', type: 'image_generation_call', ...DONE, result: 'iVBORw0K', output_format: 'png' },
        revised_prompt: 'A dot.',
      },
    ],
    why: 'Codex 0.122.0 and 0.169.0, measured',
  },
  {
    name: 'tool-search-call',
    what: 'A search of tools that the client runs',
    items: [
      {
        ...{ id: 'tsc_made_up', type: 'tool_search_call', call_id: 'call_made_up', execution: 'client', ...DONE },
        arguments: { query: 'a', limit: 3 },
      },
    ],
    why: 'Codex 0.142 and later, measured: it runs the search',
    level: 'must',
  },
  {
    name: 'local-shell-call',
    what: 'A call of the local shell',
    items: [
      {
        ...{ id: 'lsh_made_up', type: 'local_shell_call', call_id: 'call_made_up', ...DONE },
        action: { type: 'exec', command: ['ls', '-l'], env: { A: 'b' }, timeout_ms: 1000 },
      },
    ],
    why: 'Codex 0.113.0 and 0.122.0, measured: they run it',
  },
  {
    name: 'compaction',
    codex: OWN_PROVIDER,
    what: 'A compaction, byte by byte,',
    items: [{ id: 'cmp_made_up', type: 'compaction', encrypted_content: SEALED }],
    why: `${CODEX}: everything that was said before stands in it`,
    level: 'must',
  },
  {
    name: 'hosted',
    what: 'What hosted tools have found',
    items: [
      {
        ...{ id: 'fs_made_up', type: 'file_search_call', ...DONE, queries: ['a'] },
        results: [{ file_id: 'file_made_up', filename: 'a.txt', score: 0.5, text: 'Made up.', attributes: {} }],
      },
      {
        ...{ id: 'ci_made_up', type: 'code_interpreter_call', ...DONE, code: 'print(1)', container_id: 'cntr_made_up' },
        outputs: [{ type: 'logs', logs: '1\n' }],
      },
    ],
    why: `${API}; Open Responses suite, file-search`,
    profiles: ['open-responses'],
  },
  {
    name: 'mcp',
    what: 'What MCP servers that the provider called have said',
    items: [
      {
        ...{ id: 'mcpl_made_up', type: 'mcp_list_tools', server_label: 'made_up' },
        tools: [{ name: 'add', description: 'Made up.', annotations: null, input_schema: { type: 'object' } }],
      },
      {
        ...{ id: 'mcp_made_up', type: 'mcp_call', server_label: 'made_up', name: 'add', arguments: '{"a": 1}' },
        ...{ output: '2', error: null },
      },
    ],
    why: API,
    profiles: ['open-responses'],
  },
  {
    name: 'extension',
    what: 'An item whose type has the prefix of its maker',
    items: [{ id: 'acme_made_up', type: 'acme:made_up', ...DONE, note: UNICODE }],
    why: 'Open Responses specification, extensions',
    level: 'info',
    profiles: ['open-responses'],
  },
];
