import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indentJson, jsonDifferences } from '../../src/report/json-text.ts';
import { assertProperty } from '../helpers/properties.ts';

describe('indentJson', () => {
  it.each([
    [
      '{"a":12.0,"b":[1e3,-0],"c":{},"d":[]}',
      '{\n  "a": 12.0,\n  "b": [\n    1e3,\n    -0\n  ],\n  "c": {},\n  "d": []\n}',
    ],
    ['"a\\"{,}:"', '"a\\"{,}:"'],
    [' null ', 'null'],
    ['{"a":1,"a":2}', '{\n  "a": 1,\n  "a": 2\n}'],
  ])('%s', (text, expected) => {
    expect(indentJson(text)).toBe(expected);
  });

  it('is what JSON.stringify would indent, where that loses nothing', () => {
    assertProperty(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        expect(indentJson(text)).toBe(JSON.stringify(JSON.parse(text), undefined, 2));
      }),
      { numRuns: 200 },
    );
  });
});

describe('jsonDifferences', () => {
  it.each<[before: unknown, after: unknown, expected: string[]]>([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2 }, ['changed /a']],
    [{ a: 1, b: 2 }, { b: 2, c: 3 }, ['removed /a', 'added /c']],
    [[1, 2], [1], ['removed /1']],
    [{ 'a/b': { '~': 1 } }, { 'a/b': { '~': null } }, ['changed /a~1b/~0']],
    [[], {}, ['changed ']],
    [null, {}, ['changed ']],
    [JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":2}'), ['changed /__proto__']],
  ])('%j -> %j', (before, after, expected) => {
    expect(jsonDifferences(before, after, 9).map(({ kind, pointer }) => `${kind} ${pointer}`)).toEqual(expected);
  });

  it('stops at the limit', () => {
    expect(jsonDifferences([1, 2, 3, { a: 1 }], [4, 5, 6, { a: 2 }], 2)).toHaveLength(2);
  });
});
