import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/cassette/format.ts';
import { replayFile } from '../../src/replay/suite.ts';
import type { CassetteResult, ReplayOptions } from '../../src/report/results/model.ts';
import { fixture, temporaryFolder } from '../helpers/cassette-files.ts';
import { CASSETTE_FAULTS } from './faults/cassettes.ts';
import { PROXY_CASSETTE_FAULTS } from './faults/proxy-cassettes.ts';

const FAULTS = [...CASSETTE_FAULTS, ...PROXY_CASSETTE_FAULTS];

const OPTIONS: ReplayOptions = { profiles: ['codex', 'tolerant'], splits: 'none', strict: false, bail: false };

/** What failed: the check, and what is said of it with its place. */
function failuresOf({ exchanges }: CassetteResult): { check: string; says: string }[] {
  return exchanges.flatMap(({ results }) =>
    results.flatMap(({ check, failures = [] }) =>
      failures.map(({ message, pointer }) => ({ check, says: `${message} ${pointer}` })),
    ),
  );
}

async function replayChanged(cassette: string, change: (entries: Entry[]) => void): Promise<CassetteResult> {
  const document = JSON.parse(await readFile(fixture(`cassettes/${cassette}.har`), 'utf8'));
  change(document.log.entries);
  const path = join(temporaryFolder(), 'fault.har');
  await writeFile(path, JSON.stringify(document));
  return replayFile({ path, name: 'fault.har' }, { options: OPTIONS });
}

describe('a fault in a cassette', () => {
  it.each(FAULTS.map((fault) => [fault.name, fault] as const))('%s is caught', async (_, fault) => {
    const result = await replayChanged(fault.cassette, fault.change);
    const failures = failuresOf(result);
    expect(failures.filter(({ check }) => check === fault.check).map(({ says }) => says)).toContainEqual(
      expect.stringMatching(fault.says),
    );
    expect(result.unreadable).toBeUndefined();
  });

  it.each([...new Set(FAULTS.map(({ cassette }) => cassette))])('%s has none', async (cassette) => {
    expect(failuresOf(await replayChanged(cassette, () => {}))).toEqual([]);
  });
});
