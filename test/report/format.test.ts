import { describe, expect, it } from 'vitest';
import { formatBinary, formatBytes, formatCount, formatMs, formatNumber } from '../../src/report/format.ts';

describe('sizes', () => {
  it.each([
    [-1, '?'],
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [12_345, '12.3 KB'],
    [31_900, '31.9 KB'],
    [999_949, '999.9 KB'],
    [999_950, '1.00 MB'],
    [12_345_678, '12.3 MB'],
    [5_000_000_000, '5.00 GB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [1024, '1 KiB'],
    [2 ** 21, '2 MiB'],
    [1_572_864, '1.50 MiB'],
    [8 * 2 ** 20, '8 MiB'],
  ])('a buffer of %d is %s', (bytes, text) => {
    expect(formatBinary(bytes)).toBe(text);
  });
});

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [0.44, '0.4 ms'],
    [17.4, '17 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1240, '1.24 s'],
    [59_996, '1 min 00 s'],
    [125_000, '2 min 05 s'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });
});

describe('counts', () => {
  it.each([
    [0, '0 events'],
    [1, '1 event'],
    [1234, '1,234 events'],
  ])('%d', (count, text) => {
    expect(formatCount(count, 'event')).toBe(text);
  });

  it('take another plural, and group thousands', () => {
    expect(formatCount(2, 'loss', 'losses')).toBe('2 losses');
    expect([0, 12, 1000, 1234567].map(formatNumber)).toEqual(['0', '12', '1,000', '1,234,567']);
  });
});
