import { describe, expect, it } from 'vitest';
import { findEach, lostFrom } from '../../../src/conformance/checks/shared/within.ts';

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
