import { expect, it } from 'vitest';
import { rememberRecent } from '../../src/util/recent.ts';

it('reads a text once as long as it is among the last few', () => {
  const read: string[] = [];
  const remembered = rememberRecent((text) => {
    read.push(text);
    return { text };
  });
  const first = remembered('a');
  expect(remembered('a')).toBe(first);
  for (const text of ['b', 'c', 'd']) expect(remembered(text)).toEqual({ text });
  expect(remembered('a')).toBe(first);
  expect(remembered('e')).toEqual({ text: 'e' });
  expect(remembered('a')).toEqual({ text: 'a' });
  expect(read).toEqual(['a', 'b', 'c', 'd', 'e', 'a']);
});

it('keeps no text that is very long', () => {
  const remembered = rememberRecent((text) => ({ text }));
  const long = 'x'.repeat(20_000);
  expect(remembered(long)).not.toBe(remembered(long));
});
