import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/decode/limits.ts';
import { inventBody, mutate } from '../fuzz/mutate.ts';
import { randomOf } from '../fuzz/random.ts';
import { MIB } from './battery/bodies.ts';
import { BATTERY } from './battery/cases.ts';
import { measureGrowth } from './battery/memory.ts';

/** The cases that would take the most memory without a bound; docs/codings.md has all of them, measured in the same way. */
const COSTLY = [
  'zstd/at-limit-window-8mib',
  'zstd/bomb-sequences',
  'gzip/at-limit',
  'br/bomb-zeros',
  'stacked/bomb-gzip',
];
const SEED = 4;
const MOST = LIMITS.request.decoded / MIB + 16;

describe('memory stays within the limit and 16 MiB', () => {
  it.each(COSTLY)('%s', async (id) => {
    const entry = BATTERY.find((candidate) => candidate.id === id)!;
    const [body] = await entry.bodies();
    const [growth] = await measureGrowth([{ bytes: body!, coding: entry.coding ?? '' }]);
    expect(growth!.mib).toBeLessThanOrEqual(MOST);
    expect(growth!.decoded === undefined).toBe('status' in entry.answer);
  });

  it('for random bytes and for bombs that are damaged', async () => {
    const bombs = BATTERY.filter(({ id }) => /^(?:zstd|gzip)\/(?:bomb|at-limit)/.test(id));
    const seeds = await Promise.all(bombs.map(async ({ bodies }) => (await bodies())[0]!));
    const bodies = Array.from({ length: 20 }, (_, i) => {
      const random = randomOf(SEED, i);
      const { coding = '' } = bombs[i % bombs.length]!;
      const bytes =
        i % 3 === 0 ? inventBody(random) : mutate(seeds[i % bombs.length]!, random, inventBody(random), MIB);
      return { bytes, coding };
    });
    const worst = Math.max(...(await measureGrowth(bodies)).map(({ mib }) => mib));
    expect(worst, `seed ${SEED}`).toBeLessThanOrEqual(MOST);
  });
});
