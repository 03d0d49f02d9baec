import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { createLosses } from '../../../src/translate/shared/losses.ts';
import { ResponsesReader, type ResponsesSink } from '../../../src/translate/shared/responses-reader.ts';

/** What a sink is told of such events, one line each, and what is lost. */
function read(events: readonly (JsonObject | string)[], exclusive = true) {
  const told: string[] = [];
  const name = ({ path, type }: { path: string; type: string }) => `${type} ${path.replace('/output/', '')}`;
  const sink: ResponsesSink = {
    begin: () => told.push('begin'),
    open: (item) => told.push(`open ${name(item)}`),
    delta: (item, channel, part, delta) => told.push(`${name(item)} ${channel} ${part} ${delta}`),
    annotation: (item, part) => told.push(`${name(item)} annotation ${part}`),
    close: (item) => told.push(`close ${name(item)}`),
    end: (ending) => told.push(`end ${ending.how}`),
  };
  const losses = createLosses('h');
  const reader = new ResponsesReader(sink, losses, { exclusive });
  for (const event of events) {
    reader.push({ name: undefined, data: typeof event === 'string' ? event : JSON.stringify(event) });
  }
  return { told, lost: losses.list.map(({ path, kind, reason }) => `${kind} ${path}: ${reason}`) };
}

const added = (output_index: number, item: JsonObject) => ({ type: 'response.output_item.added', output_index, item });
const done = (output_index: number, item: JsonObject) => ({ type: 'response.output_item.done', output_index, item });
const text = (delta: unknown, fields: JsonObject = {}) => ({ type: 'response.output_text.delta', delta, ...fields });
const patch = (delta: unknown, fields: JsonObject = {}) => ({
  type: 'response.custom_tool_call_input.delta',
  delta,
  ...fields,
});
const COMPLETED = { type: 'response.completed', response: {} };
const MESSAGE = { type: 'message', id: 'm' };
const PATCH = { type: 'custom_tool_call', id: 'p', name: 'patch' };

describe('what is lost', () => {
  const CASES: [name: string, events: (JsonObject | string)[], lost: string[]][] = [
    ['an event without a type', [{ a: 1 }], ['event : an event without a type']],
    ['an event that is no object', ['[]'], ['event : an event whose data is no JSON object']],
    [
      'what comes after the end',
      [COMPLETED, text('a')],
      ['event : response.output_text.delta after the end of the response'],
    ],
    [
      'what comes after the end without a type',
      [COMPLETED, { a: 1 }],
      ['event : an event after the end of the response'],
    ],
    ['a delta that is no text', [text(7)], ['event : a delta that is no text']],
    [
      'a delta of an item that is done',
      [added(0, MESSAGE), done(0, MESSAGE), text('a', { output_index: 0 })],
      ['event /output/0: a delta after its item was done'],
    ],
    [
      'an item that waits when the answer fails',
      [added(0, PATCH), added(1, MESSAGE), text('a', { output_index: 1 }), { error: 'It broke.' }],
      ['item /output/1: the answer failed before its turn'],
    ],
  ];
  it.each(CASES)('%s', (_name, events, lost) => expect(read(events).lost).toEqual(lost));
});

describe('what is told', () => {
  const CASES: [name: string, events: (JsonObject | string)[], told: string[]][] = [
    [
      'a delta without a place is of the last item',
      [added(0, MESSAGE), added(1, MESSAGE), text('a'), COMPLETED],
      [
        'begin',
        'open message 0',
        'open message 1',
        'message 1 text 0 a',
        'close message 0',
        'close message 1',
        'end completed',
      ],
    ],
    [
      'nothing speaks within the input of a custom tool',
      [
        added(0, PATCH),
        patch('x', { output_index: 0 }),
        added(1, MESSAGE),
        text('a', { output_index: 1 }),
        patch('y', { output_index: 0 }),
        done(0, PATCH),
        COMPLETED,
      ],
      [
        'begin',
        'open custom_tool_call 0',
        'custom_tool_call 0 input 0 x',
        'custom_tool_call 0 input 0 y',
        'close custom_tool_call 0',
        'open message 1',
        'message 1 text 0 a',
        'close message 1',
        'end completed',
      ],
    ],
    [
      'those that waited speak in the order in which they began to wait',
      [
        added(0, PATCH),
        added(1, MESSAGE),
        added(2, { ...PATCH, id: 'q' }),
        added(3, MESSAGE),
        done(0, PATCH),
        text('b', { output_index: 1 }),
        COMPLETED,
      ],
      [
        'begin',
        'open custom_tool_call 0',
        'close custom_tool_call 0',
        'open message 1',
        'open custom_tool_call 2',
        'close custom_tool_call 2',
        'open message 3',
        'message 1 text 0 b',
        'close message 1',
        'close message 3',
        'end completed',
      ],
    ],
  ];
  it.each(CASES)('%s', (_name, events, told) => expect(read(events).told).toEqual(told));
});
