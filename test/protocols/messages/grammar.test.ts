import { describe, expect, it } from 'vitest';
import { MESSAGES_GRAMMAR } from '../../../src/protocols/messages/grammar.ts';

type Event = Record<string, unknown>;

const start = (index: number, block: Event): Event => ({ type: 'content_block_start', index, content_block: block });
const delta = (index: number, value: Event): Event => ({ type: 'content_block_delta', index, delta: value });
const stop = (index: number): Event => ({ type: 'content_block_stop', index });
const textDelta = { type: 'text_delta', text: 'hi' };
const inputDelta = (json: string): Event => ({ type: 'input_json_delta', partial_json: json });
const messageDelta = (reason: string | null): Event => ({ type: 'message_delta', delta: { stop_reason: reason } });

/** A turn with text and a call, as Anthropic orders it. */
function turn(): Event[] {
  return [
    { type: 'message_start', message: { id: 'm' } },
    start(0, { type: 'text', text: '' }),
    { type: 'ping' },
    delta(0, textDelta),
    stop(0),
    start(1, { type: 'tool_use', id: 't', name: 'run', input: {} }),
    delta(1, inputDelta('{"a":')),
    delta(1, inputDelta('1}')),
    stop(1),
    messageDelta('tool_use'),
    { type: 'message_stop' },
  ];
}

function broken(events: readonly (Event | string)[], end: 'complete' | 'truncated' = 'complete'): string[] {
  const stream = events.map((event) =>
    typeof event === 'string'
      ? { name: undefined, data: event }
      : {
          name: '@event' in event ? (event['@event'] as string | undefined) : (event.type as string),
          data: dataOf(event),
        },
  );
  return MESSAGES_GRAMMAR.check(stream, end).map(({ rule, event }) => `${rule}@${event}`);
}

/** `@event` in an event of these tests is its event line. */
function dataOf(event: Event): string {
  const { '@event': _line, ...data } = event;
  return JSON.stringify(data);
}

type Change = (events: Event[]) => (Event | string)[];

const put =
  (index: number, event: Event | string): Change =>
  (events) =>
    events.map((old, i) => (i === index ? event : old));
const without =
  (...indexes: number[]): Change =>
  (events) =>
    events.filter((_, i) => !indexes.includes(i));
const following =
  (index: number, event: Event | string): Change =>
  (events) => [...events.slice(0, index + 1), event, ...events.slice(index + 1)];

describe('the grammar of a Messages stream', () => {
  it('accepts a turn as Anthropic sends it', () => {
    expect(broken(turn())).toEqual([]);
  });

  it.each<[string, Change, string[]]>([
    ['says where data is no JSON', put(2, 'x'), ['not-json@2']],
    ['wants a type in the data', put(2, { '@event': 'ping' }), ['no-type@2']],
    ['wants event lines', put(2, { type: 'ping', '@event': undefined }), ['event-line@2']],
    ['wants event lines that say the type', put(2, { type: 'ping', '@event': 'pong' }), ['event-line@2']],
    ['wants message_start first', without(0), ['start-first@0']],
    ['lets a ping come before message_start', following(-1, { type: 'ping' }), []],
    ['takes one message_start', following(0, { type: 'message_start', message: {} }), ['start-twice@1']],
    [
      'counts blocks by one',
      (events) => events.map((e) => (e.index === 1 ? { ...e, index: 3 } : e)),
      ['block-index@5'],
    ],
    [
      'wants a block stopped before the next starts',
      (events) => [...events.slice(0, 4), events[5]!, events[4]!, ...events.slice(6)],
      ['blocks-overlap@4'],
    ],
    ['wants a block started before its deltas', without(1), ['block-not-open@2', 'block-not-open@3', 'block-index@4']],
    ['lets no delta follow the stop of a block', following(4, delta(0, textDelta)), ['block-not-open@5']],
    ['wants a block stopped before message_delta', without(8), ['block-not-stopped@8']],
    ['wants deltas that fit their block', put(3, delta(0, inputDelta('{}'))), ['delta-type@3']],
    ['wants JSON as the input of a call', put(7, delta(1, inputDelta('1'))), ['input-not-json@9']],
    [
      'lets a token limit cut the input off',
      (events) => [...events.slice(0, 7), ...events.slice(8, 9), messageDelta('max_tokens'), events[10]!],
      [],
    ],
    [
      'lets no block start after message_delta',
      following(9, start(2, { type: 'text' })),
      ['block-after-delta@10', 'block-not-stopped@11'],
    ],
    ['wants a message_delta', without(9), ['no-message-delta@9']],
    ['wants a stop_reason', put(9, messageDelta(null)), ['stop-reason-missing@10']],
    ['wants tool_use as the reason after a call', put(9, messageDelta('end_turn')), ['stop-reason-differs@9']],
    ['wants a call where the reason says so', without(5, 6, 7, 8), ['stop-reason-differs@5']],
    ['takes nothing after message_stop', following(10, { type: 'ping' }), ['after-stop@11']],
    ['wants message_stop', without(10), ['no-terminal@9']],
    [
      'takes an error for the end, whatever is open',
      (events) => [...events.slice(0, 3), { type: 'error', error: {} }],
      [],
    ],
    [
      'takes an error without a type for one fault',
      (events) => [...events.slice(0, 3), JSON.stringify({ error: {} })],
      ['no-type@3'],
    ],
    ['lets unknown events and blocks pass', following(0, { type: 'telepathy', index: 9 }), []],
  ])('%s', (_name, change, expected) => {
    expect(broken(change(turn()))).toEqual(expected);
  });

  it('says that the connection broke off', () => {
    expect(MESSAGES_GRAMMAR.check([], 'truncated')[0]?.message).toBe('the connection broke off before message_stop');
  });
});
