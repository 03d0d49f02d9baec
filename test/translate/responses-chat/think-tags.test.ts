import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { CHAT_DIALECTS } from '../../../src/translate/responses-chat/dialects.ts';
import { responsesChat } from '../../../src/translate/responses-chat/hop.ts';
import { createThinkTags } from '../../../src/translate/responses-chat/think-tags.ts';
import { assertProperty } from '../../helpers/properties.ts';
import { makeBackContext, makeContext } from '../../helpers/translate.ts';

function split(deltas: readonly string[]): { thoughts: string; text: string } {
  const told = { thoughts: '', text: '' };
  const tags = createThinkTags({
    thoughts: (delta) => {
      // Thoughts never follow the text.
      expect(told.text).toBe('');
      told.thoughts += delta;
    },
    text: (delta) => {
      told.text += delta;
    },
  });
  for (const delta of deltas) tags.push(delta);
  tags.flush();
  return told;
}

const CASES: readonly [content: string, thoughts: string, text: string][] = [
  ['<think>\nWhy?\n</think>\n\nSo.', 'Why?', 'So.'],
  ['\n <think>Why?</think>So.', 'Why?', 'So.'],
  ['<think>\n\n</think>\n\nSo.', '', 'So.'],
  ['<think></think>', '', ''],
  ['<think>a\n\n b </think> c \n', 'a\n\n b', 'c \n'],
  ['<think>a < b </ think> </thin> <think></think>x', 'a < b </ think> </thin> <think>', 'x'],
  ['<think>one</think>two<think>three</think>', 'one', 'two<think>three</think>'],
  ['<think>cut off \n', 'cut off \n', ''],
  ['<think>cut off</thi', 'cut off</thi', ''],
  ['<think>', '', ''],
  ['<thin', '', '<thin'],
  ['<thing>', '', '<thing>'],
  ['So: <think>no</think>', '', 'So: <think>no</think>'],
  ['no</think>yes', '', 'no</think>yes'],
  [' \n', '', ' \n'],
  [' So.', '', ' So.'],
  ['', '', ''],
];

describe('createThinkTags', () => {
  it.each(CASES)('%j, whole, by character and at every split', (content, thoughts, text) => {
    expect(split([content])).toEqual({ thoughts, text });
    expect(split([...content])).toEqual({ thoughts, text });
    for (let a = 0; a <= content.length; a += 1) {
      for (let b = a; b <= content.length; b += 1) {
        expect(split([content.slice(0, a), content.slice(a, b), content.slice(b)])).toEqual({ thoughts, text });
      }
    }
  });

  it('tells the same however the content is cut', () => {
    const piece = fc.constantFrom('<', 'think', '>', '</think>', '<think>', '/', ' ', '\n', 'a', '</th');
    const deltas = fc.array(
      fc.array(piece, { maxLength: 4 }).map((list) => list.join('')),
      { maxLength: 8 },
    );
    assertProperty(
      fc.property(deltas, (list) => {
        expect(split(list)).toEqual(split([list.join('')]));
      }),
      { numRuns: 500 },
    );
  });

  it('holds nothing back that cannot be a tag', () => {
    const told: string[] = [];
    const tags = createThinkTags({
      thoughts: (delta) => told.push(`thoughts ${delta}`),
      text: (delta) => told.push(delta),
    });
    for (const delta of ['<think>', 'a', ' ', 'b<', 'c', '</think>', '\n', 'd', ' ']) tags.push(delta);
    expect(told.filter((one) => one !== 'thoughts ')).toEqual(['thoughts a', 'thoughts  b', 'thoughts <c', 'd', ' ']);
  });
});

const DIALECTS = CHAT_DIALECTS.filter(({ reasoning }) => reasoning?.field === 'content');

describe.each(DIALECTS.map((dialect) => [dialect.name, dialect] as const))(
  'a provider of the dialect %s',
  (_name, dialect) => {
    const call = { id: 'call_1', type: 'function', function: { name: 'run', arguments: '{}' } };
    const content = '<think>\nI call.\n</think>\n\nNow.';
    const message = { role: 'assistant', content, tool_calls: [call] };
    const answer = responsesChat.response(
      { choices: [{ index: 0, message, finish_reason: 'tool_calls' }] },
      makeBackContext(dialect),
    );

    it('has its thoughts told as thoughts', () => {
      expect(answer.body.output).toMatchObject([
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'I call.' }] },
        { type: 'message', content: [{ type: 'output_text', text: 'Now.' }] },
        { type: 'function_call', name: 'run' },
      ]);
      expect(answer.losses).toEqual([]);
    });

    it('gets back what it said', () => {
      const output = { type: 'function_call_output', call_id: 'call_1', output: 'done' };
      const input = [{ role: 'user', content: 'Go.' }, ...(answer.body.output as JsonObject[]), output];
      const request = responsesChat.request({ model: 'm', input }, makeContext(dialect));
      if ('problem' in request) throw new Error(request.problem.message);
      expect((request.body.messages as JsonObject[])[1]).toEqual({ ...message, tool_calls: [call] });
    });

    it('has thoughts without text in the message of the call', () => {
      const input = [
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Hm.' }] },
        { type: 'function_call', call_id: 'call_1', name: 'run', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'done' },
      ];
      const request = responsesChat.request({ model: 'm', input }, makeContext(dialect));
      if ('problem' in request) throw new Error(request.problem.message);
      expect((request.body.messages as JsonObject[])[0]).toEqual({
        role: 'assistant',
        content: '<think>\nHm.\n</think>\n\n',
        tool_calls: [call],
      });
    });

    it('tells no probabilities where the thoughts are cut off', () => {
      const tokens = { content: [{ token: 'Now.', logprob: -1, bytes: null, top_logprobs: [] }] };
      const { losses } = responsesChat.response(
        { choices: [{ index: 0, message, logprobs: tokens, finish_reason: 'stop' }] },
        makeBackContext(dialect),
      );
      const reason = 'where thoughts are cut off the text, tokens are not told';
      expect(losses).toEqual([{ hop: 'chat->responses', path: '/choices/0/logprobs/content', kind: 'field', reason }]);
    });

    it('keeps held-back words before the call', () => {
      const stream = responsesChat.stream(makeBackContext(dialect));
      const push = (delta: JsonObject, finish_reason: string | null = null) =>
        stream.push({ name: undefined, data: JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] }) })
          .events;
      const events = [
        ...push({ content: '<thi' }),
        ...push({ tool_calls: [{ index: 0, ...call }] }),
        ...push({}, 'tool_calls'),
        ...stream.end('done').events,
      ];
      const last = JSON.parse(events.at(-1)!.data) as { response: { output: JsonObject[] } };
      expect(last.response.output.map(({ type }) => type)).toEqual(['message', 'function_call']);
    });
  },
);

it('leaves the content of any other provider as it is', () => {
  const message = { role: 'assistant', content: '<think>a</think>b' };
  for (const dialect of CHAT_DIALECTS.filter((one) => !DIALECTS.includes(one))) {
    const { body } = responsesChat.response(
      { choices: [{ index: 0, message, finish_reason: 'stop' }] },
      makeBackContext(dialect),
    );
    expect(body.output, dialect.name).toMatchObject([{ type: 'message', content: [{ text: '<think>a</think>b' }] }]);
  }
});
