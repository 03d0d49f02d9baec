import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { assembleResponses } from '../../../src/protocols/responses/assemble.ts';
import { findDialect } from '../../../src/translate/dialects.ts';
import type { NewItem } from '../../../src/translate/shared/responses-items.ts';
import { createResponsesWriter, type ResponsesWriter } from '../../../src/translate/shared/responses-writer.ts';
import { assertProperty } from '../../helpers/properties.ts';
import { judgeStream, makeBackContext, parseEvents } from '../../helpers/translate.ts';

const USAGE = {
  input_tokens: 3,
  input_tokens_details: { cached_tokens: 1 },
  output_tokens: 2,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 5,
};

function write(build: (writer: ResponsesWriter) => void, request: JsonObject = { model: 'm' }) {
  const writer = createResponsesWriter(makeBackContext(findDialect('chat', 'chat')!, request));
  build(writer);
  const events = writer.take();
  return { writer, events, data: parseEvents(events), types: events.map(({ name }) => name?.replace('response.', '')) };
}

const CALL: NewItem = { type: 'function_call', callId: 'call_1', name: 'add', namespace: 'ns' };
const CUSTOM: NewItem = { type: 'custom_tool_call', callId: 'call_2', name: 'exec' };

describe('createResponsesWriter', () => {
  it('tells a message with the whole sequence', () => {
    const { events, types, data, writer } = write((w) => {
      const item = w.open({ type: 'message', phase: 'final_answer' });
      item.text('Hel');
      item.text('');
      item.text('lo');
      item.close();
      w.finish({ how: 'completed', usage: USAGE });
    });
    expect(types).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ]);
    expect(data.map((event) => event.sequence_number)).toEqual([...data.keys()]);
    expect(judgeStream('responses', events)).toEqual([]);
    expect(judgeStream('responses', events, ['codex'])).toEqual([]);
    expect(data.at(-1)!.response).toEqual(writer.response());
    expect(writer.response()).toMatchObject({
      id: 'resp_1',
      created_at: 1_767_323_045,
      status: 'completed',
      model: 'm',
      usage: USAGE,
      output: [
        {
          type: 'message',
          id: 'msg_2',
          status: 'completed',
          role: 'assistant',
          phase: 'final_answer',
          content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
        },
      ],
    });
  });

  it('begins a new part when the kind of text changes', () => {
    const { events, writer } = write((w) => {
      const item = w.open({ type: 'message' });
      item.text('a');
      item.refusal('no');
      item.text('b');
      const thought = w.open({ type: 'reasoning' });
      thought.summary('s');
      thought.reasoning('r');
      thought.encrypted('td1.x');
      w.finish({ how: 'completed' });
    });
    expect(judgeStream('responses', events).filter(({ rule }) => !rule.endsWith('items-overlap'))).toEqual([]);
    expect(writer.response().output).toMatchObject([
      { content: [{ text: 'a' }, { type: 'refusal', refusal: 'no' }, { text: 'b' }] },
      {
        summary: [{ type: 'summary_text', text: 's' }],
        content: [{ type: 'reasoning_text', text: 'r' }],
        encrypted_content: 'td1.x',
      },
    ]);
  });

  it('tells annotations and tokens', () => {
    const citation = { type: 'url_citation', url: 'u', title: 't', start_index: 0, end_index: 1 };
    const token = {
      token: 'a',
      logprob: -0.5,
      bytes: [97],
      top_logprobs: [{ token: 'a', logprob: -0.5, bytes: [97] }],
    };
    const { events, data, writer } = write((w) => {
      const item = w.open({ type: 'message' });
      item.text('a', [token]);
      item.annotation(citation);
      w.finish({ how: 'completed' });
    });
    expect(judgeStream('responses', events)).toEqual([]);
    expect(data.find(({ type }) => type === 'response.output_text.annotation.added')).toMatchObject({
      annotation: citation,
      annotation_index: 0,
    });
    expect(writer.response().output).toMatchObject([{ content: [{ annotations: [citation], logprobs: [token] }] }]);
  });

  it('tells calls, also without arguments, and items of other kinds as given', () => {
    const { events, types, writer } = write((w) => {
      const call = w.open(CALL);
      call.arguments('{"a"');
      call.arguments(':1}');
      call.close();
      const custom = w.open(CUSTOM);
      custom.close();
      w.open({
        type: 'other',
        item: { type: 'web_search_call', status: 'completed', action: { type: 'search', query: 'q' } },
      });
      w.finish({ how: 'completed' });
    });
    expect(judgeStream('responses', events)).toEqual([]);
    expect(types.filter((type) => type?.includes('input') || type?.includes('arguments'))).toEqual([
      'function_call_arguments.delta',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'custom_tool_call_input.done',
    ]);
    expect(writer.response().output).toMatchObject([
      { type: 'function_call', id: 'fc_2', call_id: 'call_1', name: 'add', namespace: 'ns', arguments: '{"a":1}' },
      { type: 'custom_tool_call', id: 'ctc_3', call_id: 'call_2', name: 'exec', input: '' },
      { type: 'web_search_call', id: 'ws_4' },
    ]);
  });

  it('leaves a call that is not whole without its done event, which Codex would run', () => {
    const { events, types, writer } = write((w) => {
      const text = w.open({ type: 'message' });
      text.text('so');
      w.open(CALL).arguments('{"a"');
      w.finish({ how: 'incomplete', reason: 'max_output_tokens' });
    });
    expect(types.filter((type) => type === 'output_item.done')).toHaveLength(1);
    expect(types.at(-1)).toBe('incomplete');
    expect(judgeStream('responses', events).filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(writer.response()).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [
        { type: 'message', status: 'incomplete', content: [{ text: 'so' }] },
        { type: 'function_call', status: 'incomplete', arguments: '{"a"' },
      ],
    });
  });

  it('fails without a done event for what is open', () => {
    const { events, types, writer } = write((w) => {
      w.open({ type: 'message' }).text('so');
      w.finish({ how: 'failed', code: 'server_error', message: 'it broke off' });
      w.finish({ how: 'completed' });
      w.open({ type: 'message' }).text('late');
    });
    expect(types.slice(-2)).toEqual(['output_text.delta', 'failed']);
    expect(judgeStream('responses', events)).toEqual([]);
    expect(writer.response()).toMatchObject({
      status: 'failed',
      error: { code: 'server_error', message: 'it broke off' },
      output: [{ status: 'incomplete', content: [{ text: 'so' }] }],
    });
  });

  it('repeats fields of the request, those of the right type', () => {
    const request = {
      model: 'm',
      instructions: 'Be brief.',
      tools: [{ type: 'local_shell' }],
      temperature: 0.5,
      top_p: 'x',
      store: false,
    };
    const { writer } = write((w) => w.finish({ how: 'completed' }), request);
    expect(writer.response()).toMatchObject({ ...request, top_p: null, tool_choice: 'auto' });
  });

  it('says one thing: a channel that an item does not have is a bug', () => {
    const writer = createResponsesWriter(makeBackContext(findDialect('chat', 'chat')!));
    expect(() => writer.open({ type: 'reasoning' }).text('x')).toThrow('a reasoning item has no text');
    expect(() => writer.open({ type: 'message' }).arguments('x')).toThrow('a message item has no arguments');
    const search = writer.open({ type: 'other', item: { type: 'web_search_call' } });
    expect(() => search.arguments('x')).toThrow('a web_search_call item has no arguments');
  });

  it('joins characters that a delta cuts in half, and never sends half of one', () => {
    const { data, writer } = write((w) => {
      const item = w.open({ type: 'message' });
      for (const unit of 'a😀b\ud83d'.split('')) item.text(unit);
      w.finish({ how: 'completed' });
    });
    const deltas = data.filter(({ type }) => type === 'response.output_text.delta').map(({ delta }) => delta);
    expect(deltas).toEqual(['a', '😀', 'b', '\ufffd']);
    expect(writer.response().output).toMatchObject([{ content: [{ text: 'a😀b\ufffd' }] }]);
  });

  it('is grammatical and assembles to its own response, whatever is written', () => {
    const step = fc.record({
      item: fc.nat({ max: 3 }),
      kind: fc.constantFrom('first', 'second', 'close'),
      text: fc.string({ unit: 'binary', maxLength: 4 }),
    });
    const end = fc.constantFrom<'completed' | 'incomplete' | 'failed'>('completed', 'incomplete', 'failed');
    assertProperty(
      fc.property(fc.array(step, { maxLength: 20 }), end, (steps, how) => {
        const { events, data, writer } = write((w) => {
          const sources: NewItem[] = [{ type: 'message' }, { type: 'reasoning' }, CALL, CUSTOM];
          const items = sources.map((source) => w.open(source));
          for (const { item, kind, text } of steps) {
            const target = items[item]!;
            if (kind === 'close') target.close();
            else if (item === 0) target[kind === 'first' ? 'text' : 'refusal'](text);
            else if (item === 1) target[kind === 'first' ? 'summary' : 'reasoning'](text);
            else target.arguments(text);
          }
          if (how === 'failed') w.finish({ how, code: 'server_error', message: '' });
          else w.finish(how === 'incomplete' ? { how, reason: 'max_output_tokens' } : { how });
        });
        const findings = judgeStream('responses', events).filter(({ rule }) => !rule.endsWith('items-overlap'));
        expect(findings).toEqual([]);
        expect(assembleResponses(data)).toEqual(writer.response());
      }),
      { numRuns: 100 },
    );
  });
});

it('gives items of other kinds an id by their type, and leaves their status', () => {
  const { writer } = write((w) => {
    for (const type of ['tool_search_call', 'made_call_up', 'x__y']) w.open({ type: 'other', item: { type } });
    w.open({ type: 'other', item: { type: 'x', id: 'its-own', status: 'searching' } });
    w.finish({ how: 'failed', code: 'c', message: 'm' });
  });
  expect(writer.response().output).toEqual([
    { type: 'tool_search_call', id: 'ts_2' },
    { type: 'made_call_up', id: 'mcu_3' },
    { type: 'x__y', id: 'xy_4' },
    { type: 'x', id: 'its-own', status: 'searching' },
  ]);
});

it('tells nothing of an item that is over', () => {
  const { writer } = write((w) => {
    const message = w.open({ type: 'message' });
    message.text('a');
    message.close();
    message.annotation({ type: 'url_citation' });
    message.text('b');
    const reasoning = w.open({ type: 'reasoning' });
    reasoning.close();
    reasoning.encrypted('late');
    const cut = w.open({ type: 'message' });
    cut.text('c');
    w.finish({ how: 'failed', code: 'c', message: 'm' });
    cut.text('d');
    cut.close();
  });
  expect(writer.take()).toEqual([]);
  expect(writer.response().output).toMatchObject([
    { status: 'completed', content: [{ text: 'a', annotations: [] }] },
    { summary: [] },
    { status: 'incomplete', content: [{ text: 'c' }] },
  ]);
  expect((writer.response().output as JsonObject[])[1]).not.toHaveProperty('encrypted_content');
});

it('tells tokens without others that might have come', () => {
  const { data, writer } = write((w) => {
    w.open({ type: 'message' }).text('a', [{ token: 'a', logprob: -1, bytes: [97] }]);
    w.finish({ how: 'completed' });
  });
  const told = data.filter(({ type }) => String(type).startsWith('response.output_text.'));
  const logprobs = [{ token: 'a', logprob: -1, top_logprobs: [] }];
  expect(told).toMatchObject([
    { delta: 'a', logprobs },
    { text: 'a', logprobs },
  ]);
  expect(writer.response().output).toMatchObject([
    { content: [{ text: 'a', logprobs: [{ token: 'a', logprob: -1, bytes: [97] }] }] },
  ]);
});
