import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hardPlaces, splitsOf, twoWayPlaces } from '../../../src/replay/suite/splits.ts';
import { concatBytes, toUtf8 } from '../../../src/util/bytes.ts';
import { assertProperty } from '../../helpers/properties.ts';

const sizes = (text: string, mode: 'fast' | 'all' | 'none') =>
  [...splitsOf(toUtf8(text), mode)].map(({ name, chunks }) => [name, [...chunks()].map(({ length }) => length)]);

describe('hardPlaces', () => {
  it.each([
    ['plain text', 'data: abc', []],
    ['a character of two bytes', 'aöb', [2]],
    ['a character of four bytes', 'a🎞b', [2, 3, 4]],
    ['a blank line', 'a\n\nb', [2]],
    ['a blank line with CRLF', 'a\r\n\r\nb', [2, 3, 4]],
    ['a short escape', 'a\\nb', [2]],
    ['an escaped backslash before a letter', 'a\\\\nb', [2]],
    ['an escape of four digits', 'a\\u00f6b', [2, 3, 4, 5, 6]],
    ['an escape that is cut off', 'a\\u0', [2, 3]],
  ])('of %s', (_, text, places) => {
    expect(hardPlaces(toUtf8(text))).toEqual(places);
  });
});

describe('splitsOf', () => {
  it('gives none for none, and for less than two bytes', () => {
    expect(sizes('abc', 'none')).toEqual([]);
    expect(sizes('a', 'all')).toEqual([]);
  });

  it('gives whole, byte by byte and hard places for fast', () => {
    expect(sizes('aöb', 'fast')).toEqual([
      ['whole', [4]],
      ['byte by byte', [1, 1, 1, 1]],
      ['within characters, line ends and escapes', [2, 2]],
    ]);
    expect(sizes('ab', 'fast').map(([name]) => name)).toEqual(['whole', 'byte by byte']);
  });

  it('adds every two-way split for all', () => {
    const two = sizes('abcd', 'all').slice(2);
    expect(two).toEqual([
      ['in two at byte 1', [1, 3]],
      ['in two at byte 2', [2, 2]],
      ['in two at byte 3', [3, 1]],
    ]);
  });

  it('samples the two-way splits of what is longer than 16 KiB', () => {
    expect([...twoWayPlaces(16 * 1024)]).toHaveLength(16 * 1024 - 1);
    const places = [...twoWayPlaces(100_000)];
    expect(places).toHaveLength(512);
    expect(Math.min(...places)).toBeGreaterThan(0);
    expect(Math.max(...places)).toBeLessThan(100_000);
  });

  it('never changes the bytes', () => {
    const units = fc.constantFrom('a', 'ö', '日', '🎞', '\n', '\r\n', '\\n', '\\u00f6', '\\', '"');
    assertProperty(
      fc.property(fc.array(units, { maxLength: 30 }), (parts) => {
        const bytes = toUtf8(parts.join(''));
        for (const { chunks } of splitsOf(bytes, 'all')) {
          expect(Buffer.compare(concatBytes([new Uint8Array(0), ...chunks()]), bytes)).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
  });
});
