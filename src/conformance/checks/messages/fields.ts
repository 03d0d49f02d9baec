import { headerValue } from '../../../util/headers.ts';
import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { expectSameRequest, type FieldRow, fieldChecks } from '../shared/fields.ts';

const { parameters, ...named } = WEATHER_TOOL;
const TOOL = { ...named, input_schema: parameters };
const API = 'Messages API reference, create a message';

const ROWS: readonly FieldRow[] = [
  { name: 'max-tokens', body: { max_tokens: 1234 }, why: API, level: 'must' },
  { name: 'system-string', body: { system: 'Made-up instructions, naïve 你好.' }, why: API, level: 'must' },
  {
    name: 'system-blocks',
    body: {
      system: [
        { type: 'text', text: 'One.' },
        { type: 'text', text: 'Two.', cache_control: { type: 'ephemeral', ttl: '1h' } },
      ],
    },
    why: `${API}; Claude Code sends blocks with marks`,
    level: 'must',
  },
  { name: 'stop-sequences', body: { stop_sequences: ['END', 'STOP'] }, why: API },
  { name: 'metadata', body: { metadata: { user_id: 'made-up-user' } }, why: API },
  { name: 'service-tier', body: { service_tier: 'standard_only' }, why: API },
  {
    name: 'thinking-enabled',
    body: { thinking: { type: 'enabled', budget_tokens: 1024 }, max_tokens: 4096 },
    why: API,
    level: 'must',
  },
  { name: 'thinking-adaptive', body: { thinking: { type: 'adaptive' } }, why: API },
  { name: 'thinking-disabled', isDefault: true, body: { thinking: { type: 'disabled' } }, why: API },
  { name: 'tools', body: { tools: [TOOL] }, why: API, level: 'must' },
  {
    name: 'tools-cache-control',
    body: { tools: [{ ...TOOL, cache_control: { type: 'ephemeral' } }] },
    why: 'Claude Code marks its last tool',
  },
  { name: 'tools-strict', body: { tools: [{ ...TOOL, strict: true }] }, why: API },
  {
    name: 'server-tool',
    body: { tools: [{ type: 'web_search_20250305', name: 'web_search', max_uses: 2 }] },
    why: API,
  },
  { name: 'tool-choice-auto', isDefault: true, body: { tools: [TOOL], tool_choice: { type: 'auto' } }, why: API },
  { name: 'tool-choice-any', body: { tools: [TOOL], tool_choice: { type: 'any' } }, why: API },
  { name: 'tool-choice-none', body: { tools: [TOOL], tool_choice: { type: 'none' } }, why: API },
  {
    name: 'tool-choice-tool',
    body: { tools: [TOOL], tool_choice: { type: 'tool', name: WEATHER_TOOL.name } },
    why: API,
  },
  {
    name: 'one-tool-at-a-time',
    body: { tools: [TOOL], tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
    why: API,
  },
  {
    name: 'output-format',
    body: {
      output_config: {
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            properties: { answer: { type: 'string' } },
            required: ['answer'],
            additionalProperties: false,
          },
        },
      },
    },
    why: 'structured output of the SDKs',
    level: 'must',
  },
  { name: 'effort', body: { output_config: { effort: 'low' } }, why: API },
];

/** What a header says beside a Messages request. */
const HEADERS = [
  {
    name: 'anthropic-version',
    value: '2023-06-01',
    why: `${API}: without it the API refuses the request`,
    level: 'must',
  },
  {
    name: 'anthropic-beta',
    value: 'made-up-beta-2026-01-01,other-made-up-2026-02-02',
    why: 'Messages API, beta headers: features that a client counts on',
    level: 'should',
  },
] as const;

/** What the client says at the top of a Messages request, and in its headers. */
export const MESSAGES_FIELD_CHECKS: readonly Check[] = [
  ...fieldChecks(ROWS, { area: 'messages', client: 'messages', profiles: ['anthropic'] }),
  ...HEADERS.map(
    ({ name, value, why, level }): Check => ({
      id: `messages.header.${name}`,
      revision: 1,
      requirement: `\`${name}\` of a request reaches a provider of Messages.`,
      source: why,
      level,
      profiles: ['anthropic'],
      needs: 'upstream',
      clients: ['messages'],
      pair: 'same',
      async run(t) {
        await t.ask({}, { headers: { [name]: value } });
        const got = headerValue(t.onlyCall().request.headers, name);
        const has = value.split(',').every((one) => got?.split(/\s*,\s*/).includes(one));
        t.expect(has, `the provider got ${name}: ${got ?? 'nothing'}`, {
          where: 'upstream request',
          expected: value,
          actual: got,
        });
      },
    }),
  ),
  {
    id: 'messages.request.same',
    revision: 1,
    requirement: 'A request reaches a provider of Messages with nothing dropped, added or changed.',
    source: 'measured: fields added and blocks changed on the way to a provider of the same protocol',
    level: 'should',
    profiles: ['anthropic'],
    needs: 'upstream',
    clients: ['messages'],
    pair: 'same',
    async run(t) {
      const sent = t.prompt({ system: 'Be short.', tools: [WEATHER_TOOL], more: { stop_sequences: ['END'] } });
      await t.read(await t.call({ body: sent }));
      expectSameRequest(t, sent);
    },
  },
];
