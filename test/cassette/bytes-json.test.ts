import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonBytes, msJson, wordJson } from '../../src/cassette/bytes-json.ts';
import { assertProperty } from '../helpers/properties.ts';

describe('times of the journal', () => {
  it.each([
    [0, '0'],
    [-3, '0'],
    [1, '1'],
    [1.5, '1.500'],
    [0.0004, '0'],
    [0.0006, '0.001'],
    [1.9996, '2'],
    [12.345678, '12.346'],
    [123_456_789.0421, '123456789.042'],
  ])('%d is %s', (ms, text) => {
    expect(msJson(ms)).toBe(text);
  });

  it('are JSON, and right to the microsecond', () => {
    assertProperty(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (ms) => {
        expect(Math.abs(JSON.parse(msJson(ms)) - ms)).toBeLessThanOrEqual(0.000_501);
      }),
    );
  });
});

describe('words of the journal', () => {
  it.each(['', 'a-1.b_2', 'a b', '"', '\\', 'é', '\n', '中'])('%j is written as JSON has it', (text) => {
    expect(wordJson(text)).toBe(jsonBytes(text));
  });
});
