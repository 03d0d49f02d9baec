import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isOverWebSocket } from '../../src/cassette/messages.ts';
import { createRedactor } from '../../src/cassette/redact.ts';
import { createForwarder } from '../../src/cli/play-forward.ts';
import { runScenario, type ScenarioResult } from '../../src/conformance/run-scenario.ts';
import { SCENARIOS, type ScenarioName } from '../../src/conformance/scenarios.ts';
import type { ScriptStep } from '../../src/conformance/script.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { loadCassette, playSession, recordSession } from '../../src/conformance/session.ts';
import { startPlayer } from '../../src/replay/player.ts';
import { validateExchange } from '../../src/validate/exchange.ts';
import { expectPlayed, expectWhole, findBinaries } from './helpers.ts';

/** The built-in provider tries WebSocket first from 0.116 on. */
const SOCKET_VERSIONS = ['0.122.0', '0.169.0'] as const;

let binaries: Record<string, string>;
let folder: string;

beforeAll(async () => {
  binaries = await findBinaries();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-e2e-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function run(version: string, name: ScenarioName, baseUrl: string, root: string): Promise<ScenarioResult> {
  const setup = { provider: 'built-in', login: 'key' } as const;
  return runScenario({ scenario: SCENARIOS[name], version, binary: binaries[version]!, baseUrl, setup, root });
}

describe.each(SOCKET_VERSIONS)('Codex %s with its built-in provider', (version) => {
  it.each<ScenarioName>(['text', 'tool', 'parallel'])('speaks WebSocket through the recorder: %s', async (name) => {
    const upstream = await startScriptedUpstream({ script: SCENARIOS[name].script(version), websocket: 'accept' });
    const path = join(folder, 'session.har');
    const recorded = await recordSession({ upstream: upstream.url, path }, (url) =>
      run(version, name, url, join(folder, 'recorded')),
    );
    await upstream.close();
    expect(recorded.result.problems).toEqual([]);
    expect(upstream.upgrades).toHaveLength(1);
    expect(upstream.requests.filter(({ method }) => method === 'POST')).toEqual([]);

    const { exchanges } = await loadCassette(path);
    const turns = exchanges.filter(({ client }) => isOverWebSocket(client));
    // The first one generates nothing: it warms the connection up.
    expect(turns).toHaveLength(upstream.requests.filter(({ endpoint }) => endpoint === 'responses').length + 1);
    expectWhole(recorded.summary, exchanges.length);
    expect(new Set(turns.map(({ client }) => client._connection)).size).toBe(1);
    expect(turns.at(-1)!.client._webSocketClose).toMatchObject({ by: 'client' });
    const findings = exchanges.flatMap((exchange) => validateExchange(exchange, { profiles: ['tolerant', 'codex'] }));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);

    const played = await playSession({ path }, (url) => run(version, name, url, join(folder, 'played/elsewhere')));
    expectPlayed(played);
    expect(played.result.runs.map(({ code, finalText }) => [code, finalText])).toEqual(
      recorded.result.runs.map(({ code, finalText }) => [code, finalText]),
    );
  });

  it('falls back to HTTP on one 426, through the recorder as directly', async () => {
    const direct = await timeToFirstPost(version, 'refuse', (url) => run(version, 'text', url, join(folder, 'direct')));
    const path = join(folder, 'refused.har');
    const through = await timeToFirstPost(version, 'refuse', async (upstream) => {
      const recorded = await recordSession({ upstream, path }, (url) => run(version, 'text', url, join(folder, 'run')));
      return recorded.result;
    });
    report(version, 'refused', through.ms, direct.ms);
    expect(through.result.problems).toEqual([]);
    expect(through.upstream.upgrades).toHaveLength(1);
    expect(direct.upstream.upgrades).toHaveLength(1);
    const { exchanges } = await loadCassette(path);
    const upgrades = exchanges.filter(({ client }) =>
      client.request.headers.some(({ name }) => /^upgrade$/i.test(name)),
    );
    expect(upgrades.map(({ client, outcome }) => [client.response.status, outcome])).toEqual([[426, 'complete']]);

    const played = await playSession({ path }, (url) => run(version, 'text', url, join(folder, 'played')));
    expectPlayed(played);
  });

  it('falls back to HTTP after one limit when the upstream never answers the upgrade', async () => {
    const through = await timeToFirstPost(version, 'hang', async (upstream) => {
      const path = join(folder, 'hung.har');
      const recorded = await recordSession({ upstream, path }, (url) => run(version, 'text', url, join(folder, 'run')));
      return recorded.result;
    });
    report(version, 'never answered', through.ms, undefined);
    expect(through.result.problems).toEqual([]);
    expect(through.upstream.upgrades).toHaveLength(1);
  });

  it('misses when the prompt is another one', async () => {
    const upstream = await startScriptedUpstream({ script: SCENARIOS.text.script(version), websocket: 'accept' });
    const path = join(folder, 'session.har');
    await recordSession({ upstream: upstream.url, path }, (url) => run(version, 'text', url, join(folder, 'recorded')));
    await upstream.close();
    const played = await playSession({ path }, (url) => run(version, 'parallel', url, join(folder, 'played')));
    expect(played.misses.length).toBeGreaterThan(0);
    expect(played.result.runs[0]!.code).toBe(1);
  });
});

it('Codex 0.169.0 goes on live where the cassette has no recording', async () => {
  const version = '0.169.0';
  const recorded = await startScriptedUpstream({ script: SCENARIOS.text.script(version), websocket: 'accept' });
  const path = join(folder, 'session.har');
  await recordSession({ upstream: recorded.url, path }, (url) => run(version, 'text', url, join(folder, 'recorded')));
  await recorded.close();

  const upstream = await startScriptedUpstream({ script: SCENARIOS.tool.script(version), websocket: 'accept' });
  const { forward, forwardSocket, close } = createForwarder(path, { upstream: upstream.url }, []);
  const { exchanges } = await loadCassette(path);
  const fixed = { as: 'gateway', match: 'shape', repeat: 'none', speed: 'instant' } as const;
  const player = await startPlayer({ exchanges, ...fixed, redactor: createRedactor(), forward, forwardSocket });
  const result = await run(version, 'tool', player.url, join(folder, 'played'));
  await player.close();
  const summary = await close();
  await upstream.close();
  expect(result.problems).toEqual([]);
  // The recorded prewarm is played; the turn that goes on from it is lost on the upstream, and then asked anew as a whole.
  expect([player.served, player.misses.length]).toEqual([1, 0]);
  expect(player.forwarded).toBeGreaterThan(2);
  expectWhole(summary!, player.forwarded);
  const live = (await loadCassette(summary!.path)).exchanges;
  expect(live.every(({ client }) => isOverWebSocket(client))).toBe(true);
});

interface Timed {
  ms: number;
  upstream: ScriptedUpstream;
  result: ScenarioResult;
}

/** Milliseconds from the start of Codex to its first POST at the upstream. */
async function timeToFirstPost(
  version: string,
  websocket: 'refuse' | 'hang',
  use: (url: string) => Promise<ScenarioResult>,
): Promise<Timed> {
  let first = 0;
  const [step] = SCENARIOS.text.script(version) as [ScriptStep];
  const timed: ScriptStep = {
    ...step,
    answer(request, context) {
      first = performance.now();
      return typeof step.answer === 'function' ? step.answer(request, context) : step.answer;
    },
  };
  const upstream = await startScriptedUpstream({ script: [timed], websocket });
  const started = performance.now();
  const result = await use(upstream.url);
  await upstream.close();
  return { ms: first - started, upstream, result };
}

function report(version: string, what: string, through: number, direct: number | undefined): void {
  const beside = direct === undefined ? '' : `, directly ${Math.round(direct)} ms`;
  process.stdout.write(`Codex ${version}, upgrade ${what}: first POST after ${Math.round(through)} ms${beside}\n`);
}
