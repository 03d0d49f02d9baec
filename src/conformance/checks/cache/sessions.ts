import { type Check, EVERY_CLIENT } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { conversation, type Past } from '../translate/history.ts';
import { toolsFor } from '../translate/tools-for.ts';
import { ALL_CLIENTS, expectBeginning, promptOf, SOURCE } from './prefix.ts';

type Json = Record<string, unknown>;

/** What an agent's session says; it asks the model after each of these. */
const STEPS: readonly (readonly Past[])[] = [
  [{ user: 'How is the weather in Oslo and in Rome?' }],
  [
    { assistant: 'I look it up.' },
    { call: 'call_made_up_1', arguments: { city: 'Oslo' } },
    { call: 'call_made_up_2', arguments: { city: 'Rome' } },
    { result: 'call_made_up_1', output: 'seven degrees' },
    { result: 'call_made_up_2', output: 'twenty degrees' },
  ],
  [
    { call: 'call_made_up_3', arguments: { city: 'Bergen' } },
    { result: 'call_made_up_3', output: '' },
  ],
  [{ assistant: 'Seven and twenty degrees.' }, { user: 'And in Paris?' }],
  [
    { call: 'call_made_up_4', arguments: { city: 'Paris' } },
    { result: 'call_made_up_4', output: 'naïve 你好 🙂' },
  ],
];

/** Input items of Codex's sessions that other protocols have no like of. */
const CODEX_STEPS: readonly (readonly Json[])[] = [
  [
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Made-up permissions.' }] },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: '<environment_context>' }] },
  ],
  [
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'A made-up thought.' }], encrypted_content: null },
    {
      type: 'message',
      role: 'assistant',
      phase: 'commentary',
      content: [{ type: 'output_text', text: 'I patch it.' }],
    },
    { type: 'custom_tool_call', call_id: 'call_1', name: 'apply_patch', input: '*** Begin Patch\n*** End Patch' },
    { type: 'custom_tool_call_output', call_id: 'call_1', output: 'Done.' },
  ],
  [
    { type: 'function_call', call_id: 'call_2', name: 'add', namespace: 'mcp__calc', arguments: '{"city":"1"}' },
    { type: 'function_call_output', call_id: 'call_2', output: [{ type: 'input_text', text: '2' }] },
  ],
  [
    { type: 'message', role: 'assistant', phase: 'final_answer', content: [{ type: 'output_text', text: 'Done.' }] },
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Thank you.' }] },
  ],
];

const CODEX_TOOLS = [
  { type: 'custom', name: 'apply_patch', description: 'Changes files.', format: { type: 'text' } },
  {
    ...{ type: 'namespace', name: 'mcp__calc', description: 'A calculator.' },
    tools: [{ type: 'function', strict: false, ...WEATHER_TOOL, name: 'add' }],
  },
];

/** Sends each body, and notes where what the provider got does not begin with what it got before. */
async function expectGrowing(t: Trial, bodies: readonly Json[]): Promise<void> {
  let before: string[] = [];
  for (const [i, body] of bodies.entries()) {
    await t.read(await t.call({ body }));
    const prompt = promptOf(t.upstream.calls.at(-1)?.request.json ?? {});
    expectBeginning(t, before, prompt, `request ${i + 1}`);
    before = prompt;
  }
}

/** Sessions of agents, request by request. */
export const SESSION_CHECKS: readonly Check[] = [
  {
    id: 'cache.session.agent',
    revision: 2,
    requirement:
      "In a session with calls, several at once among them, each of the provider's requests begins with the one before.",
    source: SOURCE,
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const more = { tools: toolsFor(t.protocol, [WEATHER_TOOL]) };
      await expectGrowing(
        t,
        STEPS.map((_, i) => conversation(t, STEPS.slice(0, i + 1).flat(), more)),
      );
    },
  },
  {
    id: 'cache.session.codex',
    revision: 2,
    requirement:
      "In a session with Codex's own items and tools, each of the provider's requests begins with the one before.",
    source: `${SOURCE}; Codex sends its whole session with every request`,
    level: 'should',
    profiles: ['codex'],
    needs: 'upstream',
    clients: ['responses'],
    async run(t) {
      const body = t.prompt({ more: { tools: CODEX_TOOLS, instructions: 'Be brief.' } });
      await expectGrowing(
        t,
        CODEX_STEPS.map((_, i) => ({
          ...body,
          input: [...(body.input as Json[]), ...CODEX_STEPS.slice(0, i + 1).flat()],
        })),
      );
    },
  },
  {
    id: 'cache.key.marks',
    revision: 1,
    requirement: 'A session of a client that cannot mark its prompt is marked for the cache of a provider of Messages.',
    source: 'Messages API, prompt caching: Anthropic caches what `cache_control` asks for, and nothing else',
    level: 'info',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: ['responses', 'chat'],
    upstreams: ['messages'],
    async run(t) {
      await t.ask({ system: 'Be brief.', tools: [WEATHER_TOOL], more: { prompt_cache_key: 'made-up-session' } });
      t.expect(JSON.stringify(t.sentUp()).includes('"cache_control"'), 'nothing asks for a cache', {
        where: 'upstream request',
      });
    },
  },
];
