import { type Check, EVERY_CLIENT } from '../../check.ts';
import { bodyOf, type Prompt, WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import { differing } from '../shared/words.ts';

export const ALL_CLIENTS = ['codex', 'open-responses', 'openai', 'anthropic'] as const;

export const SOURCE =
  "OpenAI's and Anthropic's prompt caching: only what is the same from the beginning on is read from the cache; a cached token costs a tenth";

const SYSTEM = 'You are the coding agent of a scripted session. '.repeat(20);

/** The turns of one session: each has what was said before, and one thing more. */
function turnsOf(t: Trial): Record<string, unknown>[] {
  const said = ['List the files.', 'Now read the first one.', 'What does it say?', 'Thank you.'];
  return said.map((text, n) => {
    const before = said.slice(0, n).flatMap((earlier, i) => [
      { role: 'user' as const, text: `${earlier} [${t.marker}]` },
      { role: 'assistant' as const, text: `Answer ${i} of the model.` },
    ]);
    const prompt: Prompt = { system: SYSTEM, tools: [WEATHER_TOOL], before, text: `${text} [${t.marker}]` };
    return bodyOf(t.protocol, prompt, t.model);
  });
}

/** What a provider reads from a body, in the order in which it does: tools, instructions, then the turns. */
export function promptOf(json: Record<string, unknown>): string[] {
  const turns = (json.input ?? json.messages) as unknown[] | string | undefined;
  const list = Array.isArray(turns) ? turns : [turns];
  // Marks for the cache are no part of the prompt: they move to its end with every turn. A text alone is one block of text.
  const write = (part: unknown) =>
    JSON.stringify(part, (key, value) => {
      if (key === 'cache_control') return undefined;
      return key === 'content' && typeof value === 'string' ? [{ type: 'text', text: value }] : value;
    });
  return [json.tools, json.instructions ?? json.system, ...list].map((part) => write(part) ?? '');
}

/** Notes where what the provider got does not begin with what it got before. @param what in words before "repeats only 2 of the 3 parts" */
export function expectBeginning(t: Trial, before: readonly string[], prompt: readonly string[], what: string): void {
  const common = before.findIndex((part, i) => part !== prompt[i]);
  if (common < 0) return;
  const { expected, actual } = differing(before[common]!, prompt[common] ?? '') ?? {};
  t.expect(false, `${what} repeats only ${common} of the ${before.length} parts before`, {
    ...{ where: 'upstream request', expected, actual },
  });
}

export const PREFIX_CHECKS: readonly Check[] = [
  {
    id: 'cache.prefix.session',
    revision: 2,
    requirement:
      'What the provider got with one turn of a session stands at the beginning of what it gets with the next.',
    source: SOURCE,
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      t.upstream.answer((request, context, nth) =>
        answerItems({ items: [{ type: 'message', text: `Answer ${nth} of the model.` }] })(request, context),
      );
      const prompts: string[][] = [];
      for (const body of turnsOf(t)) {
        await t.read(await t.call({ body }));
        prompts.push(promptOf(t.upstream.calls.at(-1)?.request.json ?? {}));
      }
      for (const [i, prompt] of prompts.entries()) expectBeginning(t, prompts[i - 1] ?? [], prompt, `turn ${i + 1}`);
    },
  },
  {
    id: 'cache.prefix.same-bytes',
    revision: 3,
    requirement:
      'The same request twice is the same prompt twice at the provider: tools, instructions and turns, byte by byte.',
    source: `${SOURCE}; measured: regenerated ids and dates at the front of the prompt`,
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const body = turnsOf(t)[2]!;
      for (let i = 0; i < 2; i++) await t.read(await t.call({ body }));
      // Fields that are no part of the prompt are no matter of the cache, but for its key.
      const [first = '', second] = t.upstream.calls.map(({ request: { json = {} } }) =>
        [...promptOf(json), json.prompt_cache_key].join('\n'),
      );
      if (second === undefined)
        return t.stop('not-applicable', 'the gateway answers the second one itself: the provider has nothing to cache');
      const found = differing(first, second);
      if (found)
        t.expect(false, `the two prompts differ from character ${found.at} on`, {
          ...{ where: 'upstream request', expected: found.expected, actual: found.actual },
        });
    },
  },
  {
    id: 'cache.prefix.tool-results',
    revision: 2,
    requirement: 'A turn with a tool result begins with what the turn before it had.',
    source: SOURCE,
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const call = { id: 'call_made_up_1', name: WEATHER_TOOL.name, arguments: { city: 'Oslo' }, output: '7 degrees' };
      const prompts: string[][] = [];
      for (const calls of [[], [call]]) {
        await t.ask({ system: SYSTEM, tools: [WEATHER_TOOL], calls });
        prompts.push(promptOf(t.upstream.calls.at(-1)?.request.json ?? {}));
      }
      expectBeginning(t, prompts[0]!, prompts[1]!, 'the turn with a result');
    },
  },
  {
    id: 'cache.key.prompt-cache-key',
    revision: 1,
    requirement: "The client's `prompt_cache_key` reaches a provider that knows it.",
    source: 'OpenAI API reference, prompt_cache_key; Codex sends its session id with every request',
    level: 'should',
    profiles: ['codex', 'open-responses', 'openai'],
    needs: 'upstream',
    clients: ['responses', 'chat'],
    pair: 'same',
    async run(t) {
      await t.ask({ more: { prompt_cache_key: 'made-up-session' } });
      t.expectSame(t.sentUp().prompt_cache_key, 'made-up-session', 'the provider got another prompt_cache_key', {
        where: 'upstream request',
      });
    },
  },
  {
    id: 'cache.key.cache-control',
    revision: 1,
    requirement: "The client's `cache_control` marks reach a provider of Messages where they stood.",
    source: 'Messages API, prompt caching',
    level: 'must',
    profiles: ['anthropic'],
    needs: 'upstream',
    clients: ['messages'],
    pair: 'same',
    async run(t) {
      const mark = { cache_control: { type: 'ephemeral' } };
      const system = [{ type: 'text', text: SYSTEM, ...mark }];
      await t.ask({ more: { system } });
      t.expectSame(t.sentUp().system, system, 'the marked system blocks are not the same', {
        where: 'upstream request',
        pointer: '/system',
      });
    },
  },
];
