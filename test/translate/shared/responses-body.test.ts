import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { type Dialect, findDialect } from '../../../src/translate/dialects.ts';
import { createLosses } from '../../../src/translate/shared/losses.ts';
import {
  applyDialect,
  completeSchema,
  effortOf,
  outputMessage,
  outputTokens,
  toolOutput,
} from '../../../src/translate/shared/responses-body.ts';
import { makeContext } from '../../helpers/translate.ts';

const AS_USER = 'the provider takes no instructions there, so they stand as words of the user';

function apply(body: JsonObject, changes: Partial<Dialect>) {
  const losses = createLosses('h');
  const shaped = applyDialect(body, makeContext({ ...findDialect('responses', 'responses')!, ...changes }), losses);
  return { body: shaped, told: losses.list.map(({ path, kind, reason }) => `${kind} ${path}: ${reason}`) };
}

const message = (role: string, content: unknown, fields: JsonObject = {}) => ({
  type: 'message',
  role,
  content,
  ...fields,
});
const call = { type: 'function_call', role: 'system' };

describe('instructions', () => {
  const input = [message('system', 'a'), message('user', 'b'), message('developer', 'c'), call];
  const CASES: [rule: Dialect['instructions'], body: JsonObject, shaped: JsonObject, told: string[]][] = [
    ['keep', { instructions: 'i', input }, { instructions: 'i', input }, []],
    [
      'system',
      { instructions: 'i', input },
      {
        instructions: 'i',
        input: [message('system', 'a'), message('user', 'b'), message('system', 'c'), call],
      },
      [],
    ],
    [
      'user',
      { instructions: 'i', input },
      { input: [message('user', 'i'), message('user', 'a'), message('user', 'b'), message('user', 'c'), call] },
      [`value : ${AS_USER}`, `value /input/0: ${AS_USER}`, `value /input/2: ${AS_USER}`],
    ],
    ['user', { instructions: null, input: [message('user', 'b')] }, { input: [message('user', 'b')] }, []],
    [
      'leading',
      { instructions: 'i', input },
      { instructions: 'i\n\na', input: [message('user', 'b'), message('user', 'c'), call] },
      [`value /input/1: ${AS_USER}`],
    ],
    [
      'leading',
      { input: [message('system', [{ text: 'a' }, { text: 'b' }, 7]), message('developer', 7)] },
      { instructions: 'a\nb', input: [] },
      [],
    ],
    ['leading', { input: [message('user', 'b')] }, { input: [message('user', 'b')] }, []],
  ];
  it.each(CASES)('%s: %j', (instructions, body, shaped, told) => {
    expect(apply(body, { instructions })).toEqual({ body: shaped, told });
  });
});

describe('neighbours', () => {
  const text = (said: string) => ({ type: 'input_text', text: said });
  const output = (said: string) => ({ type: 'output_text', text: said, annotations: [] });
  const CASES: [input: JsonObject[], merged: JsonObject[]][] = [
    [[message('user', 'a'), message('user', [text('b')])], [message('user', [text('a'), text('b')])]],
    [
      [message('assistant', 'a'), message('assistant', [output('b')])],
      [message('assistant', [output('a'), output('b')], { id: 'msg_1', status: 'completed' })],
    ],
    [
      [message('assistant', 'a', { id: 'msg_of_the_client' }), message('assistant', 'b')],
      [message('assistant', [output('a'), output('b')], { id: 'msg_of_the_client', status: 'completed' })],
    ],
    [
      [message('user', 'a'), message('assistant', 'b'), call, call],
      [message('user', 'a'), message('assistant', 'b'), call, call],
    ],
    [
      [message('system', 'a'), call],
      [message('system', 'a'), call],
    ],
    [
      [
        { type: 'message', content: 'a' },
        { type: 'message', content: 'b' },
      ],
      [message('', [text('a'), text('b')])],
    ],
  ];
  it.each(CASES)('%j', (input, merged) => {
    expect(apply({ input }, { mergeNeighbours: true }).body).toEqual({ input: merged });
    expect(apply({ input }, { mergeNeighbours: false }).body).toEqual({ input });
  });
});

describe('a bound of tokens', () => {
  const CASES: [bound: unknown, fields: JsonObject, told: string[]][] = [
    [undefined, {}, []],
    [null, {}, []],
    [16, { max_output_tokens: 16 }, []],
    [15, { max_output_tokens: 16 }, ['/max_tokens: Responses takes no bound below 16']],
    ['many', { max_output_tokens: 'many' }, []],
  ];
  it.each(CASES)('%j', (bound, fields, told) => {
    const losses = createLosses('h');
    expect(outputTokens(bound, '/max_tokens', losses)).toEqual(fields);
    expect(losses.list.map(({ path, reason }) => `${path}: ${reason}`)).toEqual(told);
  });
});

describe('an effort', () => {
  const CASES: [effort: unknown, word: string | undefined, losses: number][] = [
    [undefined, undefined, 0],
    [null, undefined, 0],
    ['high', 'much', 0],
    ['toString', undefined, 1],
    [['high'], undefined, 1],
  ];
  it.each(CASES)('%j', (effort, word, count) => {
    const losses = createLosses('h');
    const dialect = { ...findDialect('responses', 'responses')!, efforts: { high: 'much' } };
    expect(effortOf(effort, dialect, '/effort', losses)).toBe(word);
    expect(losses.list.map(({ path, reason }) => `${path}: ${reason}`)).toEqual(
      Array(count).fill('/effort: the provider knows no such effort'),
    );
  });
});

describe('a schema', () => {
  const CASES: [parameters: unknown, schema: JsonObject][] = [
    ['none', { type: 'object', properties: {} }],
    [{}, { type: 'object', properties: {} }],
    [{ type: 'object' }, { type: 'object', properties: {} }],
    [
      { type: 'object', properties: { a: {} } },
      { type: 'object', properties: { a: {} } },
    ],
    [{ type: 'string' }, { type: 'string' }],
  ];
  it.each(CASES)('%j', (parameters, schema) => expect(completeSchema(parameters)).toEqual(schema));
});

it('leaves out what the provider refuses', () => {
  expect(apply({ user: 'u', store: true, input: [] }, { lacks: ['user', 'metadata'] })).toEqual({
    body: { store: true, input: [] },
    told: ['parameter /user: the provider refuses this parameter'],
  });
});

describe('an output message', () => {
  it('is a text alone without a text', () => {
    expect(outputMessage([{ type: 'output_text' }], () => 'msg_1')).toEqual(message('assistant', ''));
  });
});

describe('an output', () => {
  const CASES: [parts: JsonObject[], output: string | JsonObject[]][] = [
    [[], ''],
    [[{ type: 'input_text', text: 'a' }], 'a'],
    [[{ type: 'input_text', text: 'a', b: 1 }], [{ type: 'input_text', text: 'a', b: 1 }]],
    [[{ type: 'input_image' }], [{ type: 'input_image' }]],
  ];
  it.each(CASES)('%j', (parts, output) => expect(toolOutput(parts)).toEqual(output));
});
