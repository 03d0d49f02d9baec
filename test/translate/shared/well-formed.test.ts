import { describe, expect, it } from 'vitest';
import { endsInHalf, wellFormed } from '../../../src/translate/shared/well-formed.ts';

describe('endsInHalf', () => {
  it.each([
    ['a\ud800', true],
    ['a\udbff', true],
    ['a\ud7ff', false],
    ['a\udc00', false],
    ['😀', false],
    ['', false],
  ])('%j: %s', (text, half) => expect(endsInHalf(text)).toBe(half));
});

describe('wellFormed', () => {
  it.each([
    ['a😀', 'a😀'],
    ['\ud800a\udc00', '\ufffda\ufffd'],
  ])('%j', (text, formed) => expect(wellFormed(text)).toBe(formed));
});
