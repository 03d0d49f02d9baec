import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runBuiltInClient } from '../../conformance/client.ts';
import { CLIENT_VERSION } from '../../conformance/client-request.ts';
import { runProcess } from '../../conformance/codex.ts';
import { runScenario } from '../../conformance/run-scenario.ts';
import { SCENARIOS } from '../../conformance/scenarios.ts';
import { TapedeckError } from '../../errors.ts';

/** The session of the demo: a command, another one, a text. */
export const DEMO_SCENARIO = SCENARIOS.tool;

/** What speaks to the gateway in the demo. */
export interface DemoClient {
  /** For people: `Codex 0.169.0`. */
  name: string;
  /** Decides what the script says. */
  version: string;
  prompt: string;
  /** Runs the session once; `problems` are sentences, empty when it ended as it should. */
  run(baseUrl: string): Promise<{ finalText: string | undefined; problems: string[] }>;
}

/** `--version` answers at once; a wrapper script that starts node needs a moment. */
const VERSION_TIMEOUT_MS = 15_000;

/**
 * The real Codex that `wanted` names or that is on the PATH; else, or for `built-in`, the built-in client.
 * @throws TapedeckError `command-not-found`, `command-not-runnable` for a `wanted` that is not a Codex
 */
export async function findClient(wanted: string | undefined, env: NodeJS.ProcessEnv, cwd: string): Promise<DemoClient> {
  if (wanted === 'built-in') return builtInClient();
  const binary = wanted ?? (await findOnPath(env));
  if (binary === undefined) return builtInClient();
  const path = env.PATH ?? '';
  const said = await runProcess(binary, ['--version'], { cwd, env: { PATH: path }, timeoutMs: VERSION_TIMEOUT_MS });
  const version = /\bcodex\S* (\d+\.\d+\.\d+\S*)/.exec(said.stdout)?.[1];
  if (version !== undefined) return realClient(binary, version, path);
  if (wanted === undefined) return builtInClient();
  throw new TapedeckError('command-not-runnable', `\`${binary} --version\` did not answer like Codex.`, {
    hint: 'Name another one with --codex, or leave it out.',
  });
}

async function findOnPath(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const name = process.platform === 'win32' ? 'codex.exe' : 'codex';
  for (const folder of (env.PATH ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}

function realClient(binary: string, version: string, path: string): DemoClient {
  return {
    name: `Codex ${version}`,
    version,
    prompt: DEMO_SCENARIO.runs(version)[0]!.prompt,
    async run(baseUrl) {
      // Codex from npm is a script that needs node, so its PATH is the user's.
      const env = { PATH: path };
      const { runs, problems } = await runScenario({ scenario: DEMO_SCENARIO, version, binary, baseUrl, env });
      const last = runs.at(-1);
      const why = problems.length > 0 ? [...problems, ...(last?.stderr.trim().split('\n').slice(-2) ?? [])] : [];
      return { finalText: last?.finalText, problems: why };
    },
  };
}

function builtInClient(): DemoClient {
  const { prompt, expect } = DEMO_SCENARIO.runs(CLIENT_VERSION)[0]!;
  return {
    name: `the built-in client, as Codex ${CLIENT_VERSION}`,
    version: CLIENT_VERSION,
    prompt,
    async run(baseUrl) {
      const { finalText, problem } = await runBuiltInClient({ baseUrl, prompt });
      const other = `said ${JSON.stringify(finalText)} instead of ${JSON.stringify(expect.text)}`;
      const problems = problem !== undefined ? [problem] : finalText === expect.text ? [] : [other];
      return { finalText, problems };
    },
  };
}
