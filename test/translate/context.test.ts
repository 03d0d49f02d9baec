import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/translate/context.ts';
import { defaultDialect } from '../../src/translate/dialects.ts';

const SEED = '1700000000123-0123456789abcdef';

function ids(seed: string, count: number): string[] {
  const { newId } = createContext(seed, defaultDialect('chat'));
  return Array.from({ length: count }, () => newId('msg_'));
}

describe('the ids of an exchange', () => {
  it('follow from its seed', () => expect(ids(SEED, 5)).toEqual(ids(SEED, 5)));

  it('are the same in every version, since replays compare them', () => {
    expect(ids(SEED, 2)).toEqual(['msg_96cb3c35ae72c0e91d29a8f129ca74fe', 'msg_96cb3c35ae72c0e91d29a8f1c801eeaf']);
  });

  it('are a prefix and 32 hex digits', () => {
    for (const id of ids(SEED, 1000)) expect(id).toMatch(/^msg_[0-9a-f]{32}$/);
  });

  it('are all different, and those of other exchanges too', () => {
    const seeds = Array.from({ length: 20 }, (_, n) => `1700000000123-${n}`);
    expect(new Set(seeds.flatMap((seed) => ids(seed, 5000))).size).toBe(20 * 5000);
  });

  it('change in more than their last digit', () => {
    const [first = '', second = ''] = ids(SEED, 2);
    expect([...first].filter((digit, i) => digit !== second[i]).length).toBeGreaterThan(3);
  });
});

describe('its clock', () => {
  it.each([
    [SEED, 1700000000123],
    ['no time', 0],
    ['-5', 0],
    ['at 1700000000123-', 0],
  ])('of seed %j says %d', (seed, ms) => expect(createContext(seed, defaultDialect('chat')).now()).toBe(ms));
});
