import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine, padText, printable, textWidth, truncateText, wrapText } from '../../src/report/text.ts';
import { assertProperty } from '../helpers/properties.ts';

describe('textWidth', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['日本', 4],
    ['한글', 4],
    ['e\u0301', 1],
    ['👍', 2],
    ['\u200d', 0],
    ['\x1b[1;31mred\x1b[0m', 3],
    ['→ …', 3],
  ])('of %j is %d', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe('truncateText', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['abcdef', 1, '…'],
    ['abcdef', 0, ''],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
  ])('%j to %d columns', (text, columns, expected) => {
    expect(truncateText(text, columns)).toBe(expected);
  });

  it('never takes more columns than it was given', () => {
    assertProperty(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.nat(20), (text, columns) => {
        expect(textWidth(truncateText(oneLine(text), columns))).toBeLessThanOrEqual(columns);
      }),
      { numRuns: 200 },
    );
  });
});

describe('padText', () => {
  it('fills by columns, on either side', () => {
    expect(padText('日', 4)).toBe('日  ');
    expect(padText('7', 3, 'right')).toBe('  7');
    expect(padText('long', 2)).toBe('long');
  });
});

describe('wrapText', () => {
  it.each([
    ['a bb ccc', 4, ['a bb', 'ccc']],
    ['  a\n b  ', 10, ['a b']],
    ['unbreakable x', 5, ['unbreakable', 'x']],
    ['', 5, []],
  ])('%j at %d', (text, columns, expected) => {
    expect(wrapText(text, columns)).toEqual(expected);
  });
});

describe('recorded text', () => {
  it('cannot steer the terminal', () => {
    expect(oneLine('a\x1b[2J\x07b\r\nc\x9bd\u202ee')).toBe('a␛[2J␇b c\ufffdd\ufffde');
    expect(printable('a\r\n\tb\x1b]0;x\x07\x7f\r')).toBe('a\n\tb␛]0;x␇␡␍');
  });

  it('is one line', () => {
    expect(oneLine(' a\n\n  b\t')).toBe('a b');
  });
});
