import { describe, expect, it } from 'vitest';
import { foldTimeline, readTimeline } from '../../src/report/timeline.ts';
import { toUtf8 } from '../../src/util/bytes.ts';
import { sse } from '../helpers/made-legs.ts';

const delta = (text: string, index = 0) => ({ type: 'response.output_text.delta', output_index: index, delta: text });

const RESPONSES = sse(
  { type: 'response.created', response: { id: 'resp_1', model: 'gpt-4.1-mini' } },
  { type: 'response.output_item.added', output_index: 0, item: { type: 'message' } },
  delta('Hel'),
  delta('lo'),
  delta('!', 1),
  { type: 'response.output_text.done', text: 'Hello' },
  { type: 'response.output_item.done', item: { type: 'function_call', name: 'exec_command', status: 'completed' } },
  {
    type: 'response.completed',
    response: { id: 'resp_1', status: 'completed', usage: { input_tokens: 10, output_tokens: 3 } },
  },
);

function rows(texts: readonly string[], step = 5): string[] {
  const { events } = readTimeline(texts.map((text, i) => ({ ms: i * step, data: toUtf8(text) })));
  return foldTimeline(events).map((row) => `${row.fromMs}-${row.toMs} ${row.type} ${row.count} ${row.text}`.trimEnd());
}

describe('readTimeline', () => {
  it('gives an event the time of the read that completed it, whatever the cuts', () => {
    const bytes = toUtf8(RESPONSES.join(''));
    const whole = readTimeline([{ ms: 1, data: bytes }]).events;
    for (let cut = 1; cut < bytes.length; cut++) {
      const { events, rest } = readTimeline([
        { ms: 1, data: bytes.subarray(0, cut) },
        { ms: 2, data: bytes.subarray(cut) },
      ]);
      expect(rest).toBeUndefined();
      expect(events.map((event) => event.ms)).toEqual(whole.map((event) => (event.end <= cut ? 1 : 2)));
      expect(events.map(({ ms: _, ...event }) => event)).toEqual(whole.map(({ ms: _, ...event }) => event));
    }
  });

  it.each([
    ['data: {"type":"x"}\n\n', 'x'],
    ['event: y\ndata: {"type":"x"}\n\n', 'x'],
    ['event: y\ndata: {}\n\n', 'y'],
    ['data: [DONE]\n\n', '[DONE]'],
    ['data: {"object":"chat.completion.chunk","choices":[]}\n\n', 'chunk'],
    ['data: {"choices":[]}\n\n', 'chunk'],
    ['data: 7\n\n', 'data'],
  ])('names the type of %j', (text, type) => {
    expect(readTimeline([{ ms: 0, data: toUtf8(text) }]).events.map((event) => event.type)).toEqual([type]);
  });

  it('says what a broken stream left over', () => {
    expect(readTimeline([{ ms: 0, data: toUtf8('data: 1\n\ndata: 2\n') }]).rest).toEqual({
      start: 9,
      text: 'data: 2\n',
    });
  });
});

describe('foldTimeline', () => {
  it('folds runs of deltas of one item', () => {
    expect(rows(RESPONSES)).toEqual([
      '0-0 response.created 1 resp_1 gpt-4.1-mini',
      '5-5 response.output_item.added 1 message',
      '10-15 response.output_text.delta 2 Hello',
      '20-20 response.output_text.delta 1 !',
      '25-25 response.output_text.done 1 5 characters',
      '30-30 response.output_item.done 1 function_call exec_command completed',
      '35-35 response.completed 1 resp_1 completed in 10, out 3',
    ]);
  });

  it('reads failures', () => {
    const failed = {
      type: 'response.failed',
      response: { id: 'r', status: 'failed', error: { code: 'server_error', message: 'no' } },
    };
    const incomplete = {
      type: 'response.incomplete',
      response: { id: 'r', incomplete_details: { reason: 'max_output_tokens' } },
    };
    expect(rows([...sse(failed, incomplete, { type: 'error', code: 'c', message: 'm' }), 'data: {oops\n\n'])).toEqual([
      '0-0 response.failed 1 r failed server_error no',
      '5-5 response.incomplete 1 r max_output_tokens',
      '10-10 error 1 c m',
      '15-15 data 1 not JSON: {oops',
    ]);
  });

  it('reads Chat', () => {
    const chunk = (delta: object, finish?: string) => ({
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, ...(finish ? { finish_reason: finish } : {}) }],
    });
    const call = (fields: object) => chunk({ tool_calls: [{ index: 0, function: fields }] });
    const texts = sse(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'a' }),
      chunk({ content: 'b' }),
      call({ name: 'f', arguments: '' }),
      call({ arguments: '{}' }),
      chunk({}, 'tool_calls'),
      { object: 'chat.completion.chunk', choices: [], usage: { prompt_tokens: 4, completion_tokens: 2 } },
    );
    expect(rows([...texts, 'data: [DONE]\n\n'])).toEqual([
      '0-0 chunk 1 assistant',
      '5-10 chunk content 2 ab',
      '15-20 chunk tool_calls 2 f {}',
      '25-25 chunk finish 1 tool_calls',
      '30-30 chunk usage 1 in 4, out 2',
      '35-35 [DONE] 1',
    ]);
  });

  it('reads Messages', () => {
    const block = (delta: object) => ({ type: 'content_block_delta', index: 0, delta });
    const texts = sse(
      { type: 'message_start', message: { id: 'msg_1', model: 'claude' } },
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', name: 'f' } },
      block({ type: 'input_json_delta', partial_json: '{"a"' }),
      block({ type: 'input_json_delta', partial_json: ':1}' }),
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
      { type: 'message_stop' },
    );
    expect(rows(texts)).toEqual([
      '0-0 message_start 1 msg_1 claude',
      '5-5 content_block_start 1 tool_use f',
      '10-15 content_block_delta input_json_delta 2 {"a":1}',
      '20-20 content_block_stop 1',
      '25-25 message_delta 1 tool_use out 9',
      '30-30 message_stop 1',
    ]);
  });
});
