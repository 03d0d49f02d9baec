import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CodexRun, runCodex } from './codex.ts';
import { type CodexHome, type CodexSetup, createCodexHome } from './codex-home.ts';
import type { Scenario } from './scenarios.ts';

export interface ScenarioOptions {
  scenario: Scenario;
  version: string;
  binary: string;
  /** What Codex is pointed at. */
  baseUrl: string;
  /** What differs from the scenario's own setup. */
  setup?: Partial<CodexSetup>;
  /** Folder of the home, see `createCodexHome`. */
  root?: string;
  /** Added to the environment of each run. */
  env?: Record<string, string>;
}

export interface ScenarioResult {
  runs: CodexRun[];
  /** What was not as the scenario says, one sentence each; empty: all was. */
  problems: string[];
}

/** Runs the real Codex through all runs of a scenario, in one home that is removed at the end. */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioResult> {
  const { scenario, version, baseUrl } = options;
  const setup: CodexSetup = {
    provider: 'custom',
    login: 'key',
    ...scenario.setup,
    ...options.setup,
    version,
    baseUrl,
  };
  const home = await createCodexHome(setup, options.root);
  try {
    for (const [name, bytes] of Object.entries(scenario.files ?? {}))
      await writeFile(join(home.workspace, name), bytes);
    return await runAll(options, home);
  } finally {
    await home.remove();
  }
}

async function runAll(options: ScenarioOptions, home: CodexHome): Promise<ScenarioResult> {
  const { scenario, version, binary, env } = options;
  const result: ScenarioResult = { runs: [], problems: [] };
  for (const [i, { expect, ...run }] of scenario.runs(version).entries()) {
    const done = await runCodex({ ...run, binary, home, ...(env ? { env } : {}) });
    result.runs.push(done);
    const place = `${scenario.name}, Codex ${version}, run ${i + 1}`;
    if (done.timedOut) result.problems.push(`${place}: did not end in time`);
    if (done.code !== expect.code) result.problems.push(`${place}: exit code ${done.code} instead of ${expect.code}`);
    if (done.finalText !== expect.text)
      result.problems.push(
        `${place}: said ${JSON.stringify(done.finalText)} instead of ${JSON.stringify(expect.text)}`,
      );
  }
  return result;
}
