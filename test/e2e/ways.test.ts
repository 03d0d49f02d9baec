import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { legOf } from '../../src/cassette/legs.ts';
import { createCodexHome } from '../../src/conformance/codex-home.ts';
import { startResponsesApiProxy } from '../../src/conformance/responses-api-proxy.ts';
import { runScenario, type ScenarioOptions, type ScenarioResult } from '../../src/conformance/run-scenario.ts';
import { SCENARIOS } from '../../src/conformance/scenarios.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { loadCassette, playSession, recordSession } from '../../src/conformance/session.ts';
import { fromUtf8 } from '../../src/util/bytes.ts';
import { headerValue } from '../../src/util/headers.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { expectPlayed, findBinaries, VERSIONS } from './helpers.ts';

let binaries: Record<string, string>;
let folder: string;

beforeAll(async () => {
  binaries = await findBinaries();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-e2e-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const scenario = SCENARIOS.tool;
const ZSTD = SCENARIOS.zstd;

type Setup = NonNullable<ScenarioOptions['setup']>;
type Run = (baseUrl: string) => Promise<ScenarioResult>;

/** Records `run` and gives what the upstream got; it is stopped when this returns. */
async function record(version: string, run: Run, script = scenario): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream({ script: script.script(version) });
  const { result, summary } = await recordSession({ upstream: upstream.url, path: join(folder, 'way.har') }, run);
  await upstream.close();
  expect(result.problems).toEqual([]);
  // The built-in provider tries WebSocket first; that it is refused is an exchange, too.
  expect(summary.exchanges).toBe(upstream.requests.length + upstream.upgrades.length);
  return upstream;
}

/** Plays the recording to `run`: same final answer, nothing missing, nothing left. */
async function play(run: Run): Promise<void> {
  expectPlayed(await playSession({ path: join(folder, 'way.har') }, run));
}

function runner(version: string, setup: Setup): Run {
  return (baseUrl) => runScenario({ scenario, version, binary: binaries[version]!, baseUrl, setup });
}

describe.each(VERSIONS)('Codex %s', (version) => {
  it('by a custom provider in config.toml', async () => {
    const run = runner(version, { provider: 'custom', login: 'key' });
    const upstream = await record(version, run);
    expect(headerValue(upstream.requests[0]!.headers, 'version')).toBeUndefined();
    await play(run);
  });

  it('by a base URL override of the built-in provider', async () => {
    const run = runner(version, { provider: 'built-in', login: 'key' });
    const upstream = await record(version, run);
    // Only the built-in provider says its version.
    expect(headerValue(upstream.requests[0]!.headers, 'version')).toBe(version);
    await play(run);
  });

  it('through codex responses-api-proxy', async () => {
    const run: Run = async (baseUrl) => {
      const home = await createCodexHome({ version, baseUrl, provider: 'custom', login: 'key' });
      const between = await startResponsesApiProxy(binaries[version]!, home, baseUrl);
      try {
        return await runner(version, {})(between.url);
      } finally {
        await between.close();
        await home.remove();
      }
    };
    const upstream = await record(version, run);
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/v1/responses', '/v1/responses', '/v1/responses']);
    await play(run);
  });

  it('by a ChatGPT login, with zstd: the cassette holds the bytes that Codex sent', async () => {
    const run: Run = (baseUrl) => runScenario({ scenario: ZSTD, version, binary: binaries[version]!, baseUrl });
    const upstream = await record(version, run, ZSTD);
    const sent = upstream.requests.find(({ endpoint }) => endpoint === 'responses')!;
    expect(headerValue(sent.headers, 'content-encoding')).toBe('zstd');

    const { exchanges } = await loadCassette(join(folder, 'way.har'));
    const exchange = exchanges.find(({ client }) => client.request.method === 'POST')!;
    for (const name of ['client-request', 'upstream-request'] as const) {
      const body = legOf(exchange, name)!.body!;
      expect(Buffer.from(body.wire!).equals(sent.raw)).toBe(true);
      expect(body.text).toBe(fromUtf8(sent.decoded!));
    }
    const facts = exchange.client.request.postData!._wire!;
    expect(facts).toMatchObject({ encodings: ['zstd'], bytes: sent.raw.length, sha256: sha256Hex(sent.raw) });
    // One frame with a window of 2 MiB that says neither its size nor a checksum.
    expect(facts.zstd).toMatchObject([{ windowSize: 2 * 1024 * 1024, contentSize: null, checksum: false }]);
    await play(run);
  });
});
