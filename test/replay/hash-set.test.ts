import { expect, test } from 'vitest';
import { HashSet } from '../../src/replay/hash-set.ts';
import { sha256Hex } from '../../src/util/sha256.ts';

test('holds what was added, and nothing else, as it grows', () => {
  const set = new HashSet();
  const hashes = Array.from({ length: 5000 }, (_, i) => sha256Hex(String(i)));
  for (const hash of [...hashes, ...hashes]) set.add(hash);
  expect(hashes.every((hash) => set.has(hash))).toBe(true);
  expect(Array.from({ length: 5000 }, (_, i) => set.has(sha256Hex(`not ${i}`))).includes(true)).toBe(false);
  set.clear();
  expect(set.has(hashes[0]!)).toBe(false);
});

test('tells hashes apart that begin or end alike', () => {
  const set = new HashSet();
  const zero = '0'.repeat(64);
  set.add(zero);
  expect(set.has(zero)).toBe(true);
  expect(set.has(`${'0'.repeat(15)}1${'0'.repeat(48)}`)).toBe(false);
  // They fall into the same place.
  set.add(`${'0'.repeat(7)}2${'0'.repeat(56)}`);
  expect(set.has(`${'0'.repeat(7)}2${'0'.repeat(56)}`)).toBe(true);
  expect(set.has(`${'0'.repeat(7)}3${'0'.repeat(56)}`)).toBe(false);
});
