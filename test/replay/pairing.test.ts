import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Pairable, pairUp } from '../../src/replay/pairing.ts';
import { assertProperty } from '../helpers/properties.ts';

/** Exchanges whose keys are these letters; `-` has none. */
function exchanges(keys: string): Pairable[] {
  return [...keys].map((key, i) => ({ number: i + 1, key: key === '-' ? undefined : key, route: 'POST /responses' }));
}

function shape(a: string, b: string) {
  const { pairs, onlyA, onlyB, moved } = pairUp(exchanges(a), exchanges(b));
  const text = (list: typeof pairs) => list.map((pair) => `${pair.a.number}${pair.b.number}${pair.by[0]}`).join(' ');
  return {
    pairs: text(pairs),
    onlyA: onlyA.map(({ number }) => number),
    onlyB: onlyB.map(({ number }) => number),
    moved: text(moved),
  };
}

describe('pairUp', () => {
  test.each([
    ['equal cassettes', 'abc', 'abc', { pairs: '11k 22k 33k', onlyA: [], onlyB: [], moved: '' }],
    ['equal requests in order', 'aab', 'aba', { pairs: '11k 23k 32k', onlyA: [], onlyB: [], moved: '23k' }],
    ['one moved to the end', 'abcd', 'bcda', { pairs: '14k 21k 32k 43k', onlyA: [], onlyB: [], moved: '14k' }],
    ['one changed', 'abc', 'axc', { pairs: '11k 22o 33k', onlyA: [], onlyB: [], moved: '' }],
    ['one dropped', 'abc', 'ac', { pairs: '11k 32k', onlyA: [2], onlyB: [], moved: '' }],
    ['one added', 'ab', 'axb', { pairs: '11k 23k', onlyA: [], onlyB: [2], moved: '' }],
    ['those without a key by order', '-a-', 'a--', { pairs: '12o 21k 33o', onlyA: [], onlyB: [], moved: '12o' }],
    ['nothing', '', '', { pairs: '', onlyA: [], onlyB: [], moved: '' }],
  ])('%s', (_what, a, b, expected) => {
    expect(shape(a, b)).toEqual(expected);
  });

  test('requests of another path are not paired by order', () => {
    const other = { number: 1, key: 'x', route: 'GET /models' };
    expect(pairUp(exchanges('a'), [other])).toMatchObject({ pairs: [], onlyA: [{ number: 1 }], onlyB: [other] });
  });

  test('every exchange is in one place, and what did not move rises', () => {
    const keys = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', '-'), maxLength: 12 });
    assertProperty(
      fc.property(keys, keys, (first, second) => {
        const [a, b] = [exchanges(first), exchanges(second)];
        const { pairs, onlyA, onlyB, moved } = pairUp(a, b);
        const numbers = (list: Pairable[]) => list.map(({ number }) => number).sort((x, y) => x - y);
        expect(numbers([...pairs.map((pair) => pair.a), ...onlyA])).toEqual(numbers(a));
        expect(numbers([...pairs.map((pair) => pair.b), ...onlyB])).toEqual(numbers(b));
        const still = pairs.filter((pair) => !moved.includes(pair)).map((pair) => pair.b.number);
        expect(still).toEqual(numbers(still.map((number) => b[number - 1]!)));
        for (const { a: one, b: other, by } of pairs)
          expect(one.key !== undefined && one.key === other.key).toBe(by === 'key');
      }),
      { numRuns: 200 },
    );
  });
});
