import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runScenario } from '../../src/conformance/run-scenario.ts';
import { SCENARIOS, type ScenarioName } from '../../src/conformance/scenarios.ts';
import { startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { loadCassette, recordSession } from '../../src/conformance/session.ts';
import type { Protocol } from '../../src/util/types.ts';
import { validateExchange } from '../../src/validate/exchange.ts';
import { findBinaries, VERSIONS } from './helpers.ts';

let binaries: Record<string, string>;
let folder: string;

beforeAll(async () => {
  binaries = await findBinaries();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-e2e-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const NAMES: readonly ScenarioName[] = [
  'text',
  'tool',
  'parallel',
  'apply-patch',
  'image',
  'zstd',
  'resume',
  'compact',
  'rate-limit',
  'truncated',
];

describe.each(VERSIONS)('Codex %s', (version) => {
  describe.each<Protocol>(['chat', 'messages'])('with a provider that speaks nothing but %s', (spoken) => {
    it.each(NAMES)('%s', async (name) => {
      const scenario = SCENARIOS[name];
      const upstream = await startScriptedUpstream({ script: scenario.script(version), speaks: [spoken] });
      const path = join(folder, `${name}.har`);
      const options = { upstream: upstream.url, path, translation: { protocol: spoken } };
      const { result } = await recordSession(options, (baseUrl) =>
        runScenario({ scenario, version, binary: binaries[version]!, baseUrl, root: folder }),
      );
      await upstream.close();
      expect(result.problems).toEqual([]);
      const asked = upstream.requests.filter(({ protocol }) => protocol !== null);
      expect(asked.map(({ protocol }) => protocol)).toEqual(asked.map(() => spoken));
      const { exchanges } = await loadCassette(path);
      const findings = exchanges.flatMap((exchange) => validateExchange(exchange, { profiles: ['tolerant', 'codex'] }));
      const cut = name === 'truncated' ? 'upstream-response' : undefined;
      expect(findings.filter(({ severity, leg }) => severity === 'error' && leg !== cut)).toEqual([]);
    });
  });
});
