import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembleResponses } from '../../../src/protocols/responses/assemble.ts';
import { assertProperty } from '../../helpers/properties.ts';

const created = { type: 'response.created', response: { id: 'r', model: 'm', status: 'in_progress', output: [] } };
const added = (index: number, item: object) => ({ type: 'response.output_item.added', output_index: index, item });
const done = (index: number, item: object) => ({ type: 'response.output_item.done', output_index: index, item });
const message = { id: 'msg', type: 'message', role: 'assistant' };

describe('assembleResponses', () => {
  it('takes the output of the terminal event', () => {
    const item = { ...message, content: [{ type: 'output_text', text: 'hi' }] };
    const terminal = { id: 'r', status: 'completed', output: [item], usage: { total_tokens: 3 } };
    expect(assembleResponses([created, { type: 'response.completed', response: terminal }])).toEqual({
      id: 'r',
      model: 'm',
      status: 'completed',
      output: [item],
      usage: { total_tokens: 3 },
    });
  });

  it('takes the done items, by output index, where the terminal event has none', () => {
    const call = { id: 'fc', type: 'function_call', call_id: 'c', name: 'run', arguments: '{}' };
    const events = [done(1, call), done(0, message), { type: 'response.completed', response: { id: 'r', output: [] } }];
    expect(assembleResponses(events)).toEqual({ id: 'r', status: 'completed', output: [message, call] });
  });

  it('joins the deltas of items that are not done', () => {
    const place = { output_index: 0, item_id: 'msg' };
    const events = [
      created,
      added(0, { ...message, content: [] }),
      { type: 'response.output_text.delta', ...place, content_index: 0, delta: 'hel' },
      { type: 'response.output_text.delta', ...place, content_index: 0, delta: 'lo' },
      { type: 'response.refusal.delta', ...place, content_index: 1, delta: 'no' },
      added(1, { id: 'fc', type: 'function_call', arguments: '' }),
      { type: 'response.function_call_arguments.delta', output_index: 1, delta: '{"a' },
      added(2, { id: 'rs', type: 'reasoning', summary: [] }),
      { type: 'response.reasoning_summary_text.delta', item_id: 'rs', summary_index: 0, delta: 'hm' },
    ];
    expect(assembleResponses(events)).toEqual({
      id: 'r',
      model: 'm',
      status: 'in_progress',
      output: [
        {
          ...message,
          content: [
            { type: 'output_text', text: 'hello' },
            { type: 'refusal', refusal: 'no' },
          ],
        },
        { id: 'fc', type: 'function_call', arguments: '{"a' },
        { id: 'rs', type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
      ],
    });
  });

  it('gives deltas without a place to the last item', () => {
    const events = [
      { type: 'response.output_item.added', item: { type: 'custom_tool_call', input: '' } },
      { type: 'response.custom_tool_call_input.delta', delta: 'ab' },
    ];
    expect(assembleResponses(events).output).toEqual([{ type: 'custom_tool_call', input: 'ab' }]);
  });

  it('reads nothing after the terminal event, and says how it ended', () => {
    const failed = { type: 'response.failed', response: { id: 'r', error: { code: 'server_error', message: 'm' } } };
    const result = assembleResponses([created, failed, done(0, message)]);
    expect(result).toMatchObject({ status: 'failed', error: { code: 'server_error' }, output: [] });
  });

  it('keeps the error of an error event', () => {
    const flat = { type: 'error', code: 'server_error', message: 'm' };
    expect(assembleResponses([created, flat]).error).toEqual(flat);
    expect(assembleResponses([created, { type: 'error', error: { message: 'n' } }]).error).toEqual({ message: 'n' });
  });

  it('does not change its input', () => {
    const item = { ...message, content: [] };
    assembleResponses([
      added(0, item),
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'x' },
    ]);
    expect(item.content).toEqual([]);
  });

  it('takes any values', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom(0, 1, 'msg', message, [message]));
    const type = fc.constantFrom(
      'response.output_item.added',
      'response.output_item.done',
      'response.output_text.delta',
      'response.function_call_arguments.delta',
      'response.completed',
    );
    const event = fc.record(
      { type, output_index: field, item_id: field, item: field, content_index: field, delta: field, response: field },
      { requiredKeys: ['type'] },
    );
    const events = fc.array(fc.oneof(event, fc.jsonValue()), { maxLength: 8 });
    assertProperty(
      fc.property(events, (list) => {
        const result = assembleResponses(list);
        expect(Array.isArray(result.output)).toBe(true);
        expect(typeof result.status).toBe('string');
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
