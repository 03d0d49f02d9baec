import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { createLosses } from '../../../src/translate/shared/losses.ts';
import { ResponsesReader, type ResponsesSink } from '../../../src/translate/shared/responses-reader.ts';

/** What a sink is told of such events, one line each, and what is lost. */
function read(events: readonly (JsonObject | string)[], eventName?: string) {
  const told: string[] = [];
  const name = ({ path, type }: { path: string; type: string }) => `${type} ${path.replace('/output/', '')}`;
  const sink: ResponsesSink = {
    begin: () => told.push('begin'),
    open: (item) => told.push(`open ${name(item)}`),
    delta: (item, channel, part, delta, logprobs) =>
      told.push([name(item), channel, part, delta, ...logprobs].join(' ')),
    annotation: (item, part, annotation) => told.push(`${name(item)} annotation ${part} ${String(annotation.type)}`),
    close: (item) => told.push(`close ${name(item)}`),
    end: (ending) => told.push(`end ${ending.how}`),
  };
  const losses = createLosses('h');
  const reader = new ResponsesReader(sink, losses, { exclusive: true });
  for (const event of events) {
    reader.push({ name: eventName, data: typeof event === 'string' ? event : JSON.stringify(event) });
  }
  return { told, lost: losses.list.map(({ path, kind, reason }) => `${kind} ${path}: ${reason}`) };
}

const added = (output_index: number | undefined, item: JsonObject) => ({
  type: 'response.output_item.added',
  output_index,
  item,
});
const done = (output_index: number | undefined, item: unknown) => ({
  type: 'response.output_item.done',
  output_index,
  item,
});
const text = (delta: unknown, fields: JsonObject = {}) => ({ type: 'response.output_text.delta', delta, ...fields });
const patch = (delta: unknown, fields: JsonObject = {}) => ({
  type: 'response.custom_tool_call_input.delta',
  delta,
  ...fields,
});
const textDone = (said: unknown, fields: JsonObject = {}) => ({
  type: 'response.output_text.done',
  text: said,
  ...fields,
});
const annotated = (annotation: unknown, fields: JsonObject = {}) => ({
  type: 'response.output_text.annotation.added',
  annotation,
  ...fields,
});
const completed = (...output: unknown[]) => ({ type: 'response.completed', response: { output } });
const COMPLETED = { type: 'response.completed', response: {} };
const MESSAGE = { type: 'message', id: 'm' };
const PATCH = { type: 'custom_tool_call', id: 'p', name: 'patch' };

describe('what is lost', () => {
  const CASES: [name: string, events: (JsonObject | string)[], lost: string[]][] = [
    ['an event without a type', [{ a: 1 }], ['event : an event without a type']],
    ['an error of null', [{ error: null }], ['event : an event without a type']],
    ['an end mark of Chat', ['[DONE]'], []],
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
      'a finished text that is not the sum of its deltas',
      [added(0, MESSAGE), text('b', { output_index: 0 }), textDone('ab', { output_index: 0 })],
      ['event /output/0: the finished text is not the sum of its deltas, which were told already'],
    ],
    ['events without what they are about', [{ type: 'response.output_item.added' }, done(0, 7), annotated(7)], []],
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

/** Without the beginning and the end, which are always there. */
const between = (events: readonly (JsonObject | string)[]) => read([...events, COMPLETED]).told.slice(1, -1);

const said = (content: string, fields: JsonObject = {}) => ({
  type: 'message',
  content: [{ type: 'output_text', text: content, ...fields }],
});
const at = (output_index: number) => ({ output_index });

describe('the text of an item', () => {
  const CASES: [name: string, events: JsonObject[], told: string[]][] = [
    ['may come with its end alone', [added(0, MESSAGE), textDone('ab', at(0))], ['message 0 text 0 ab']],
    [
      'is told as far as its deltas did not',
      [added(0, MESSAGE), text('a'), textDone('ab')],
      ['message 0 text 0 a', 'message 0 text 0 b'],
    ],
    ['may come with its item alone', [added(0, MESSAGE), done(0, said('ab'))], ['message 0 text 0 ab']],
    [
      'is not told again',
      [added(0, MESSAGE), text('ab'), textDone('ab'), done(0, said('ab'))],
      ['message 0 text 0 ab'],
    ],
    [
      'has its tokens with its end where no delta had them',
      [added(0, MESSAGE), textDone('ab', { logprobs: ['A', 'B'] })],
      ['message 0 text 0 ab A B'],
    ],
    [
      'has the tokens of its deltas once',
      [added(0, MESSAGE), text('a', { logprobs: ['A'] }), textDone('ab', { logprobs: ['A', 'B'] })],
      ['message 0 text 0 a A', 'message 0 text 0 b'],
    ],
    ['is not told by an end that is no text', [added(0, MESSAGE), textDone(7)], []],
  ];
  it.each(CASES)('%s', (_name, events, told) => {
    expect(between(events)).toEqual(['open message 0', ...told, 'close message 0']);
  });

  it('is told at once', () => {
    expect(read([added(0, MESSAGE), textDone('ab', at(0))]).told.at(-1)).toBe('message 0 text 0 ab');
  });

  it('does not grow after its item is done', () => {
    const events = [added(0, MESSAGE), done(0, { ...said('a'), id: 'm' }), done(0, { ...said('ab'), id: 'm' })];
    expect(between(events)).toEqual(['open message 0', 'message 0 text 0 a', 'close message 0']);
  });
});

describe('an item that waits', () => {
  const waits = (...events: JsonObject[]) =>
    between([added(0, PATCH), added(1, MESSAGE), ...events, done(0, PATCH)]).slice(2, -1);

  it.each<[name: string, events: JsonObject[], told: string[]]>([
    ['holds its text back', [textDone('a', at(1))], ['message 1 text 0 a']],
    ['holds its annotations back', [annotated({ type: 'x' }, at(1))], ['message 1 annotation 0 x']],
    [
      'keeps annotations that its end does not have',
      [annotated({ type: 'x' }, at(1)), done(1, said(''))],
      ['message 1 annotation 0 x'],
    ],
    [
      'keeps annotations that its end has otherwise',
      [annotated({ type: 'x' }, at(1)), done(1, said('', { annotations: [{ type: 'y' }] }))],
      ['message 1 annotation 0 x'],
    ],
    [
      'has the annotations of its end where there are more',
      [annotated({ type: 'x' }, at(1)), done(1, said('', { annotations: [{ type: 'y' }, { type: 'z' }] }))],
      ['message 1 annotation 0 y', 'message 1 annotation 0 z'],
    ],
  ])('%s', (_name, events, told) => expect(waits(...events)).toEqual(['open message 1', ...told]));

  it('says what its own end said, not what the end of the answer says', () => {
    const events: JsonObject[] = [added(0, PATCH), added(1, MESSAGE), done(1, { ...said('a'), id: 'm' })];
    events.push(completed({ ...said('ab'), id: 'm' }, PATCH));
    expect(read(events).told.slice(3, -2)).toEqual(['open message 1', 'message 1 text 0 a']);
  });

  it('waits for its name, when it is a call', () => {
    for (const type of ['function_call', 'custom_tool_call']) expect(read([added(0, { type })]).told).toEqual([]);
  });
});

describe('an event is about', () => {
  const message = { type: 'message' };
  const CASES: [name: string, events: JsonObject[], told: string[]][] = [
    [
      'the last of three items where it names none',
      [added(0, message), added(1, message), added(2, message), text('a')],
      ['message 2 text 0 a'],
    ],
    [
      'the item of its index where items have no ids',
      [added(0, message), added(1, message), text('a', at(0))],
      ['message 0 text 0 a'],
    ],
    [
      'the item of its id, whatever its index',
      [added(0, { ...message, id: 'a' }), added(0, { ...message, id: 'b' }), text('a', { item_id: 'a', ...at(0) })],
      ['message 0 text 0 a'],
    ],
    [
      'an item of its own where its id is not known',
      [added(undefined, { ...message, id: 'a' }), text('a', { item_id: 'b' })],
      ['open message 1', 'message 1 text 0 a'],
    ],
    [
      'an item of its own where its type is another',
      [added(0, { type: 'reasoning' }), text('a', at(0))],
      ['open message 0', 'message 0 text 0 a'],
    ],
  ];
  it.each(CASES)('%s', (_name, events, told) => {
    const lines = between(events).filter((line) => !line.startsWith('close'));
    expect(lines.slice(-told.length)).toEqual(told);
    expect(lines.filter((line) => line.includes(' text '))).toHaveLength(1);
  });

  it.each<[name: string, events: JsonObject[], closed: string[]]>([
    [
      'the last of three items where its end names none',
      [added(0, message), added(1, message), added(2, message), done(undefined, said('a'))],
      ['2', '0', '1'],
    ],
    ['the item of its index', [added(0, message), added(1, message), done(0, said('a'))], ['0', '1']],
    ['an item of its own where the one of its index is done', [done(0, said('a')), done(0, said('b'))], ['0', '0']],
    [
      'an item of its own where the one of its index is another',
      [added(0, { type: 'reasoning' }), done(0, said('a'))],
      ['0', '0'],
    ],
    [
      'another item of the id of one that is done',
      [done(0, { ...said('a'), id: 'a' }), added(1, { ...message, id: 'a' })],
      ['0', '1'],
    ],
    [
      'an item of its own where the one of its id is another',
      [added(0, { type: 'reasoning', id: 'a' }), done(0, { ...said('a'), id: 'a' })],
      ['0', '0'],
    ],
    [
      'the item of its id where its end tells no type',
      [added(0, { ...message, id: 'a' }), added(1, { ...message, id: 'b' }), done(undefined, { id: 'a' })],
      ['0', '1'],
    ],
    ['another item of the same id', [added(0, { ...message, id: 'a' }), added(1, { ...message, id: 'a' })], ['0', '1']],
  ])('%s', (_name, events, closed) => {
    const lines = between(events).filter((line) => line.startsWith('close'));
    expect(lines.map((line) => line.split(' ').at(-1))).toEqual(closed);
  });

  it('what its name says where its data does not', () => {
    expect(read([{ delta: 'a' }], 'response.output_text.delta').told.at(-1)).toBe('message 0 text 0 a');
    expect(read([{ delta: 'a' }], 'output_text.delta').lost).toEqual(['event : an event without a type']);
  });
});

describe('the end of an answer', () => {
  const message = { type: 'message' };
  it.each<[name: string, events: JsonObject[], told: string[]]>([
    [
      'tells items that stand there alone',
      [completed(7, said('a'), said('b'))],
      [
        'open message 1',
        'message 1 text 0 a',
        'close message 1',
        'open message 2',
        'message 2 text 0 b',
        'close message 2',
      ],
    ],
    [
      'knows items by their place',
      [added(0, { ...message, id: 'a' }), completed({ ...said('a'), id: 'b' })],
      ['open message 0', 'message 0 text 0 a', 'close message 0'],
    ],
    [
      'knows no item of another type by its place',
      [added(0, { type: 'reasoning' }), completed(said('a'), said('b'))],
      [
        'open reasoning 0',
        'open message 0',
        'message 0 text 0 a',
        'close message 0',
        'open message 1',
        'message 1 text 0 b',
        'close message 1',
        'close reasoning 0',
      ],
    ],
    [
      'knows no item of another type by its id',
      [added(0, { id: 'a' }), completed({ type: 'custom_tool_call', id: 'a', name: 'patch', input: 'x' })],
      ['open  0', 'open custom_tool_call 0', 'custom_tool_call 0 input 0 x', 'close custom_tool_call 0', 'close  0'],
    ],
    [
      'names a call that had no name',
      [added(0, { type: 'custom_tool_call' }), completed({ type: 'custom_tool_call', name: 'patch', input: 'x' })],
      ['open custom_tool_call 0', 'custom_tool_call 0 input 0 x', 'close custom_tool_call 0'],
    ],
  ])('%s', (_name, events, told) => expect(read(events).told.slice(1, -1)).toEqual(told));
});
