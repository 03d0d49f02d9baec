import { describe, expect, it } from 'vitest';
import {
  fromHarHeaders,
  harHeaderValue,
  headerPairs,
  headerValue,
  headerValues,
  toHarHeaders,
} from '../../src/util/headers.ts';

const raw = ['Host', 'a', 'Content-Encoding', 'gzip', 'X-Empty', '', 'content-encoding', 'zstd', 'HOST', 'b'];

describe('headers', () => {
  it('are found in any case, in order', () => {
    expect(headerValues(raw, 'host')).toEqual(['a', 'b']);
    expect(headerValues(raw, 'CONTENT-encoding')).toEqual(['gzip', 'zstd']);
    expect(headerValues(raw, 'gzip')).toEqual([]);
  });

  it('join several lines; an empty value is a value', () => {
    expect(headerValue(raw, 'content-encoding')).toBe('gzip, zstd');
    expect(headerValue(raw, 'x-empty')).toBe('');
    expect(headerValue(raw, 'x-other')).toBeUndefined();
    expect(headerValue([], 'host')).toBeUndefined();
  });

  it('keep order, case and duplicates on the way to HAR and back', () => {
    expect(headerPairs(raw).slice(0, 2)).toEqual([
      ['Host', 'a'],
      ['Content-Encoding', 'gzip'],
    ]);
    expect(toHarHeaders(raw)[4]).toEqual({ name: 'HOST', value: 'b' });
    expect(fromHarHeaders(toHarHeaders(raw))).toEqual(raw);
    const names = ['absent', ...headerPairs(raw).map(([name]) => name.toUpperCase())];
    for (const name of names) expect(harHeaderValue(toHarHeaders(raw), name)).toBe(headerValue(raw, name));
  });
});
