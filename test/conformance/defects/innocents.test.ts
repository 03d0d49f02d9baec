import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import { runAgainst } from './defect.ts';
import { INNOCENTS } from './innocents.ts';

describe('a gateway that is right in another way', () => {
  it.concurrent.each(INNOCENTS.map((innocent) => [innocent.id, innocent] as const))(
    '%s is not accused',
    async (_id, innocent) => {
      const wanted = new Set(innocent.checks);
      const checks = CATALOGUE.filter(({ id }) => wanted.has(id));
      expect(checks).toHaveLength(wanted.size);
      const results = await runAgainst(innocent, checks, 5000);
      const { verdicts = /^pass$/ } = innocent;
      expect(results.filter(({ verdict }) => !verdicts.test(verdict))).toEqual([]);
      expect(new Set(results.map(({ check }) => check))).toEqual(wanted);
    },
    30_000,
  );
});
