import { describe, expect, it } from 'vitest';
import { callProblems } from '../../../../src/conformance/checks/translate/call-order.ts';

const chatCall = (...ids: string[]) => ({ role: 'assistant', content: null, tool_calls: ids.map((id) => ({ id })) });
const chatResult = (id: string) => ({ role: 'tool', tool_call_id: id, content: '' });
const use = (id: string) => ({ type: 'tool_use', id });
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id });
const text = { type: 'text', text: 'a' };
const model = (...content: object[]) => ({ role: 'assistant', content });
const user = (...content: object[]) => ({ role: 'user', content });

describe('callProblems', () => {
  it.each([
    ['no calls', [{ role: 'user', content: 'a' }]],
    ['a call and its result', [chatCall('a'), chatResult('a'), { role: 'user', content: 'b' }]],
    ['results in another order', [chatCall('a', 'b'), chatResult('b'), chatResult('a')]],
    ['an id that is used again', [chatCall('a'), chatResult('a'), chatCall('a'), chatResult('a')]],
  ])('takes a Chat request with %s', (_what, messages) => {
    expect(callProblems('chat', { messages })).toEqual([]);
  });

  it.each([
    ['a result alone', [chatResult('a')], ['the result for a does not follow its call']],
    ['a call alone', [chatCall('a')], ['the call a is not followed by its result']],
    [
      'something between',
      [chatCall('a'), { role: 'user', content: 'b' }, chatResult('a')],
      ['the call a is not followed by its result', 'the result for a does not follow its call'],
    ],
    ['half of the results', [chatCall('a', 'b'), chatResult('b')], ['the call a is not followed by its result']],
  ])('finds fault with a Chat request with %s', (_what, messages, problems) => {
    expect(callProblems('chat', { messages })).toEqual(problems);
  });

  it.each([
    ['a string', [{ role: 'user', content: 'a' }]],
    ['results in another order', [model(text, use('a'), use('b')), user(result('b'), result('a'), text)]],
    ['results in two messages', [model(use('a'), use('b')), user(result('a')), user(result('b'))]],
    ['calls in two messages', [model(use('a')), model(use('b')), user(result('a'), result('b'))]],
  ])('takes a Messages request with %s', (_what, messages) => {
    expect(callProblems('messages', { messages })).toEqual([]);
  });

  it.each([
    ['a result alone', [user(result('a'))], ['the result for a does not follow its call']],
    ['a call at the end', [model(use('a'))], ['the call a is not followed by its result']],
    [
      'a text before a result',
      [model(use('a')), user(text, result('a'))],
      ['something stands before a tool_result of the same message'],
    ],
    [
      'a turn between',
      [model(use('a')), user(text), model(text), user(result('a'))],
      ['the call a is not followed by its result', 'the result for a does not follow its call'],
    ],
  ])('finds fault with a Messages request with %s', (_what, messages, problems) => {
    expect(callProblems('messages', { messages })).toEqual(problems);
  });

  it('wants each output of a Responses request behind its call, and each call to have one', () => {
    const call = (call_id: string) => ({ type: 'function_call', call_id });
    const output = (call_id: string) => ({ type: 'function_call_output', call_id });
    expect(callProblems('responses', { input: [call('a'), { role: 'user' }, output('a')] })).toEqual([]);
    expect(callProblems('responses', { input: 'a' })).toEqual([]);
    expect(callProblems('responses', { input: [output('a'), call('a')] })).toEqual([
      'the output for a has no call before it',
      'the call a has no output',
    ]);
  });
});
