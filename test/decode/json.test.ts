import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  findDuplicateKeys,
  findFloatIntegers,
  offsetOfPointer,
  parseJson,
} from '../../src/decode/json.ts';
import { LIMITS } from '../../src/decode/limits.ts';
import { assertProperty } from '../helpers/properties.ts';

describe('parseJson', () => {
  it('gives the value', () => {
    expect(parseJson(' {"a":[1,-0.5e2,"\\u00e9",null,true,false,{}]} ')).toEqual({
      ok: true,
      value: { a: [1, -50, 'é', null, true, false, {}] },
    });
  });

  const end = 'the text ends before the JSON value does';
  it.each<[string, number, string]>([
    ['', 0, end],
    [' ', 1, end],
    ['{', 1, end],
    ['[1,', 3, end],
    ['{"a"', 4, end],
    ['{"a":', 5, end],
    ['-', 1, end],
    ['1.', 2, end],
    ['1e+', 3, end],
    ['(\x02\x1b', 0, 'expected a value'],
    ['[1,]', 3, 'expected a value'],
    ['nul', 0, 'expected a value'],
    ['undefined', 0, 'expected a value'],
    ['\uFEFF{}', 0, 'expected a value'],
    ['[NaN]', 1, 'expected a value'],
    ['+1', 0, 'expected a value'],
    ['.5', 0, 'expected a value'],
    ['{"a":1,}', 7, 'expected a key in double quotes'],
    ["{'a':1}", 1, 'expected a key in double quotes'],
    ['{a:1}', 1, 'expected a key in double quotes'],
    ['{"a" 1}', 5, "expected ':' after the key"],
    ['{"a":1 "b":2}', 7, "expected ',' or '}'"],
    ['[1 2]', 3, "expected ',' or ']'"],
    ['[1}', 2, "expected ',' or ']'"],
    ['01', 0, 'a number cannot begin with 0'],
    ['[-012]', 2, 'a number cannot begin with 0'],
    ['-a', 1, 'expected a digit'],
    ['1.e1', 2, 'expected a digit after the decimal point'],
    ['[1e]', 3, 'expected a digit in the exponent'],
    ['"a', 0, 'the string that begins here has no end'],
    ['["a\\', 1, 'the string that begins here has no end'],
    ['"a\\x"', 2, 'unknown escape in a string'],
    ['"\\u12g4"', 1, 'unknown escape in a string'],
    ['"a\nb"', 2, 'control character in a string (write it as an escape)'],
    ['{}x', 2, 'text after the JSON value'],
    ['{"a":1}\n{"a":2}', 8, 'text after the JSON value'],
  ])('places the fault of %j at %i', (text, offset, message) => {
    expect(parseJson(text)).toEqual({ ok: false, offset, message });
  });

  it('knows the same grammar as JSON.parse', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      '.5',
      'e1',
      '0',
      'true',
      'null',
      ' ',
      '\\',
      '\n',
    );
    assertProperty(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const text = tokens.join('');
        const result = parseJson(text);
        if (result.ok) {
          // The scan agrees with what V8 took: a pointer to the whole is found in every JSON text.
          expect(offsetOfPointer(text, '')).toBe(text.length - text.trimStart().length);
        } else {
          expect(result.message).not.toMatch(/JSON\.parse|position|Unexpected/);
          expect(result.offset).toBeLessThanOrEqual(text.length);
          expect(offsetOfPointer(text, '')).toBeUndefined();
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('goes as deep as memory allows', () => {
    const depth = 200_000;
    expect(parseJson('['.repeat(depth))).toMatchObject({ ok: false, offset: depth });
    const deep = `${'[0.0,'.repeat(depth)}1.0${']'.repeat(depth)}`;
    expect(findFloatIntegers(deep)).toHaveLength(depth + 1);
  });
});

describe('offsetOfPointer', () => {
  const text = '{ "a": [10, {"b": "x"}, []], "": 1, "a/b": 2, "m~n": 3, "k": 4, "\\u006b": {"k": 5}, "é": 6 }';
  it.each<[string, string | undefined]>([
    ['', '{ "a"'],
    ['/a', '[10'],
    ['/a/0', '10,'],
    ['/a/1', '{"b"'],
    ['/a/1/b', '"x"'],
    ['/a/2', '[]'],
    ['/', '1,'],
    ['/a~1b', '2,'],
    ['/m~0n', '3,'],
    ['/k', '{"k"'],
    ['/k/k', '5}'],
    ['/é', '6 '],
    ['/a/3', undefined],
    ['/a/01', undefined],
    ['/a/-', undefined],
    ['/a/0/x', undefined],
    ['/x', undefined],
    ['a', undefined],
    ['/m~n', undefined],
  ])('of %j', (pointer, found) => {
    const offset = offsetOfPointer(text, pointer);
    expect(offset === undefined ? undefined : text.slice(offset, offset + (found?.length ?? 1))).toBe(found);
  });

  it('follows the last of equal keys only, as JSON.parse does', () => {
    const twice = '{"a":{"b":1},"a":{"c":2}}';
    expect(offsetOfPointer(twice, '/a/b')).toBeUndefined();
    expect(offsetOfPointer(twice, '/a/c')).toBe(22);
    expect(offsetOfPointer('{"a":{"b":1},"a":3}', '/a/b')).toBeUndefined();
  });

  it('is undefined for what is no JSON', () => {
    expect(offsetOfPointer('{"a":1', '/a')).toBeUndefined();
  });
});

describe('findFloatIntegers', () => {
  it('finds them with pointer, token and offset', () => {
    const text = '{"usage":{"input_tokens": 12.0,"n":[1,2.5,1e3]},"a/b":-0.0,"t":"1.0"}';
    expect(findFloatIntegers(text)).toEqual([
      { pointer: '/usage/input_tokens', raw: '12.0', offset: text.indexOf('12.0') },
      { pointer: '/usage/n/2', raw: '1e3', offset: text.indexOf('1e3') },
      { pointer: '/a~1b', raw: '-0.0', offset: text.indexOf('-0.0') },
    ]);
  });

  it.each<[string, boolean]>([
    ['12', false],
    ['-0', false],
    ['0.0', true],
    ['0e0', true],
    ['0.000e-9', true],
    ['12.50', false],
    ['12.50e1', true],
    ['125e-1', false],
    ['120e-1', true],
    ['1E+2', true],
    ['1e-400', false],
    ['1e400', true],
    ['1.0000000000000000000001', false],
    ['9007199254740993.0', true],
  ])('%s: %s', (raw, found) => {
    expect(findFloatIntegers(raw)).toEqual(found ? [{ pointer: '', raw, offset: 0 }] : []);
  });

  it('finds nothing in what is no JSON', () => {
    expect(findFloatIntegers('[1.0')).toEqual([]);
  });
});

describe('findDuplicateKeys', () => {
  it('finds each later key, escapes undone, in its own object', () => {
    const text = '{"a":1,"b":{"a":2,"\\u0061":3},"a":4,"c":[{"a":1},{"a":1}],"a":5}';
    expect(findDuplicateKeys(text)).toEqual([
      { pointer: '/b/a', offset: text.indexOf('"\\u0061"') },
      { pointer: '/a', offset: text.indexOf('"a":4') },
      { pointer: '/a', offset: text.indexOf('"a":5') },
    ]);
  });

  it('takes the names of Object.prototype as keys like others', () => {
    expect(findDuplicateKeys('{"__proto__":1,"constructor":2}')).toEqual([]);
    expect(findDuplicateKeys('{"__proto__":1,"__proto__":2}')).toEqual([{ pointer: '/__proto__', offset: 15 }]);
  });
});

describe('canonicalJson', () => {
  it.each<[unknown, string]>([
    [{ b: 1, a: [true, null, 'x'], c: {} }, '{"a":[true,null,"x"],"b":1,"c":{}}'],
    // RFC 8785 section 3.2.3: order by UTF-16 code units.
    [
      { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, ö: 7 },
      '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    ],
    // RFC 8785 section 3.2.2.
    ['\u20ac$\u000f\nA\'B"\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\"/"'],
    [[Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0], '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [JSON.parse('{"__proto__":{"x":1},"a":2}'), '{"__proto__":{"x":1},"a":2}'],
  ])('%# of %j', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  const deep = (levels: number) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as unknown;
  it.each<[string, unknown, RegExp]>([
    ['a lone surrogate', ['a\ud800'], /lone surrogate/],
    ['one in a key', { '\udc00': 1 }, /lone surrogate/],
    ['NaN', NaN, /the number NaN/],
    ['infinity', [-Infinity], /the number -Infinity/],
    ['undefined', undefined, /type undefined/],
    ['undefined in an array', [undefined], /type undefined/],
    ['a hole in an array', new Array(1), /type undefined/],
    ['a function', { f: () => 1 }, /type function/],
    ['a bigint', 1n, /type bigint/],
    ['too deep nesting', deep(LIMITS.jsonDepth + 2), /deeper than/],
  ])('%s has none', (_name, value, message) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
    expect(() => canonicalJson(value)).toThrow(message);
  });

  it('writes nesting up to the limit', () => {
    expect(canonicalJson(deep(LIMITS.jsonDepth))).toHaveLength(2 * LIMITS.jsonDepth);
  });

  it('is the same for every order of keys and every way of writing, and loses nothing', () => {
    assertProperty(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reverseKeys(value))).toBe(text);
        expect(canonicalJson(JSON.parse(JSON.stringify(value, null, 3)))).toBe(text);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});

function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reverseKeys(member)]),
  );
}
