import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { expectSameRequest, type FieldRow, fieldChecks } from '../shared/fields.ts';

const SCHEMA = {
  type: 'object',
  properties: { answer: { type: 'string' } },
  required: ['answer'],
  additionalProperties: false,
};
const TOOL = { type: 'function', function: WEATHER_TOOL };
const API = 'OpenAI API reference, create a chat completion';

const ROWS: readonly FieldRow[] = [
  { name: 'temperature', body: { temperature: 0.25 }, why: API },
  { name: 'temperature-zero', body: { temperature: 0 }, why: `${API}; a zero that is taken for nothing` },
  { name: 'top-p', body: { top_p: 0.5 }, why: API },
  { name: 'max-tokens', synonym: 'max_completion_tokens', body: { max_tokens: 1234 }, why: API },
  { name: 'max-completion-tokens', synonym: 'max_tokens', body: { max_completion_tokens: 1234 }, why: API },
  { name: 'stop-string', body: { stop: 'END' }, why: API },
  { name: 'stop-list', body: { stop: ['END', 'STOP'] }, why: API },
  { name: 'n', isDefault: true, body: { n: 1 }, why: API },
  { name: 'seed', body: { seed: 17 }, why: API },
  { name: 'presence-penalty', body: { presence_penalty: 0.5 }, why: API },
  { name: 'frequency-penalty', body: { frequency_penalty: -0.5 }, why: API },
  { name: 'logit-bias', body: { logit_bias: { '50256': -100 } }, why: API },
  { name: 'logprobs', body: { logprobs: true, top_logprobs: 2 }, why: API },
  { name: 'response-format-object', body: { response_format: { type: 'json_object' } }, why: API, level: 'must' },
  {
    name: 'response-format-schema',
    body: { response_format: { type: 'json_schema', json_schema: { name: 'made_up', strict: true, schema: SCHEMA } } },
    why: 'structured output of the SDKs',
    level: 'must',
  },
  { name: 'tools', body: { tools: [TOOL] }, why: API, level: 'must' },
  {
    name: 'tools-strict',
    body: { tools: [{ type: 'function', function: { ...WEATHER_TOOL, strict: true } }] },
    why: API,
  },
  { name: 'tool-choice-auto', isDefault: true, body: { tools: [TOOL], tool_choice: 'auto' }, why: API },
  { name: 'tool-choice-none', body: { tools: [TOOL], tool_choice: 'none' }, why: API },
  { name: 'tool-choice-required', body: { tools: [TOOL], tool_choice: 'required' }, why: API },
  {
    name: 'tool-choice-named',
    body: { tools: [TOOL], tool_choice: { type: 'function', function: { name: WEATHER_TOOL.name } } },
    why: API,
  },
  { name: 'parallel-tool-calls-false', body: { tools: [TOOL], parallel_tool_calls: false }, why: API },
  { name: 'reasoning-effort', body: { reasoning_effort: 'low' }, why: API },
  { name: 'verbosity', body: { verbosity: 'low' }, why: API },
  { name: 'service-tier', body: { service_tier: 'flex' }, why: API },
  { name: 'store', isDefault: true, body: { store: false }, why: API },
  { name: 'metadata', body: { metadata: { made: 'up' } }, why: API },
  { name: 'prompt-cache-key', body: { prompt_cache_key: 'made-up-session' }, why: API },
  { name: 'safety-identifier', body: { safety_identifier: 'made-up-user' }, why: API },
  { name: 'user', body: { user: 'made-up-user' }, why: API },
  { name: 'prediction', body: { prediction: { type: 'content', content: 'made-up text' } }, why: API },
];

/** What the client says at the top of a Chat Completions request. */
export const CHAT_FIELD_CHECKS: readonly Check[] = [
  ...fieldChecks(ROWS, { area: 'chat', client: 'chat', profiles: ['openai'] }),
  {
    id: 'chat.request.same',
    revision: 1,
    requirement: 'A request reaches a provider of Chat Completions with nothing dropped, added or changed.',
    source: 'measured: fields added and types changed on the way to a provider of the same protocol',
    level: 'should',
    profiles: ['openai'],
    needs: 'upstream',
    clients: ['chat'],
    pair: 'same',
    async run(t) {
      const sent = t.prompt({
        system: 'Be short.',
        tools: [WEATHER_TOOL],
        more: { temperature: 0.25, stop: ['END'], seed: 17 },
      });
      await t.read(await t.call({ body: sent }));
      expectSameRequest(t, sent);
    },
  },
  {
    id: 'chat.request.provider-fields',
    revision: 1,
    requirement:
      'Fields of one provider that the API does not have are passed on or refused, and not dropped silently.',
    source: 'local servers: `chat_template_kwargs`, `top_k`, `min_p`',
    level: 'info',
    profiles: ['openai'],
    needs: 'upstream',
    clients: ['chat'],
    pair: 'same',
    async run(t) {
      t.upstream.beLenient();
      const more = { chat_template_kwargs: { enable_thinking: false }, top_k: 20 };
      const reply = await t.call({ body: t.prompt({ more }) });
      if (reply.status >= 400 && reply.status < 500) return;
      await t.read(reply);
      for (const [field, value] of Object.entries(more))
        t.expectSame(t.sentUp()[field], value, `\`${field}\` was dropped silently`, {
          where: 'upstream request',
          pointer: `/${field}`,
        });
    },
  },
];
