import { describe, expect, it } from 'vitest';
import { RESPONSES_GRAMMAR } from '../../../src/protocols/responses/grammar.ts';

type Event = Record<string, unknown>;

const message = { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed' };
const text = (value: string): Event => ({ type: 'output_text', text: value, annotations: [] });
const call = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'run', arguments: '{"a":1}' };
const on = (index: number, id: string): Event => ({ output_index: index, item_id: id });

/** A turn with text in two deltas and a call, as OpenAI orders it. */
function turn(): Event[] {
  const done = { ...message, content: [text('hello')] };
  return number([
    { type: 'response.created', response: { id: 'r', status: 'in_progress' } },
    { type: 'response.in_progress', response: { id: 'r', status: 'in_progress' } },
    { type: 'response.output_item.added', output_index: 0, item: { ...message, content: [] } },
    { type: 'response.content_part.added', ...on(0, 'msg_1'), content_index: 0, part: text('') },
    { type: 'response.output_text.delta', ...on(0, 'msg_1'), content_index: 0, delta: 'hel' },
    { type: 'response.output_text.delta', ...on(0, 'msg_1'), content_index: 0, delta: 'lo' },
    { type: 'response.output_text.done', ...on(0, 'msg_1'), content_index: 0, text: 'hello' },
    { type: 'response.content_part.done', ...on(0, 'msg_1'), content_index: 0, part: text('hello') },
    { type: 'response.output_item.done', output_index: 0, item: done },
    { type: 'response.output_item.added', output_index: 1, item: { ...call, arguments: '' } },
    { type: 'response.function_call_arguments.delta', ...on(1, 'fc_1'), delta: '{"a":1}' },
    { type: 'response.function_call_arguments.done', ...on(1, 'fc_1'), arguments: '{"a":1}' },
    { type: 'response.output_item.done', output_index: 1, item: call },
    { type: 'response.completed', response: { id: 'r', status: 'completed', output: [done, call] } },
  ]);
}

function number(events: Event[]): Event[] {
  return events.map((event, i) => ({ ...event, sequence_number: i }));
}

/** `rule@event` of everything that is broken. */
function broken(events: readonly (Event | string)[], end: 'complete' | 'truncated' = 'complete'): string[] {
  const stream = events.map((event) =>
    typeof event === 'string' ? { name: undefined, data: event } : { name: nameOf(event), data: dataOf(event) },
  );
  return RESPONSES_GRAMMAR.check(stream, end).map(({ rule, event }) => `${rule}@${event}`);
}

/** `@event` in an event of these tests is its event line; null stands for none. */
function nameOf(event: Event): string | undefined {
  if (event['@event'] === null) return undefined;
  return String(event['@event'] ?? event.type);
}

function dataOf(event: Event): string {
  const { '@event': _line, ...data } = event;
  return JSON.stringify(data);
}

type Change = (events: Event[]) => (Event | string)[];

const edit =
  (index: number, change: Event): Change =>
  (events) =>
    events.map((event, i) => (i === index ? { ...event, ...change } : event));
const without =
  (...indexes: number[]): Change =>
  (events) =>
    number(events.filter((_, i) => !indexes.includes(i)));
const following =
  (index: number, ...more: (Event | string)[]): Change =>
  (events) => [...events.slice(0, index + 1), ...more, ...events.slice(index + 1)];

describe('the grammar of a Responses stream', () => {
  it('accepts a turn as OpenAI sends it', () => {
    expect(broken(turn())).toEqual([]);
  });

  it.each<[string, Change, string[]]>([
    ['says where data is no JSON', following(3, 'x{'), ['not-json@4']],
    ['says where data is JSON of another kind', following(3, '[1]'), ['not-json@4']],
    [
      'wants a type in the data',
      edit(1, { type: undefined, '@event': 'response.in_progress' }),
      ['no-type@1', 'sequence-gap@2'],
    ],
    ['wants event lines', edit(1, { '@event': null }), ['event-line-missing@1']],
    ['wants event lines that say the type', edit(1, { '@event': 'ping' }), ['event-line@1']],
    ['wants response.created first', without(0), ['first-event@0']],
    ['lets errors and foreign events come before response.created', following(-1, { type: 'keepalive' }), []],
    ['wants rising sequence numbers', edit(5, { sequence_number: 3 }), ['sequence-falls@5', 'sequence-gap@6']],
    ['wants sequence numbers without gaps', edit(13, { sequence_number: 20 }), ['sequence-gap@13']],
    [
      'wants sequence numbers from 0',
      (events) => events.map((e, i) => ({ ...e, sequence_number: i + 5 })),
      ['sequence-gap@0'],
    ],
    [
      'wants an item before its deltas',
      without(2),
      [
        'delta-before-added@2',
        'delta-before-added@3',
        'delta-before-added@4',
        'delta-before-added@5',
        'part-before-added@6',
        'done-before-added@7',
      ],
    ],
    ['wants an item before it is done', without(9, 10, 11), ['done-before-added@9']],
    ['takes an output_index once', edit(9, { output_index: 0 }), ['added-twice@9']],
    [
      'counts output_index by one',
      (events) => events.map((e) => (e.output_index === 1 ? { ...e, output_index: 4 } : e)),
      ['index-order@9'],
    ],
    ['keeps item_id and output_index together', edit(4, { item_id: 'msg_9' }), ['item-mixed@4']],
    ['wants a content part before its text', without(3, 7), ['part-before-added@3']],
    ['wants a content part closed', without(7), ['part-not-done@7']],
    [
      'lets nothing follow a done text',
      following(6, { type: 'response.output_text.delta', ...on(0, 'msg_1'), content_index: 0, delta: '' }),
      ['delta-after-done@7'],
    ],
    [
      'lets nothing follow a done item',
      following(8, { type: 'response.output_text.delta', ...on(0, 'msg_1'), content_index: 0, delta: '' }),
      ['delta-after-done@9'],
    ],
    ['misses the deltas of a text that is done', without(4, 5), ['no-deltas@4']],
    ['compares a done text with its deltas, and tells it once', edit(5, { delta: 'p' }), ['done-differs@6']],
    [
      'compares done arguments with their deltas',
      edit(11, { arguments: '{}' }),
      ['done-differs@11', 'item-differs@12'],
    ],
    ['compares a done part with its text', edit(7, { part: text('other') }), ['done-differs@7']],
    [
      'compares a done item with its events',
      edit(8, { item: { ...message, content: [text('bye')] } }),
      ['item-differs@8'],
    ],
    [
      'keeps id, type, call_id and name of an item',
      edit(12, { item: { ...call, call_id: 'call_2' } }),
      ['item-changes@12'],
    ],
    [
      'wants one item done before the next',
      (events) => number([...events.slice(0, 8), events[9]!, events[8]!, ...events.slice(10)]),
      ['items-overlap@8'],
    ],
    ['wants every item done', without(12), ['item-not-done@12']],
    ['wants no item in completed alone', without(9, 10, 11, 12), ['item-only-in-completed@9']],
    ['wants all items in completed', edit(13, { response: { id: 'r', output: [] } }), ['output-incomplete@13']],
    ['wants an output in completed', edit(13, { response: { id: 'r' } }), ['output-missing@13']],
    ['keeps the id of the response', edit(13, { response: { id: 'q', output: [1, 2] } }), ['response-id@13']],
    [
      'wants the status of the terminal event',
      edit(13, { response: { id: 'r', status: 'failed', output: [1, 2] } }),
      ['status-differs@13'],
    ],
    [
      'takes one terminal event',
      following(13, { type: 'response.failed', response: { id: 'r' } }),
      ['terminal-twice@14'],
    ],
    [
      'takes nothing after the terminal event',
      following(13, { type: 'response.in_progress', response: { id: 'r' } }),
      ['after-terminal@14'],
    ],
    ['knows no [DONE]', following(13, '[DONE]'), ['done-sentinel@14']],
    ['takes nothing after [DONE]', following(12, '[DONE]'), ['done-sentinel@13', 'after-done-sentinel@14']],
    ['wants a terminal event', without(13), ['no-terminal@12']],
    [
      'takes response.failed for a terminal event, whatever is open',
      (events) => [...events.slice(0, 5), { type: 'response.failed', response: { id: 'r', status: 'failed' } }],
      [],
    ],
    [
      'takes response.incomplete for a terminal event',
      (events) => [...events.slice(0, 5), { type: 'response.incomplete', response: { id: 'r', status: 'incomplete' } }],
      [],
    ],
    [
      'takes an error event for a terminal event that Codex does not read',
      (events) => [...events.slice(0, 2), { type: 'error', message: 'm' }],
      ['error-event@2'],
    ],
    [
      'takes an error without a type for one fault',
      (events) => [...events.slice(0, 2), JSON.stringify({ error: { message: 'm' } })],
      ['no-type@2'],
    ],
    [
      'warns of items that Codex ignores',
      edit(12, { item: { ...call, type: 'local_shell_call' } }),
      ['item-ignored@12', 'item-changes@12'],
    ],
  ])('%s', (_name, change, expected) => {
    expect(broken(change(turn()))).toEqual(expected);
  });

  it.each<[string, Event[], string[]]>([
    [
      'reasoning with a summary',
      [
        { type: 'response.output_item.added', output_index: 0, item: { id: 'rs_1', type: 'reasoning', summary: [] } },
        { type: 'response.reasoning_summary_part.added', ...on(0, 'rs_1'), summary_index: 0 },
        { type: 'response.reasoning_summary_text.delta', ...on(0, 'rs_1'), summary_index: 0, delta: 'hm' },
        { type: 'response.reasoning_summary_text.done', ...on(0, 'rs_1'), summary_index: 0, text: 'hm' },
        { type: 'response.reasoning_summary_part.done', ...on(0, 'rs_1'), summary_index: 0, part: { text: 'hm' } },
        {
          type: 'response.output_item.done',
          output_index: 0,
          item: { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
        },
      ],
      [],
    ],
    [
      'a custom tool whose input is not what was streamed',
      [
        { type: 'response.output_item.added', output_index: 0, item: { id: 'c', type: 'custom_tool_call', input: '' } },
        { type: 'response.custom_tool_call_input.delta', ...on(0, 'c'), delta: 'ab' },
        { type: 'response.custom_tool_call_input.done', ...on(0, 'c'), input: 'ab' },
        {
          type: 'response.output_item.done',
          output_index: 0,
          item: { id: 'c', type: 'custom_tool_call', input: 'abc' },
        },
      ],
      ['item-differs@4'],
    ],
    [
      'deltas that name neither index nor id, which belong to the last item',
      [
        { type: 'response.output_item.added', item: { type: 'function_call', arguments: '' } },
        { type: 'response.function_call_arguments.delta', delta: '{}' },
        { type: 'response.function_call_arguments.done', arguments: '{}' },
      ],
      ['item-not-done@4'],
    ],
  ])('follows %s', (_name, events, expected) => {
    const open = { type: 'response.created', response: { id: 'r' } };
    const items = events.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
    const output = items.length > 0 ? items : [1];
    expect(broken([open, ...events, { type: 'response.completed', response: { id: 'r', output } }])).toEqual(expected);
  });

  it('says whether a stream ended early or was broken off', () => {
    const check = (end: 'complete' | 'truncated') => RESPONSES_GRAMMAR.check([], end)[0]?.message;
    expect(check('complete')).toMatch(/^the stream ended before/);
    expect(check('truncated')).toMatch(/^the connection broke off before/);
  });
});
