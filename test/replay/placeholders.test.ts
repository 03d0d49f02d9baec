import { describe, expect, test } from 'vitest';
import { ElidableTexts, unnumber, withTexts } from '../../src/replay/placeholders.ts';
import { sha256Hex } from '../../src/util/sha256.ts';

test('the number of a redacted value does not count, its kind does', () => {
  expect(unnumber('a [redacted:api-key#1] b [redacted:jwt#22]')).toBe('a [redacted:api-key] b [redacted:jwt]');
  expect(unnumber('[redacted:x] [redacted:#1]')).toBe('[redacted:x] [redacted:#1]');
});

describe('ElidableTexts', () => {
  const full = 'You are an agent. '.repeat(20);
  const elided = `[elided:sha256=${sha256Hex(full)};chars=${full.length}]`;
  const upper = (text: string) => text.toUpperCase();
  const same = (text: string) => text;

  describe.each([
    ['changed', upper],
    ['compared as it is', same],
  ])('a text that is %s', (_, make) => {
    test.each([
      ['full recorded, elided asked', full, elided],
      ['elided recorded, full asked', elided, full],
      ['full on both sides', full, full],
      ['elided on both sides', elided, elided],
    ])('equals itself: %s', (_name, recorded, asked) => {
      const texts = new ElidableTexts();
      const learnt = texts.learn(recorded, make);
      expect(texts.find(asked, make)).toBe(learnt);
      expect(texts.learn(asked, make)).toBe(learnt);
    });
  });

  test('two texts of which the same is made are equal, whatever their lengths', () => {
    const texts = new ElidableTexts();
    const cut = (text: string) => text.slice(0, 20);
    expect(texts.learn(full, cut)).toBe(full.slice(0, 20));
    expect(texts.find(full.slice(0, 30), cut)).toBe(full.slice(0, 20));
    const pad = (text: string) => text.slice(0, 30).padEnd(80, '.');
    expect(texts.learn(full.slice(0, 30), pad)).toBe(texts.find(`${full.slice(0, 30)} and more`.repeat(3), pad));
  });

  test('another text is another text', () => {
    const texts = new ElidableTexts();
    const learnt = texts.learn(elided, upper);
    expect(texts.find(`${full}x`, upper)).not.toBe(learnt);
  });

  test('what a text was recorded as counts, not what a request would make of it', () => {
    const texts = new ElidableTexts();
    const learnt = texts.learn(full, same);
    expect(texts.find(full, upper)).toBe(learnt);
  });

  test('learns from the cassette alone', () => {
    const texts = new ElidableTexts();
    const found = texts.find(full, () => 'wrong');
    expect(found).toBe('wrong');
    expect(texts.find(full, upper)).not.toBe('wrong');
    expect(texts.learn('short', upper)).toBe('SHORT');
  });

  test('long texts take the memory of a hash, and are told on request', () => {
    const texts = new ElidableTexts();
    const token = texts.learn(full, upper);
    expect(token.length).toBeLessThan(100);
    const notes = new Map<string, string>();
    texts.find(full, upper, notes);
    expect(withTexts({ a: [token, 'b', 1, null] }, notes)).toEqual({ a: [full.toUpperCase(), 'b', 1, null] });
  });

  test('forgets when what texts are compared as has changed', () => {
    const texts = new ElidableTexts();
    const before = texts.learn(full, upper);
    texts.clear();
    expect(texts.learn(full, same)).not.toBe(before);
  });
});
