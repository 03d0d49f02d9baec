import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { findDialect } from '../../../src/translate/dialects.ts';
import { translateStream } from '../../../src/translate/responses-chat/stream.ts';
import type { PlannedTool } from '../../../src/translate/types.ts';
import { makeBackContext, parseEvents, placesOf } from '../../helpers/translate.ts';

const TOOLS = new Map<string, PlannedTool>([
  ['run', { kind: 'function', name: 'run' }],
  ['nan', { kind: 'function', name: 'nan' }],
  ['patch', { kind: 'custom', name: 'patch' }],
]);

const begin = () => translateStream(makeBackContext(findDialect('chat', 'chat')!, {}, { tools: TOOLS }));

const chunk = (delta: JsonObject, finish_reason?: string) => ({
  name: undefined,
  data: JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] }),
});

/** An entry of `tool_calls` in short. */
function entry({ index, id, name, text }: { index?: number; id?: string; name?: string; text?: string }): JsonObject {
  return { index, id, function: { name, arguments: text } };
}

type Short = Parameters<typeof entry>[0] | string;

/** What an answer of such calls amounts to, one delta for each; a text is content. */
function read(deltas: readonly Short[], ...ends: [string?]) {
  const stream = begin();
  const steps = deltas.map((one) =>
    stream.push(chunk(typeof one === 'string' ? { content: one } : { tool_calls: [entry(one)] })),
  );
  if (ends.length === 0) steps.push(stream.push(chunk({}, 'tool_calls')));
  steps.push(stream.push({ name: undefined, data: '[DONE]' }), stream.end('done'));
  const last = parseEvents(steps.flatMap(({ events }) => events)).at(-1)!.response as JsonObject;
  const told = (last.output as JsonObject[]).map(({ type, call_id, name, arguments: json, input }) =>
    type === 'message' ? 'text' : `${call_id} ${name} ${json ?? input}`,
  );
  return {
    told,
    status: last.status,
    lost: placesOf(steps.flatMap(({ losses }) => losses)),
  };
}

const CALLS = '/choices/0/message/tool_calls';

describe('entries', () => {
  const CASES: [name: string, deltas: Short[], told: string[], lost: string[]][] = [
    [
      'with another id each go on with the call of their index',
      [
        { index: 0, id: 'a', name: 'run' },
        { index: 0, id: 'b', text: '{}' },
      ],
      ['a run {}'],
      [],
    ],
    [
      'give the id in pieces before the name',
      [
        { index: 0, id: 'call_' },
        { index: 0, id: '1', name: 'run', text: '{}' },
      ],
      ['call_1 run {}'],
      [],
    ],
    [
      'have one index and two ids, without arguments',
      [
        { index: 0, id: 'a', name: 'run' },
        { index: 0, id: 'b', name: 'run' },
      ],
      ['a run {}', 'b run {}'],
      [],
    ],
    [
      'give the id late, with the name again',
      [
        { index: 0, name: 'run' },
        { index: 0, id: 'a', name: 'run', text: '{}' },
      ],
      ['a run {}'],
      [],
    ],
    [
      'give the name again behind whole arguments',
      [{ name: 'run', text: '{}' }, { name: 'run' }],
      ['call_2 run {}'],
      [],
    ],
    ['give the name again before the arguments', [{ name: 'run' }, { name: 'run', text: '{}' }], ['call_2 run {}'], []],
    [
      'give the name again within the arguments',
      [
        { name: 'run', text: '{"a":' },
        { name: 'run', text: '1}' },
      ],
      ['call_2 run {"a":1}'],
      [],
    ],
    [
      'have neither index nor id for what goes on with the last call',
      [{ name: 'run', text: '{}' }, { index: 0, id: 'b', name: 'run', text: '{"b":' }, { text: '1}' }],
      ['call_2 run {}', 'b run {"b":1}'],
      [],
    ],
    [
      'are found by their id',
      [
        { id: 'a', name: 'run', text: '{"a":' },
        { id: 'b', name: 'run', text: '{}' },
        { id: 'a', text: '1}' },
      ],
      ['a run {"a":1}', 'b run {}'],
      [],
    ],
    [
      'grow a name that ends as it begins',
      [
        { index: 0, id: 'a', name: 'n' },
        { index: 0, name: 'an' },
        { index: 0, text: '{}' },
      ],
      ['a nan {}'],
      [],
    ],
    [
      'give more of the name behind the arguments',
      [
        { index: 0, id: 'a', name: 'run', text: '{' },
        { index: 0, name: 'fast', text: '}' },
      ],
      ['a run {}'],
      [`value ${CALLS}`],
    ],
    [
      'come after the call was whole',
      [{ index: 0, id: 'a', name: 'run', text: '{}' }, 'So.', { index: 0, text: ' ' }],
      ['a run {}', 'text'],
      [`event ${CALLS}`],
    ],
    [
      'say nothing after the call was whole',
      [{ index: 0, id: 'a', name: 'run', text: '{}' }, 'So.', { index: 0 }],
      ['a run {}', 'text'],
      [],
    ],
    ['have no arguments, and a tool that takes text', [{ index: 0, id: 'a', name: 'patch' }], ['a patch '], []],
  ];
  it.each(CASES)('%s', (_name, deltas, told, lost) => {
    expect(read(deltas)).toEqual({ told, status: 'completed', lost });
  });
});

describe('an answer that does not say why it ends', () => {
  const unsaid = ['value /choices/0/finish_reason'];
  it.each<[name: string, deltas: Short[], status: string, lost: string[]]>([
    ['is whole when its calls are', [{ index: 0, id: 'a', name: 'run', text: '{}' }], 'completed', unsaid],
    ['is whole when its calls have no arguments', [{ index: 0, id: 'a', name: 'run' }], 'completed', unsaid],
    ['is cut when a call is', [{ index: 0, id: 'a', name: 'run', text: '{' }], 'failed', []],
  ])('%s', (_name, deltas, status, lost) => {
    expect(read(deltas, 'unsaid')).toMatchObject({ status, lost });
  });
});

it('is told as soon as its name is that of a tool', () => {
  const step = begin().push(chunk({ tool_calls: [entry({ index: 0, id: 'a', name: 'run' })] }));
  expect(step.events.at(-1)?.name).toBe('response.output_item.added');
});
