import { describe, expect, it } from 'vitest';
import { CHAT_GRAMMAR } from '../../../src/protocols/chat/grammar.ts';

type Event = Record<string, unknown>;

const chunk = (delta: Event, finish: string | null = null, more: Event = {}): Event => ({
  id: 'c',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
const callStart = (index: number, id: string): Event => ({
  tool_calls: [{ index, id, type: 'function', function: { name: 'run', arguments: '' } }],
});
const callDelta = (index: number, args: string): Event => ({ tool_calls: [{ index, function: { arguments: args } }] });
const usage: Event = { id: 'c', choices: [], usage: { total_tokens: 1 } };

/** A turn with text and two calls, as OpenAI orders it. */
function turn(): (Event | string)[] {
  return [
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: 'hi' }),
    chunk(callStart(0, 'call_1')),
    chunk(callDelta(0, '{}')),
    chunk(callStart(1, 'call_2')),
    chunk({}, 'tool_calls'),
    usage,
    '[DONE]',
  ];
}

function broken(events: readonly (Event | string)[], end: 'complete' | 'truncated' = 'complete'): string[] {
  const stream = events.map((event) => ({
    name: undefined,
    data: typeof event === 'string' ? event : JSON.stringify(event),
  }));
  return CHAT_GRAMMAR.check(stream, end).map(({ rule, event }) => `${rule}@${event}`);
}

type Change = (events: (Event | string)[]) => (Event | string)[];

const put =
  (index: number, event: Event | string): Change =>
  (events) =>
    events.map((old, i) => (i === index ? event : old));
const without =
  (index: number): Change =>
  (events) =>
    events.filter((_, i) => i !== index);
const following =
  (index: number, event: Event | string): Change =>
  (events) => [...events.slice(0, index + 1), event, ...events.slice(index + 1)];

describe('the grammar of a Chat Completions stream', () => {
  it('accepts a turn as OpenAI sends it', () => {
    expect(broken(turn())).toEqual([]);
  });

  it('follows several choices apart', () => {
    const both = (index: number, delta: Event, finish: string | null): Event => ({
      choices: [{ index, delta, finish_reason: finish }],
    });
    const start = { role: 'assistant', content: '' };
    const events = [both(0, start, null), both(1, start, null), both(1, {}, 'stop'), both(0, { content: 'x' }, null)];
    expect(broken([...events, both(0, {}, 'length'), '[DONE]'])).toEqual([]);
    expect(broken([...events, '[DONE]'])).toEqual(['finish-missing@4']);
  });

  it.each<[string, Change, string[]]>([
    ['says where data is no JSON', put(1, 'x'), ['not-json@1']],
    ['wants the role first', put(0, chunk({ content: '' })), ['role-first@0']],
    ['wants the role once', put(1, chunk({ role: 'assistant', content: 'hi' })), ['role-again@1']],
    ['keeps the id', put(1, chunk({ content: 'hi' }, null, { id: 'd' })), ['id-changes@1']],
    ['lets no content follow finish_reason', following(5, chunk({ content: 'more' })), ['delta-after-finish@6']],
    ['lets an empty delta follow finish_reason', following(5, chunk({ content: '' })), []],
    ['takes one finish_reason', following(5, chunk({}, 'stop')), ['finish-twice@6']],
    ['wants a finish_reason', put(5, chunk({})), ['finish-missing@7']],
    ['wants tool_calls as the reason after calls', put(5, chunk({}, 'stop')), ['finish-reason-differs@5']],
    ['lets a length limit end calls', put(5, chunk({}, 'length')), []],
    [
      'wants id and name at the start of a call',
      put(2, chunk(callDelta(0, '{'))),
      ['tool-call-start@2', 'tool-call-type@2'],
    ],
    ['counts calls by one', put(4, chunk(callStart(5, 'call_2'))), ['tool-call-order@4']],
    ['keeps the id of a call', put(4, chunk(callStart(0, 'call_2'))), ['tool-call-changes@4']],
    ['lets a call repeat its id', put(4, chunk(callStart(0, 'call_1'))), []],
    ['wants the usage chunk last', following(6, chunk({ content: 'x' })), ['usage-not-last@7', 'delta-after-finish@7']],
    ['lets every chunk count', put(1, chunk({ content: 'hi' }, null, { usage: { total_tokens: 1 } })), []],
    ['takes nothing after [DONE]', following(7, chunk({})), ['after-done-sentinel@8']],
    ['wants [DONE]', without(7), ['no-terminal@6']],
    ['takes an error for the end', (events) => [...events.slice(0, 3), { error: { message: 'm' } }], []],
    [
      'takes nothing after an error',
      (events) => [{ error: { message: 'm' } }, ...events.slice(0, 1)],
      ['after-error@1'],
    ],
    ['lets [DONE] follow an error', (events) => [...events.slice(0, 3), { error: { message: 'm' } }, '[DONE]'], []],
  ])('%s', (_name, change, expected) => {
    expect(broken(change(turn()))).toEqual(expected);
  });

  it('wants a call where the reason says so', () => {
    expect(broken([chunk({ role: 'assistant' }), chunk({}, 'tool_calls'), '[DONE]'])).toEqual([
      'finish-reason-differs@1',
    ]);
  });

  it('says that the connection broke off', () => {
    expect(CHAT_GRAMMAR.check([], 'truncated')[0]?.message).toBe('the connection broke off without `data: [DONE]`');
  });
});
