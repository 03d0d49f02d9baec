import { describe, expect, it } from 'vitest';
import { assembled, comparable } from '../../../src/conformance/checks/shared/said.ts';

describe('what an answer is compared by', () => {
  it.each([
    [
      'ids are left out, at any depth',
      { id: 'a', content: [{ tool_use_id: 'b', text: 'c' }] },
      { content: [{ text: 'c' }] },
    ],
    ['null says nothing', { content: null, refusal: 'no' }, { refusal: 'no' }],
    ['arguments are their JSON', { arguments: '{ "a" : 1 }' }, { arguments: { a: 1 } }],
    ['arguments that are no JSON are a text', { arguments: '{"a' }, { arguments: '{"a' }],
  ])('%s', (_what, value, due) => expect(comparable(value)).toEqual(due));

  it('puts log probabilities together by choice', () => {
    const chunk = (index: number, token: string) => ({
      choices: [{ index, delta: { content: token }, logprobs: { content: [{ token }] } }],
    });
    const whole = assembled('chat', [chunk(0, 'a'), chunk(1, 'x'), chunk(0, 'b'), undefined, { choices: null }]);
    expect(whole.choices).toMatchObject([
      { message: { content: 'ab' }, logprobs: { content: [{ token: 'a' }, { token: 'b' }] } },
      { message: { content: 'x' }, logprobs: { content: [{ token: 'x' }] } },
    ]);
  });

  it('has no log probabilities where none were told', () => {
    const whole = assembled('chat', [{ choices: [{ index: 0, delta: { content: 'a' }, logprobs: null }] }]);
    expect((whole.choices as object[])[0]).not.toHaveProperty('logprobs');
  });
});
