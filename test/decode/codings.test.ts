import { describe, expect, it } from 'vitest';
import { readCodings } from '../../src/decode/codings.ts';

describe('readCodings', () => {
  it.each<[string | undefined, string[]]>([
    [undefined, []],
    ['', []],
    [' , ,', []],
    ['identity', []],
    ['zstd', ['zstd']],
    ['GZip', ['gzip']],
    ['x-gzip', ['gzip']],
    ['  br  ', ['br']],
    ['gzip,zstd', ['gzip', 'zstd']],
    ['deflate,\t br, identity , gzip', ['deflate', 'br', 'gzip']],
    ['gzip, gzip', ['gzip', 'gzip']],
  ])('%j', (value, codings) => {
    expect(readCodings(value)).toEqual({ encodings: codings, codings });
  });

  it.each<[string, string[], string]>([
    ['compress', ['compress'], 'compress'],
    ['gzip, Snappy', ['gzip', 'snappy'], 'snappy'],
    ['gzip;q=1', ['gzip;q=1'], 'gzip;q=1'],
    ['constructor', ['constructor'], 'constructor'],
    ['*', ['*'], '*'],
  ])('%j is unknown', (value, encodings, coding) => {
    const result = readCodings(value);
    expect(result).toMatchObject({ encodings, codings: [], problem: { code: 'coding-unknown', status: 415, coding } });
    expect(result.problem?.message).toContain(JSON.stringify(coding));
  });

  it('takes five codings, and no more', () => {
    expect(readCodings('gzip,br,gzip,br,zstd').codings).toHaveLength(5);
    const six = readCodings('gzip,br,gzip,br,zstd,gzip');
    expect(six).toMatchObject({ codings: [], problem: { status: 415, coding: 'gzip' } });
    expect(six.problem?.message).toBe('6 content codings are stacked: at most 5 are undone');
  });
});
