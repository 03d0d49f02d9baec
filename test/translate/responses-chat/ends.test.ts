import { describe, expect, it } from 'vitest';
import { endingOf, failureOf } from '../../../src/translate/responses-chat/ends.ts';
import { createLosses } from '../../../src/translate/shared/losses.ts';

describe('endingOf', () => {
  it.each([
    ['stop', { how: 'completed' }],
    ['tool_calls', { how: 'completed' }],
    ['function_call', { how: 'completed' }],
    ['length', { how: 'incomplete', reason: 'max_output_tokens' }],
    ['model_length', { how: 'incomplete', reason: 'max_output_tokens' }],
    ['content_filter', { how: 'incomplete', reason: 'content_filter' }],
    ['end_turn', { how: 'completed' }],
    ['max_tokens', { how: 'incomplete', reason: 'max_output_tokens' }],
    ['error', { how: 'failed', code: 'server_error' }],
  ])('%s', (reason, ending) => {
    const losses = createLosses('h');
    expect(endingOf(reason, losses)).toMatchObject(ending);
    expect(losses.list).toEqual([]);
  });

  it.each(['eos', 'toString', '__proto__'])('tells %s as it is, and never as completed', (reason) => {
    const losses = createLosses('h');
    expect(endingOf(reason, losses)).toEqual({ how: 'incomplete', reason });
    expect(losses.list).toMatchObject([{ path: '/choices/0/finish_reason', kind: 'value' }]);
  });
});

describe('failureOf', () => {
  it.each<[value: Record<string, unknown>, code: string, message: string]>([
    [{ error: { code: 500, message: 'It broke.', type: 'server_error' } }, 'server_error', 'It broke.'],
    [
      { error: { code: 400, message: 'Too long.', type: 'exceed_context_size_error' } },
      'context_length_exceeded',
      'Too long.',
    ],
    [{ error: { message: 'Slow.', code: 'rate_limit_exceeded' } }, 'rate_limit_exceeded', 'Slow.'],
    [{ error: { code: 429, message: 'Too many requests' } }, 'rate_limit_exceeded', 'Too many requests'],
    [{ error: { code: '429', message: 'Slow.' } }, 'rate_limit_exceeded', 'Slow.'],
    [{ error: { message: 'Pay.', type: 'insufficient_quota' } }, 'insufficient_quota', 'Pay.'],
    [{ error: { message: 'Later.', type: 'overloaded_error' } }, 'server_is_overloaded', 'Later.'],
    [{ error: { message: 'Wrong.', type: 'invalid_request_error' } }, 'invalid_prompt', 'Wrong.'],
    [{ error: { message: 'Who?', type: 'authentication_error' } }, 'invalid_prompt', 'Who?'],
    [{ error: 'It broke.' }, 'server_error', 'It broke.'],
    [{ error: { code: 400, message: 'Bad.' } }, 'invalid_prompt', 'Bad.'],
    // Codes that are no status of an error: what the words say counts.
    [{ error: { code: 200, message: 'Overloaded.' } }, 'server_is_overloaded', 'Overloaded.'],
    [{ error: { code: 600, message: 'Overloaded.' } }, 'server_is_overloaded', 'Overloaded.'],
    [{ object: 'error', message: 'It died.', code: null }, 'server_error', 'It died.'],
  ])('%j', (value, code, message) => expect(failureOf(value)).toEqual({ how: 'failed', code, message }));
});
