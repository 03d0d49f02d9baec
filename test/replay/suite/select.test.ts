import { describe, expect, it } from 'vitest';
import { filterText, isInShard, parseFilter, parseShard } from '../../../src/replay/suite/select.ts';

describe('parseShard', () => {
  it('reads i/n', () => {
    expect(parseShard('2/3')).toEqual({ index: 2, count: 3 });
  });

  it.each(['', '0/3', '4/3', '1', '1/0', 'a/b', '-1/2', '1/2/3'])('refuses %j', (text) => {
    expect(() => parseShard(text)).toThrow(/--shard/);
  });
});

describe('isInShard', () => {
  it('puts every exchange into one part, and all into all without one', () => {
    for (let i = 0; i < 200; i++) {
      const id = `x${i}`;
      const parts = [1, 2, 3].filter((index) => isInShard({ index, count: 3 }, 'a.har', id));
      expect(parts).toHaveLength(1);
      expect(isInShard(undefined, 'a.har', id)).toBe(true);
    }
  });

  it('spreads them, and does not depend on what else there is', () => {
    const first = Array.from({ length: 300 }, (_, i) => isInShard({ index: 1, count: 3 }, 'a.har', `x${i}`));
    const count = first.filter(Boolean).length;
    expect(count).toBeGreaterThan(70);
    expect(count).toBeLessThan(130);
    // The hash is part of the contract: a part has the same exchanges on every machine and in every version.
    expect([1, 2, 3].map((i) => isInShard({ index: 1, count: 2 }, 'a.har', `x${i}`))).toMatchInlineSnapshot(`
      [
        true,
        false,
        true,
      ]
    `);
  });
});

describe('parseFilter', () => {
  const exchange = { id: 'x3', number: 3, method: 'POST', path: '/v1/responses', status: 200 };
  const text = filterText('a/b.har', exchange, 'stream.translation');

  it.each([
    ['x3 stream.translation', true],
    ['b.har x3', true],
    ['x33', false],
    ['/x\\d stream/', true],
    ['/POST .*responses$/', true],
    ['/post/i', true],
    ['/post/', false],
    ['/v1/responses', true],
  ])('%s fits: %s', (filter, fits) => {
    expect(parseFilter(filter)(text)).toBe(fits);
  });

  it('is the same for every call', () => {
    const filter = parseFilter('/x3/g');
    expect([filter(text), filter(text)]).toEqual([true, true]);
  });

  it('refuses an expression that is none', () => {
    expect(() => parseFilter('/(/')).toThrow(/no regular expression/);
  });
});
