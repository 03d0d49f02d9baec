import { describe, expect, test } from 'vitest';
import { ElidableTexts, unnumber } from '../../src/replay/placeholders.ts';
import { sha256Hex } from '../../src/util/sha256.ts';

test('the number of a redacted value does not count, its kind does', () => {
  expect(unnumber('a [redacted:api-key#1] b [redacted:jwt#22]')).toBe('a [redacted:api-key] b [redacted:jwt]');
  expect(unnumber('[redacted:x] [redacted:#1]')).toBe('[redacted:x] [redacted:#1]');
});

describe('ElidableTexts', () => {
  const full = 'You are an agent. '.repeat(20);
  const elided = `[elided:sha256=${sha256Hex(full)};chars=${full.length}]`;
  const upper = (text: string) => text.toUpperCase();

  test.each([
    ['full recorded, elided asked', full, elided, full.toUpperCase()],
    ['elided recorded, full asked', elided, full, elided.toUpperCase()],
    ['full on both sides', full, full, full.toUpperCase()],
  ])('%s', (_, recorded, asked, expected) => {
    const texts = new ElidableTexts();
    expect(texts.learn(recorded, upper)).toBe(expected);
    expect(texts.find(asked, upper)).toBe(expected);
  });

  test('another text is another text', () => {
    const texts = new ElidableTexts();
    texts.learn(elided, upper);
    expect(texts.find(`${full}x`, upper)).toBe(`${full}x`.toUpperCase());
  });

  test('learns from the cassette alone', () => {
    const texts = new ElidableTexts();
    texts.find(full, () => 'wrong');
    expect(texts.find(full, upper)).toBe(full.toUpperCase());
    expect(texts.learn('short', upper)).toBe('SHORT');
  });
});
