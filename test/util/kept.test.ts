import { describe, expect, it } from 'vitest';
import { Kept } from '../../src/util/kept.ts';

describe('Kept', () => {
  it('keeps a value with an object, each by itself', () => {
    const [one, other] = [new Kept<object, number>(), new Kept<object, number>()];
    const [a, b] = [{}, {}];
    one.set(a, 1);
    other.set(a, 2);
    one.set(a, 3);
    expect([one.get(a), other.get(a), one.get(b)]).toEqual([3, 2, undefined]);
  });

  it('is seen by neither copies nor JSON', () => {
    const kept = new Kept<object, number>();
    const of = { name: 'text' };
    kept.set(of, 1);
    expect(kept.get({ ...of })).toBeUndefined();
    expect(JSON.stringify(of)).toBe('{"name":"text"}');
    expect(Object.keys(of)).toEqual(['name']);
  });
});
