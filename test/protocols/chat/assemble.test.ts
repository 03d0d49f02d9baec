import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembleChat } from '../../../src/protocols/chat/assemble.ts';
import { assertProperty } from '../../helpers/properties.ts';

const chunk = (delta: object, finish: string | null = null) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
});

describe('assembleChat', () => {
  it('joins texts, calls and usage', () => {
    const call = (index: number, more: object) => ({ tool_calls: [{ index, ...more }] });
    const result = assembleChat([
      chunk({ role: 'assistant', content: null }),
      chunk({ reasoning_content: 'h' }),
      chunk({ reasoning_content: 'm' }),
      chunk({ content: 'hel' }),
      chunk({ content: 'lo' }),
      chunk(call(0, { id: 'call_1', type: 'function', function: { name: 'run', arguments: '{' } })),
      chunk(call(0, { function: { arguments: '}' } })),
      chunk(call(1, { id: 'call_2', type: 'custom', custom: { name: 'patch', input: 'a' } })),
      chunk(call(1, { custom: { input: 'b' } })),
      chunk({}, 'tool_calls'),
      { id: 'c', choices: [], usage: { total_tokens: 7 } },
    ]);
    expect(result).toEqual({
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: 'hello',
            reasoning_content: 'hm',
            tool_calls: [
              { index: 0, id: 'call_1', type: 'function', function: { name: 'run', arguments: '{}' } },
              { index: 1, id: 'call_2', type: 'custom', custom: { name: 'patch', input: 'ab' } },
            ],
          },
        },
      ],
      usage: { total_tokens: 7 },
    });
  });

  it('keeps choices apart and in order', () => {
    const of = (index: number, content: string) => ({ choices: [{ index, delta: { content } }] });
    const { choices } = assembleChat([of(1, 'b'), of(0, 'a'), of(1, 'b')]);
    expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, 'a'],
      [1, 'bb'],
    ]);
    expect(choices[0]?.finish_reason).toBeNull();
  });

  it('does not double a name that is repeated in every delta', () => {
    const call = { tool_calls: [{ index: 0, id: 'x', function: { name: 'run', arguments: 'a' } }] };
    const { choices } = assembleChat([chunk(call), chunk(call)]);
    expect(choices[0]?.message.tool_calls).toEqual([
      { index: 0, type: 'function', id: 'x', function: { name: 'run', arguments: 'aa' } },
    ]);
  });

  it('keeps an error that came in place of a chunk', () => {
    expect(assembleChat([chunk({ content: 'a' }), { error: { message: 'm' } }]).error).toEqual({ message: 'm' });
  });

  it('takes any values, and lets none of them become a prototype', () => {
    const names = fc.constantFrom('role', 'content', 'tool_calls', '__proto__', 'constructor', 'toString');
    const delta = fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.constant([{ index: 0, function: { name: 'f' } }])));
    const event = fc.oneof(
      fc.jsonValue(),
      delta.map((value) => chunk(value)),
    );
    assertProperty(
      fc.property(fc.array(event, { maxLength: 6 }), (list) => {
        for (const { message } of assembleChat(list).choices) {
          expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
        }
      }),
      { numRuns: 300, seed: 2 },
    );
  });
});
