import { describe, expect, it } from 'vitest';
import { entryOf } from '../../src/util/entries.ts';

describe('the entry of a table', () => {
  const table = { one: 1, none: undefined };

  it.each([
    ['one', 1],
    ['none', undefined],
    ['two', undefined],
    ['constructor', undefined],
    ['__proto__', undefined],
    [undefined, undefined],
    [['one'], undefined],
  ])('%j is %j', (name, entry) => {
    expect(entryOf<number | undefined>(table, name)).toBe(entry);
  });
});
