import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, it } from 'vitest';
import { runScenario } from '../../src/conformance/run-scenario.ts';
import { SCENARIOS, type ScenarioName } from '../../src/conformance/scenarios.ts';
import { playSession } from '../../src/conformance/session.ts';
import { expectPlayed, findBinaries, VERSIONS } from './helpers.ts';

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures');

let binaries: Record<string, string>;

beforeAll(async () => {
  binaries = await findBinaries();
});

// The fixtures were recorded in another directory on another day; the home here is a fresh temporary one.
describe.each(VERSIONS)('Codex %s plays its fixtures', (version) => {
  it.each(Object.keys(SCENARIOS) as ScenarioName[])('%s', async (name) => {
    const path = join(FIXTURES, 'cassettes', version, `${name}.har`);
    const setup = { slim: true, instructionsFile: join(FIXTURES, 'instructions.md') };
    const scenario = SCENARIOS[name];
    const binary = binaries[version]!;
    const played = await playSession({ path }, (baseUrl) => runScenario({ scenario, version, binary, baseUrl, setup }));
    expectPlayed(played);
  });
});
