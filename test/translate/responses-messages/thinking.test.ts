import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { MESSAGES_DIALECTS } from '../../../src/translate/responses-messages/dialects.ts';
import { translateRequest } from '../../../src/translate/responses-messages/request.ts';
import { makeContext } from '../../helpers/translate.ts';

function thinkingOf(fields: JsonObject): { thinking: unknown; effort: unknown; losses: string[] } {
  const result = translateRequest(
    { model: 'claude-opus-5', input: 'Hi', ...fields },
    makeContext(MESSAGES_DIALECTS[0]),
  );
  if ('problem' in result) throw new Error(result.problem.message);
  const { thinking, output_config: config } = result.body;
  return {
    thinking,
    effort: (config as JsonObject | undefined)?.effort,
    losses: result.losses.map(({ path }) => path),
  };
}

describe('how a model of Anthropic is asked to think', () => {
  it.each([
    ['claude-3-opus-20240229', undefined],
    ['claude-3-5-sonnet-20241022', undefined],
    ['claude-3-7-sonnet-20250219', 'enabled'],
    ['claude-opus-4-20250514', 'enabled'],
    ['claude-opus-4@20250514', 'enabled'],
    ['claude-opus-4-1-20250805', 'enabled'],
    ['anthropic.claude-opus-4-1-20250805-v1:0', 'enabled'],
    ['claude-sonnet-4-5', 'enabled'],
    ['claude-haiku-4-5-20251001', 'enabled'],
    ['claude-opus-4-6', 'adaptive'],
    ['claude-opus-4-8', 'adaptive'],
    ['claude-haiku-5-5', 'adaptive'],
    ['claude-fable-5-1', 'adaptive'],
    ['claude-opus-4-10', 'adaptive'],
    ['gpt-5', 'adaptive'],
  ])('%s: %s', (model, type) => {
    const { thinking } = thinkingOf({ model, reasoning: { effort: 'high' } });
    expect((thinking as JsonObject | undefined)?.type).toBe(type);
  });

  it.each([
    [undefined, undefined, undefined],
    [null, undefined, undefined],
    [{}, undefined, undefined],
    [{ effort: 'none' }, { type: 'disabled' }, undefined],
    [{ effort: 'minimal' }, { type: 'adaptive' }, 'low'],
    [{ effort: 'xhigh', summary: 'auto' }, { type: 'adaptive', display: 'summarized' }, 'xhigh'],
    [{ summary: 'auto' }, { type: 'adaptive', display: 'summarized' }, undefined],
    [{ generate_summary: 'concise' }, { type: 'adaptive', display: 'summarized' }, undefined],
    [{ effort: 'heroic' }, { type: 'adaptive' }, undefined],
  ])('%j is %j with effort %s', (reasoning, thinking, effort) => {
    expect(thinkingOf({ reasoning })).toMatchObject({ thinking, effort });
  });

  it.each([
    ['low', 32_000, 4_096],
    ['medium', 32_000, 10_240],
    ['max', 32_000, 28_672],
    ['high', 20_481, 20_480],
    ['high', 20_480, 10_240],
    ['low', 1_500, 1_024],
  ])('a budget for %s fits below %i tokens', (effort, bound, budget) => {
    const fields = { model: 'claude-sonnet-4-5', reasoning: { effort }, max_output_tokens: bound };
    expect(thinkingOf(fields).thinking).toEqual({ type: 'enabled', budget_tokens: budget });
  });

  it('does not think where no budget fits', () => {
    const fields = { model: 'claude-sonnet-4-5', reasoning: { effort: 'low' }, max_output_tokens: 1_024 };
    expect(thinkingOf(fields)).toEqual({ thinking: undefined, effort: undefined, losses: ['/reasoning'] });
  });

  it.each(['required', { type: 'function', name: 'f' }])('does not think when %j is to be called', (choice) => {
    const tools = [{ type: 'function', name: 'f', parameters: null, strict: false }];
    const { thinking, effort, losses } = thinkingOf({ tools, tool_choice: choice, reasoning: { effort: 'low' } });
    expect({ thinking, effort, losses }).toEqual({ thinking: undefined, effort: 'low', losses: ['/reasoning'] });
  });
});

describe('a provider whose table says nothing of the model', () => {
  it('is not asked to think', () => {
    const [dialect] = MESSAGES_DIALECTS;
    const messages = { ...dialect.messages!, thinking: [{ models: /^claude/, how: 'budget' as const }] };
    const request = { model: 'other', input: 'Hi', reasoning: { effort: 'high' } };
    const result = translateRequest(request, makeContext({ ...dialect, messages }));
    expect('body' in result && result.body).toEqual({
      model: 'other',
      max_tokens: 32_000,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    });
  });
});
