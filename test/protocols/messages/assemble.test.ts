import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembleMessages } from '../../../src/protocols/messages/assemble.ts';
import { assertProperty } from '../../helpers/properties.ts';

const start = (index: number, block: object) => ({ type: 'content_block_start', index, content_block: block });
const delta = (index: number, value: object) => ({ type: 'content_block_delta', index, delta: value });

describe('assembleMessages', () => {
  it('keeps a count where a later event counts nothing', () => {
    const { usage } = assembleMessages([
      { type: 'message_start', message: { usage: { input_tokens: 5, output_tokens: 1 } } },
      { type: 'message_delta', delta: {}, usage: { input_tokens: null, output_tokens: 7 } },
    ]);
    expect(usage).toEqual({ input_tokens: 5, output_tokens: 7 });
  });

  it('joins blocks, usage and stop reason', () => {
    const result = assembleMessages([
      {
        type: 'message_start',
        message: { id: 'm', type: 'message', role: 'assistant', content: [], usage: { input_tokens: 3 } },
      },
      start(0, { type: 'thinking', thinking: '' }),
      delta(0, { type: 'thinking_delta', thinking: 'hm' }),
      delta(0, { type: 'signature_delta', signature: 's' }),
      start(1, { type: 'text', text: '' }),
      delta(1, { type: 'text_delta', text: 'hel' }),
      delta(1, { type: 'text_delta', text: 'lo' }),
      delta(1, { type: 'citations_delta', citation: { cited_text: 'c' } }),
      start(2, { type: 'tool_use', id: 't', name: 'run', input: {} }),
      delta(2, { type: 'input_json_delta', partial_json: '{"a"' }),
      delta(2, { type: 'input_json_delta', partial_json: ':1}' }),
      { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage: { output_tokens: 4 } },
      { type: 'message_stop' },
    ]);
    expect(result).toEqual({
      id: 'm',
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'text', text: 'hello', citations: [{ cited_text: 'c' }] },
        { type: 'tool_use', id: 't', name: 'run', input: { a: 1 } },
      ],
      stop_reason: 'tool_use',
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 4 },
    });
  });

  it('keeps overlapping blocks apart', () => {
    const events = [start(0, { type: 'text', text: '' }), start(1, { type: 'text', text: '' })];
    const deltas = [delta(1, { type: 'text_delta', text: 'b' }), delta(0, { type: 'text_delta', text: 'a' })];
    expect(assembleMessages([...events, ...deltas]).content.map(({ text }) => text)).toEqual(['a', 'b']);
  });

  it('leaves input that is no JSON as the text that came', () => {
    const events = [
      start(0, { type: 'tool_use', input: {} }),
      delta(0, { type: 'input_json_delta', partial_json: '{"a' }),
    ];
    expect(assembleMessages(events).content).toEqual([{ type: 'tool_use', input: '{"a' }]);
  });

  it('keeps the error that ended the stream', () => {
    const result = assembleMessages([{ type: 'error', error: { type: 'overloaded_error', message: 'm' } }]);
    expect(result).toMatchObject({ stop_reason: null, error: { type: 'overloaded_error' } });
  });

  it('takes any values', () => {
    const type = fc.constantFrom(
      'message_start',
      'content_block_start',
      'content_block_delta',
      'message_delta',
      'error',
    );
    const field = fc.oneof(fc.jsonValue(), fc.constant({ type: 'text_delta', text: 1 }), fc.constant(0));
    const event = fc.record({ type, index: field, message: field, delta: field, content_block: field, usage: field });
    assertProperty(
      fc.property(fc.array(fc.oneof(event, fc.jsonValue()), { maxLength: 8 }), (list) => {
        expect(Array.isArray(assembleMessages(list).content)).toBe(true);
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});
