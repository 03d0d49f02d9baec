import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/conformance/catalogue.ts';
import { DEFECTS } from './all.ts';
import { runAgainst } from './defect.ts';
import { INNOCENTS } from './innocents.ts';
import { writeDefects } from './table.ts';

/** Bodies of 60 MiB say nothing more about a right gateway than those of 10. */
const QUICK = CATALOGUE.filter(({ id }) => id !== 'wire.size.request-60-mib');

describe('a gateway with one defect', () => {
  let caught = 0;
  afterAll(() => console.log(`planted defects: ${caught} of ${DEFECTS.length} caught by the check that should`));

  it('has a check that should catch it', () => {
    const known = new Set(CATALOGUE.map(({ id }) => id));
    expect(DEFECTS.filter(({ caughtBy }) => !known.has(caughtBy)).map(({ id }) => id)).toEqual([]);
    expect(new Set(DEFECTS.map(({ id }) => id)).size).toBe(DEFECTS.length);
    expect(DEFECTS.length).toBeGreaterThanOrEqual(60);
  });

  it.concurrent.each(DEFECTS.map((defect) => [defect.id, defect] as const))(
    '%s is caught',
    async (_id, defect) => {
      const checks = CATALOGUE.filter(({ id }) => id === defect.caughtBy);
      const results = await runAgainst(defect, checks, 3000);
      const client = defect.client ?? 'responses';
      const own = results.filter(({ route }) => route === undefined || route.startsWith(client));
      expect(own.map(({ verdict }) => verdict)).toEqual([expect.stringMatching(/^(?:fail|warn)$/)]);
      expect(own[0]?.faults?.[0]?.message).toBeTruthy();
      // A check that our own proxy fails as well would say nothing.
      expect(own[0]?.control).toMatch(/^(?:pass|not-applicable|unsupported)$/);
      caught++;
    },
    60_000,
  );

  it('stands in the table of the docs', async () => {
    const text = await readFile(new URL('../../../docs/conformance-defects.md', import.meta.url), 'utf8');
    expect(text, 'run `npm run defects`').toBe(writeDefects(DEFECTS, INNOCENTS));
  });
});

/** Nothing is translated over WebSocket. */
function isRefusedSocket(verdict: string, check: string): boolean {
  return verdict === 'unsupported' && check.startsWith('responses.websocket.');
}

describe('a right gateway', () => {
  it.each([undefined, 'chat', 'messages', 'responses'] as const)(
    'fails nothing, with %s behind it',
    async (upstream) => {
      const results = await runAgainst({ upstream, front: {}, back: {} }, QUICK, 30_000);
      const wrong = results.filter(({ verdict, check }) => verdict !== 'pass' && !isRefusedSocket(verdict, check));
      expect(wrong).toEqual([]);
      expect(results.length).toBeGreaterThan(400);
    },
    120_000,
  );
});
