import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answerTurn } from '../../src/conformance/provider/default-answer.ts';
import { runScenario, type ScenarioResult } from '../../src/conformance/run-scenario.ts';
import { SCENARIOS, type ScenarioName } from '../../src/conformance/scenarios.ts';
import type { EventsAnswer, ScriptStep } from '../../src/conformance/script.ts';
import { startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { loadCassette, type Played, playSession, recordSession } from '../../src/conformance/session.ts';
import { validateExchange } from '../../src/validate/exchange.ts';
import { expectPlayed, expectWhole, findBinaries, VERSIONS } from './helpers.ts';

let binaries: Record<string, string>;
let folder: string;

beforeAll(async () => {
  binaries = await findBinaries();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-e2e-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

interface Case {
  version: string;
  name: ScenarioName;
  /** What the cassette is called. */
  path: string;
}

function run({ version, name }: Case, baseUrl: string, root: string, env: Record<string, string>) {
  return runScenario({ scenario: SCENARIOS[name], version, binary: binaries[version]!, baseUrl, root, env });
}

/** Records with everything that Codex offers by default; the upstream is stopped when this returns. */
async function record(
  recorded: Case,
  env: Record<string, string> = {},
  script = SCENARIOS[recorded.name].script(recorded.version),
): Promise<ScenarioResult> {
  const { path } = recorded;
  const upstream = await startScriptedUpstream({ script });
  const options = { upstream: upstream.url, path };
  const { result, summary } = await recordSession(options, (url) => run(recorded, url, join(folder, 'recorded'), env));
  expectWhole(summary, upstream.requests.length);
  await upstream.close();
  return result;
}

/** Plays to a run in another home and directory. */
function play(played: Case, env: Record<string, string> = {}): Promise<Played<ScenarioResult>> {
  return playSession({ path: played.path }, (url) => run(played, url, join(folder, 'played/elsewhere'), env));
}

function expectSame(recorded: ScenarioResult, played: Played<ScenarioResult>): void {
  expect(recorded.problems).toEqual([]);
  expectPlayed(played);
  expect(played.result.runs.map(({ code, finalText }) => [code, finalText])).toEqual(
    recorded.runs.map(({ code, finalText }) => [code, finalText]),
  );
}

/** The dates that Codex told the model, in the order of the file. */
async function datesIn(path: string): Promise<string[]> {
  return [...(await readFile(path, 'utf8')).matchAll(/<current_date>([\d-]+)</g)].map(([, date]) => date!);
}

describe.each(VERSIONS)('Codex %s', (version) => {
  describe.each<ScenarioName>(['text', 'tool'])('%s turn', (name) => {
    const at = (file: string): Case => ({ version, name, path: join(folder, file) });

    it('gives the same final answer when it is played with the upstream stopped', async () => {
      const recorded = await record(at('session.har'));
      expectSame(recorded, await play(at('session.har')));
    });

    it('records what validates under tolerant and codex', async () => {
      await record(at('session.har'));
      const { exchanges } = await loadCassette(join(folder, 'session.har'));
      expect(exchanges).toHaveLength(name === 'tool' ? 3 : 1);
      const findings = exchanges.flatMap((exchange) => validateExchange(exchange, { profiles: ['tolerant', 'codex'] }));
      expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    });

    it('plays a day later: the recording is made a day older', async () => {
      const recorded = await record(at('session.har'));
      const text = await readFile(join(folder, 'session.har'), 'utf8');
      const older = text
        .replace(/(?<=<current_date>)[\d-]+/g, (date) => dayBefore(date))
        .replace(/(?<=turn_started_at_unix_ms\\*":)\d+/g, (ms) => String(Number(ms) - 86_400_000));
      expect(older).not.toBe(text);
      await writeFile(join(folder, 'older.har'), older);
      expectSame(recorded, await play(at('older.har')));
    });

    it('plays on another date and in another time zone: 26 hours lie between the two clocks on the wall', async () => {
      // The binaries are static, so no library can move their clock; their local date can be moved by the time zone.
      const recorded = await record(at('session.har'), { TZ: 'Etc/GMT+12' });
      const played = await playAndRecord(at('session.har'), { TZ: 'Pacific/Kiritimati' });
      expectSame(recorded, played);
      const [before] = await datesIn(join(folder, 'session.har'));
      const [after] = await datesIn(join(folder, 'again.har'));
      expect(before! < after!).toBe(true);
    });
  });

  it('closes its connection at response.completed, and what was recorded of that plays as well', async () => {
    const text: Case = { version, name: 'text', path: join(folder, 'session.har') };
    const open: ScriptStep = {
      answer(request, context) {
        const items = [{ type: 'message', text: SCENARIOS.text.runs(version)[0]!.expect.text! } as const];
        return { ...(answerTurn({ items })(request, context) as EventsAnswer), ending: 'open' };
      },
    };
    const recorded = await record(text, {}, [open]);
    const { exchanges } = await loadCassette(text.path);
    // Nothing was cut short: the last event had been read.
    expect(exchanges.map(({ outcome, client }) => [outcome, client._end?.by])).toEqual([['complete', 'client']]);
    expectSame(recorded, await play(text));
  });

  it('misses, and ends badly, when the prompt is another one', async () => {
    const text: Case = { version, name: 'text', path: join(folder, 'session.har') };
    await record(text);
    const played = await play({ ...text, name: 'parallel' });
    expect(played.misses.length).toBeGreaterThan(0);
    expect(played.result.runs[0]!.code).toBe(1);
    expect(played.leftovers).toHaveLength(1);
  });
});

/** Plays through a second recording, which shows what the second run sent. */
function playAndRecord(played: Case, env: Record<string, string>): Promise<Played<ScenarioResult>> {
  return playSession({ path: played.path }, async (upstream) => {
    const again = await recordSession({ upstream, path: join(folder, 'again.har') }, (url) =>
      run(played, url, join(folder, 'played/elsewhere'), env),
    );
    return again.result;
  });
}

function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}
