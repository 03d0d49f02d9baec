import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafDifferences } from '../../src/around/leaf-differences.ts';
import { assertProperty } from '../helpers/properties.ts';

const tool = (name: string) => ({ type: 'function', name });

describe('leafDifferences', () => {
  it.each<[what: string, before: unknown, after: unknown, expected: object[]]>([
    ['a changed leaf', { a: { b: 1 } }, { a: { b: 2 } }, [{ kind: 'changed', pointer: '/a/b', before: 1, after: 2 }]],
    ['a dropped branch', { a: { b: [1] } }, { a: {} }, [{ kind: 'dropped', pointer: '/a/b', before: [1] }]],
    ['an added member', {}, { 'a/b~': null }, [{ kind: 'added', pointer: '/a~1b~0', after: null }]],
    ['another order of members', { a: 1, b: [{ c: 1, d: 2 }] }, { b: [{ d: 2, c: 1 }], a: 1 }, []],
    [
      'a tool in front',
      [tool('a'), tool('b')],
      [tool('x'), tool('a'), tool('b')],
      [{ kind: 'added', pointer: '/0', after: tool('x') }],
    ],
    [
      'a tool that is gone',
      [tool('a'), tool('b'), tool('c')],
      [tool('a'), tool('c')],
      [{ kind: 'dropped', pointer: '/1', before: tool('b') }],
    ],
    [
      'a tool that changed, beside one that is new',
      [{ ...tool('a'), strict: true }],
      [tool('x'), tool('a')],
      [
        { kind: 'dropped', pointer: '/0/strict', before: true },
        { kind: 'added', pointer: '/0', after: tool('x') },
      ],
    ],
    [
      'a list in the place of a text',
      { a: 'x' },
      { a: ['x'] },
      [{ kind: 'changed', pointer: '/a', before: 'x', after: ['x'] }],
    ],
  ])('finds %s', (_what, before, after, expected) => {
    expect(leafDifferences(before, after)).toEqual(expected);
  });

  it('finds nothing between equal values, and one thing where an item was taken out of a list of different ones', () => {
    assertProperty(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 40 }), fc.nat(), (list, at) => {
        expect(leafDifferences(list, [...list])).toEqual([]);
        const i = at % list.length;
        expect(
          leafDifferences(
            list,
            list.filter((_, k) => k !== i),
          ),
        ).toEqual([{ kind: 'dropped', pointer: `/${i}`, before: list[i] }]);
      }),
      { numRuns: 50 },
    );
  });
});
