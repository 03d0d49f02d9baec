import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JournalLines } from '../../src/cassette/journal-lines.ts';
import { assertProperty } from '../helpers/properties.ts';

test('lines are found by exchange, each in the order of the journal', () => {
  assertProperty(
    fc.property(fc.array(fc.nat(50), { maxLength: 3000 }), (seqs) => {
      const lines = new JournalLines();
      const expected = new Map<number, number[]>();
      for (const [i, seq] of seqs.entries()) {
        lines.add(seq, 2 ** 40 + i, i);
        expected.set(seq, [...(expected.get(seq) ?? []), 2 ** 40 + i, i]);
      }
      expect(lines.isEmpty).toBe(seqs.length === 0);
      expect([...lines.inOrder()]).toEqual([...expected].sort(([a], [b]) => a - b));
    }),
    { numRuns: 50 },
  );
});

test('a line that comes later is in its place as well', () => {
  const lines = new JournalLines();
  lines.add(2, 10, 1);
  expect([...lines.inOrder()]).toEqual([[2, [10, 1]]]);
  lines.add(1, 20, 2);
  lines.add(2, 30, 3);
  expect([...lines.inOrder()]).toEqual([
    [1, [20, 2]],
    [2, [10, 1, 30, 3]],
  ]);
});
