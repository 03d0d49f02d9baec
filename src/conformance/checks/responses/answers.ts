import type { Check, ConformanceProfile, Level } from '../../check.ts';
import type { Said } from '../../harness/said.ts';
import type { Trial } from '../../harness/trial.ts';
import { findEach } from '../shared/within.ts';
import { answerRaw } from './raw-answer.ts';

type Json = Record<string, unknown>;

const UNICODE = 'naïve 你好 🙂 "quoted" \\ back\nnew line\ttab';
const SEALED = 'gAAAAABmade+up/sealed_content-0123456789ABCDEFabcdef==';
const CODEX = 'Codex 0.113.0 to 0.169.0, measured: it keeps such items and sends them back';
const API = 'OpenAI API reference, output items';
const DONE = { status: 'completed' };

/** Items that a provider says, which a client of the same protocol has to get as they are. */
interface AnswerRow {
  name: string;
  what: string;
  items: readonly Json[];
  why: string;
  level?: Level;
  profiles?: readonly ConformanceProfile[];
}

const part = (text: string, more: Json = {}) => ({ type: 'output_text', text, annotations: [], logprobs: [], ...more });
const message = (content: readonly Json[], more: Json = {}) => ({
  ...{ id: 'msg_made_up', type: 'message', role: 'assistant', ...DONE },
  ...{ content, ...more },
});

const ROWS: readonly AnswerRow[] = [
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
      message([part('Made up.')]),
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
      message([part('Made up.')]),
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

/** An id of the gateway's own is as good. */
function withoutId({ id: _, ...item }: Json): Json {
  return item;
}

/** Items as they were done, as far as a stream tells them so. */
export function doneItems({ events }: Said): Json[] {
  return events
    .map((event) => event as Json | undefined)
    .filter((event) => event?.type === 'response.output_item.done')
    .map((event) => (event?.item ?? {}) as Json);
}

/** The output at the end of a stream, or of a document. */
export function lastOutput({ events }: Said): Json[] {
  const last = (events.findLast((event) => event !== undefined) ?? {}) as Json;
  const { output } = (last.response ?? last) as Json;
  return Array.isArray(output) ? (output as Json[]) : [];
}

function expectItems(t: Trial, due: readonly Json[], got: readonly Json[], place: string): void {
  for (const [i, { at, lost }] of findEach(due.map(withoutId), got).entries()) {
    const type = String(due[i]!.type);
    if (!t.expect(at >= 0, `${type} is lost ${place}`, { where: 'answer' })) continue;
    for (const { pointer, before, after } of lost)
      t.expect(false, `${pointer || '/'} of ${type} ${after === undefined ? 'is lost' : 'is another one'} ${place}`, {
        ...{ where: 'answer', pointer, expected: before },
        ...(after === undefined ? {} : { actual: after }),
      });
  }
  t.expect(got.length <= due.length, `${due.length} items became ${got.length} ${place}`, { where: 'answer' });
}

const COMMON = {
  revision: 1,
  needs: 'upstream',
  clients: ['responses'],
  upstreams: ['responses'],
} as const;

/** What a provider of Responses says, at its client. */
export const RESPONSES_ANSWER_CHECKS: readonly Check[] = [
  ...ROWS.flatMap(({ name, what, items, why, level = 'should', profiles = ['codex', 'open-responses'] }): Check[] => [
    {
      ...COMMON,
      ...{ level, profiles },
      id: `responses.answer.${name}-stream`,
      requirement: `${what} of a provider of Responses reaches the client as it is, in a stream.`,
      source: why,
      async run(t) {
        t.upstream.answer(answerRaw({ items }));
        const said = await t.ask();
        expectItems(t, items, doneItems(said), 'among the items that are done');
        // Codex does not look there; the SDKs do.
        if (!profiles.includes('codex') || level !== 'must') expectItems(t, items, lastOutput(said), 'at the end');
      },
    },
    {
      ...COMMON,
      level: level === 'must' ? 'should' : level,
      profiles: ['open-responses'],
      id: `responses.answer.${name}-json`,
      requirement: `${what} of a provider of Responses reaches the client as it is, in a document.`,
      source: why,
      async run(t) {
        t.upstream.answer(answerRaw({ items }));
        expectItems(t, items, lastOutput(await t.ask({ stream: false })), 'in the output');
      },
    },
  ]),
  {
    ...COMMON,
    id: 'responses.answer.unknown-event',
    requirement: 'An event of a type that is not known is passed on, or left out, and does no harm to the others.',
    source: 'Codex 0.113.0 to 0.169.0, measured: they pass over it; OpenAI adds events without notice',
    level: 'must',
    profiles: ['codex', 'open-responses'],
    async run(t) {
      const items = [message([part('Made up.')])];
      t.upstream.answer(answerRaw({ items, events: [{ type: 'codex.made_up', limits: { left: 3 } }] }));
      const said = await t.ask();
      expectItems(t, items, doneItems(said), 'among the items that are done');
      t.expectSame(said.ending, 'stop', 'the answer ends in another way', { where: 'answer' });
      const passed = said.events.some((event) => (event as Json | undefined)?.type === 'codex.made_up');
      if (!passed) t.note('Events that the gateway does not know do not reach the client.');
    },
  },
  {
    ...COMMON,
    id: 'responses.answer.fields',
    requirement: 'What a provider of Responses says about its answer reaches the client: model, tier, metadata.',
    source: `${API}, response object`,
    level: 'should',
    profiles: ['open-responses'],
    async run(t) {
      const due = {
        service_tier: 'priority',
        metadata: { made: 'up' },
        safety_identifier: 'made-up',
        truncation: 'auto',
      };
      t.upstream.answer(answerRaw({ items: [message([part('Made up.')])], end: due }));
      const { events } = await t.ask({ stream: false });
      const got = (events[0] ?? {}) as Json;
      for (const [field, value] of Object.entries(due))
        t.expectSame(got[field], value, `\`${field}\` is another one`, { where: 'answer', pointer: `/${field}` });
      t.expect(typeof got.model === 'string' && got.model !== '', 'the answer names no model', { where: 'answer' });
    },
  },
];
