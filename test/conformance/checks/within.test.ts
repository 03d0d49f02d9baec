import { describe, expect, it } from 'vitest';
import { findEach, isRewritten, lostFrom } from '../../../src/conformance/checks/shared/within.ts';

describe('what was lost from a JSON value', () => {
  it.each([
    [{ a: 1 }, { a: 1, b: 2 }, []],
    [{ a: null }, {}, []],
    [{ a: { b: [1, { c: 'x' }] } }, { a: { b: [1, { c: 'x', d: 1 }] } }, []],
    [{ a: 1 }, {}, ['/a']],
    [{ a: 1 }, { a: '1' }, ['/a']],
    [{ a: [1, 2] }, { a: [1] }, ['/a']],
    [{ a: [1] }, { a: [1, 2] }, ['/a']],
    [{ 'a/b': 1 }, {}, ['/a~1b']],
  ])('%j as %j', (before, after, due) => {
    expect(lostFrom(before, after).map(({ pointer }) => pointer)).toEqual(due);
  });
});

describe('values that are looked for in a list', () => {
  const call = { type: 'call', id: '1' };
  const output = { type: 'output', id: '1' };

  it('are found among others', () => {
    expect(findEach([call, output], [{ type: 'message' }, call, output])).toEqual([
      { at: 1, lost: [] },
      { at: 2, lost: [] },
    ]);
  });

  it('are the ones that lost least', () => {
    const [found] = findEach([call], [{ type: 'call' }, { type: 'call', id: '2', more: 1 }, call]);
    expect(found).toEqual({ at: 2, lost: [] });
  });

  it('are not found where none of their type is there, or the order is another one', () => {
    expect(findEach([call], [output])[0]!.at).toBe(-1);
    expect(findEach([call, output], [output, call]).map(({ at }) => at)).toEqual([1, -1]);
    expect(findEach([call], 'no list')[0]!.at).toBe(-1);
  });

  it('are messages where they have a role and no type', () => {
    expect(findEach([{ role: 'user', content: 'a' }], [{ type: 'message', role: 'user', content: 'a' }])[0]).toEqual({
      at: 0,
      lost: [],
    });
  });
});

describe('a difference of writing alone', () => {
  it.each<[string, unknown, unknown, boolean]>([
    ['white space in JSON', '{"a":1,"b":[2]}', '{ "b": [2], "a": 1.0 }', true],
    ['another value in JSON', '{"a":1}', '{"a":2}', false],
    ['texts that are no JSON', 'a b', 'a  b', false],
    ['one text for two', [{ text: 'One.' }, { text: 'Two.' }], [{ text: 'One.\nTwo.' }], true],
    ['another text', [{ text: 'One.' }, { text: 'Two.' }], [{ text: 'One.' }], false],
    ['an image that is lost', [{ text: 'One.' }, { image: 'x' }], [{ text: 'One.' }], false],
    ['what is gone', '{"a":1}', undefined, false],
  ])('%s', (_, before, after, rewritten) => expect(isRewritten({ pointer: '', before, after })).toBe(rewritten));
});
