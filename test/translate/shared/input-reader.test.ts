import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInputReader } from '../../../src/translate/shared/input-reader.ts';
import { assertProperty } from '../../helpers/properties.ts';

function read(pieces: readonly string[]): { input: string; problem: string | undefined } {
  const reader = createInputReader();
  const streamed = pieces.map((piece) => reader.push(piece)).join('');
  const { rest, problem } = reader.end();
  return { input: streamed + rest, problem };
}

function cut(text: string, at: readonly number[]): string[] {
  const places = [0, ...[...at].map((n) => n % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((end, i) => text.slice(places[i], end));
}

const PATCH = '*** Begin Patch\n+"quoted" \\ and \t – 🎉\n*** End Patch\n';

describe('createInputReader', () => {
  it.each<[what: string, args: string, input: string, problem: string | undefined]>([
    ['plain', JSON.stringify({ input: PATCH }), PATCH, undefined],
    ['spaces everywhere', ' {\n "input" : "a b" \n} ', 'a b', undefined],
    [
      'escapes of every kind',
      '{"input":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud83d\\ude00"}',
      '"\\/\b\f\n\r\tA😀',
      undefined,
    ],
    ['empty input', '{"input":""}', '', undefined],
    ['no arguments', '', '', undefined],
    ['a raw line break inside', '{"input":"a\nb"}', 'a\nb', undefined],
    ['what is no escape stays', '{"input":"\\d \\u12g4"}', '\\d \\u12g4', undefined],
    ['what looks like an escape at the end stays', '{"input":"\\uz"}', '\\uz', undefined],
    ['blanks alone', ' \n', '', undefined],
    ['an escape in the name', '{"\\u0069nput":"x"}', 'x', undefined],
    ['input comes last', '{"why":"so","when":1,"input":"x"}', 'x', 'beside the input: why, when'],
    ['no JSON at all', PATCH, PATCH, 'the arguments are no JSON'],
    ['another property', '{"patch":"x"}', '{"patch":"x"}', 'the arguments have no string `input`'],
    ['input is no string', '{"input":{"a":1}}', '{"input":{"a":1}}', 'the arguments have no string `input`'],
    ['a bare string', '"abc"', 'abc', 'the arguments are a bare string'],
    ['null', 'null', 'null', 'the arguments have no string `input`'],
    ['input comes second', '{"why":"so","input":"x"}', 'x', 'beside the input: why'],
    ['input comes first of two', '{"input":"x","why":1}', 'x', 'behind the input: ",\\"why\\":1}"'],
    ['the same again', '{"input":"x"{"input":"y"}', 'x', 'behind the input: "{\\"input\\":\\"y\\"}"'],
    ['no end', '{"input":"abc', 'abc', 'the input has no end'],
    ['ends within an escape', '{"input":"abc\\', 'abc\\', 'the input has no end'],
    ['ends before the value', '{"inp', '{"inp', 'the arguments are no JSON'],
  ])('%s', (_what, args, input, problem) => {
    expect(read([args])).toEqual({ input, problem });
    expect(read([...args])).toEqual({ input, problem });
    expect(read(args.split(''))).toEqual({ input, problem });
  });

  it('gives back every input, whatever the cuts', () => {
    assertProperty(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(), { maxLength: 8 }), (input, at) => {
        expect(read(cut(JSON.stringify({ input }), at))).toEqual({ input, problem: undefined });
      }),
      { numRuns: 300 },
    );
  });

  it('says the same of any text, whatever the cuts', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.string().map((s) => `{"input":"${s}`),
    );
    assertProperty(
      fc.property(text, fc.array(fc.nat(), { maxLength: 8 }), (args, at) => {
        expect(read(cut(args, at))).toEqual(read([args]));
      }),
      { numRuns: 300 },
    );
  });

  it('looks for the input at the beginning alone, and for what came late when all is there', () => {
    const reader = createInputReader();
    expect(reader.push(' '.repeat(300))).toBe('');
    expect(reader.push('{"input":"ab"}')).toBe('');
    expect(reader.end()).toEqual({ rest: 'ab' });
    expect(createInputReader().push(`${' '.repeat(300)}{"input":"ab`)).toBe('ab');
  });

  it('gives the input while it streams', () => {
    const reader = createInputReader();
    expect(reader.push('{"input":"ab')).toBe('ab');
    expect(reader.push('c\\')).toBe('c');
    expect(reader.push('n')).toBe('\n');
    expect(reader.push('d"}')).toBe('d');
  });
});
