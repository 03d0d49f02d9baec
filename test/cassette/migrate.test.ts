import { describe, expect, it } from 'vitest';
import { FORMAT_VERSION } from '../../src/cassette/format.ts';
import { CONVERTERS, type Converter, converterFrom } from '../../src/cassette/migrate.ts';

const mark = (name: string): Converter => ({
  header: (header) => ({ ...(header as object), by: [...((header as { by?: string[] }).by ?? []), name] }),
  entry: (entry) => `${entry} ${name}`,
});
const TABLE = new Map([
  [2, mark('2to3')],
  [1, mark('1to2')],
]);

describe('converterFrom', () => {
  it('goes through every format on the way', () => {
    const converter = converterFrom(1, TABLE, 3);
    expect(converter.header({ format: 1 })).toEqual({ format: 1, by: ['1to2', '2to3'] });
    expect(converter.entry('entry')).toBe('entry 1to2 2to3');
    expect(converterFrom(2, TABLE, 3).entry('entry')).toBe('entry 2to3');
  });

  it('changes nothing in the present format', () => {
    const entry = {};
    expect(converterFrom(FORMAT_VERSION).entry(entry)).toBe(entry);
    expect(converterFrom(FORMAT_VERSION).header(entry)).toBe(entry);
  });

  it('refuses a newer format, and says to update', () => {
    expect(() => converterFrom(4, TABLE, 3)).toThrow(
      expect.objectContaining({ code: 'cassette-too-new', hint: expect.stringContaining('Please update') }),
    );
  });

  it.each([0, 1.5, '1', null, undefined])('refuses %j as a format', (format) => {
    expect(() => converterFrom(format, TABLE, 3)).toThrow(expect.objectContaining({ code: 'cassette-unreadable' }));
  });

  it('refuses a format to which the way is lost', () => {
    expect(() => converterFrom(1, new Map([[2, mark('2to3')]]), 3)).toThrow(/can no longer be read/);
  });

  it('has a way from every format that ever was', () => {
    for (let format = 1; format <= FORMAT_VERSION; format++) {
      expect(() => converterFrom(format, CONVERTERS)).not.toThrow();
    }
  });
});
