import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { expectSameRequest, type FieldRow, fieldChecks } from '../shared/fields.ts';

const SCHEMA = {
  type: 'object',
  properties: { answer: { type: 'string' } },
  required: ['answer'],
  additionalProperties: false,
};
const TOOL = { type: 'function', strict: false, ...WEATHER_TOOL };
const CODEX = 'Codex 0.113.0 to 0.169.0, measured: it sends this with every turn';
const API = 'OpenAI API reference, create a response';
const LOST = 'measured: dropped, or overwritten, with a 200';

const ROWS: readonly FieldRow[] = [
  { name: 'instructions', body: { instructions: 'Made-up instructions, naïve 你好.' }, why: CODEX, level: 'must' },
  {
    name: 'store-false',
    body: { store: false },
    why: `${CODEX}; ${LOST}: what must not be kept is kept`,
    level: 'must',
  },
  {
    name: 'include',
    body: { include: ['reasoning.encrypted_content'] },
    why: `${CODEX}; without it no reasoning can be sent back`,
    level: 'must',
  },
  { name: 'parallel-tool-calls-true', isDefault: true, body: { parallel_tool_calls: true, tools: [TOOL] }, why: CODEX },
  { name: 'parallel-tool-calls-false', body: { parallel_tool_calls: false, tools: [TOOL] }, why: LOST },
  { name: 'tool-choice-auto', isDefault: true, body: { tool_choice: 'auto', tools: [TOOL] }, why: CODEX },
  { name: 'tool-choice-required', body: { tool_choice: 'required', tools: [TOOL] }, why: API },
  { name: 'tool-choice-none', body: { tool_choice: 'none', tools: [TOOL] }, why: API },
  {
    name: 'tool-choice-named',
    body: { tool_choice: { type: 'function', name: WEATHER_TOOL.name }, tools: [TOOL] },
    why: API,
  },
  {
    name: 'tool-choice-allowed',
    body: {
      tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: WEATHER_TOOL.name }] },
      tools: [TOOL],
    },
    why: 'Open Responses specification: allowed_tools is a hard limit',
  },
  { name: 'reasoning-effort', body: { reasoning: { effort: 'high' } }, why: `${CODEX}; ${LOST}` },
  { name: 'reasoning-summary', body: { reasoning: { effort: 'low', summary: 'auto' } }, why: `${CODEX}; ${LOST}` },
  { name: 'text-verbosity', body: { text: { verbosity: 'low' } }, why: CODEX },
  {
    name: 'text-format',
    body: { text: { format: { type: 'json_schema', name: 'made_up', strict: true, schema: SCHEMA } } },
    why: '`codex exec --output-schema`; structured output of the SDKs',
    level: 'must',
  },
  { name: 'prompt-cache-key', body: { prompt_cache_key: 'made-up-session' }, why: CODEX },
  { name: 'service-tier', body: { service_tier: 'priority' }, why: 'Codex with a fast mode' },
  {
    name: 'client-metadata',
    body: { client_metadata: { session_id: 'made-up', 'x-codex-window-id': 'made-up:0' } },
    why: CODEX,
    profiles: ['codex'],
  },
  { name: 'metadata', body: { metadata: { made: 'up' } }, why: API },
  { name: 'max-output-tokens', body: { max_output_tokens: 1234 }, why: `${API}; ${LOST}` },
  { name: 'temperature', body: { temperature: 0.25 }, why: `${API}; ${LOST}` },
  { name: 'top-p', body: { top_p: 0.5 }, why: API },
  { name: 'top-logprobs', body: { top_logprobs: 3, include: ['message.output_text.logprobs'] }, why: API },
  { name: 'truncation', isDefault: true, body: { truncation: 'disabled' }, why: `${API}; ${LOST}` },
  { name: 'safety-identifier', body: { safety_identifier: 'made-up-user' }, why: `${API}; ${LOST}` },
  { name: 'user', body: { user: 'made-up-user' }, why: API },
  { name: 'max-tool-calls', body: { max_tool_calls: 3 }, why: API },
];

/** What the client says at the top of a Responses request. */
export const RESPONSES_FIELD_CHECKS: readonly Check[] = [
  ...fieldChecks(ROWS, { area: 'responses', client: 'responses', profiles: ['codex', 'open-responses'] }),
  {
    id: 'responses.request.same',
    revision: 1,
    requirement: 'A request of Codex reaches a provider of Responses with nothing dropped, added or changed.',
    source: 'measured: tools, keys and fields added, items given a role and a null content, types changed',
    level: 'should',
    profiles: ['codex', 'open-responses'],
    needs: 'upstream',
    clients: ['responses'],
    pair: 'same',
    async run(t) {
      const sent = t.prompt({
        system: 'Be short.',
        more: Object.assign({}, ...ROWS.slice(0, 4).map(({ body }) => body)),
      });
      await t.read(await t.call({ body: sent }));
      expectSameRequest(t, sent);
    },
  },
  {
    id: 'responses.request.same-string-input',
    revision: 1,
    requirement:
      'Input that is a plain string reaches a provider of Responses as that string, or as the one message that it stands for.',
    source: 'OpenAI API reference, `input`; measured: the text is lost and the answer is 200',
    level: 'must',
    profiles: ['open-responses'],
    needs: 'upstream',
    clients: ['responses'],
    pair: 'same',
    async run(t) {
      const text = `Made-up text. [${t.marker}]`;
      await t.ask({ more: { input: text } });
      const { input } = t.sentUp();
      const got = Array.isArray(input) ? JSON.stringify(input) : input;
      t.expect(typeof got === 'string' && got.includes(text), 'the text did not reach the provider', {
        where: 'upstream request',
        pointer: '/input',
        expected: text,
        actual: input,
      });
    },
  },
];
