import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export interface VitestRun {
  code: number | null;
  /** State and messages of each test, by its name. */
  tests: Record<string, { state: string; messages: string }>;
  output: string;
}

/**
 * Runs vitest in a process of its own on a project that uses the package.
 * @param env all of its environment but the path
 * @param files those whose names hold one of these; all when there is none
 */
export async function runVitest(
  project: string,
  env: Record<string, string>,
  files: readonly string[] = [],
): Promise<VitestRun> {
  const vitest = root('node_modules/vitest/vitest.mjs');
  const config = root('test/replay/vitest/example.config.ts');
  const args = [vitest, 'run', ...files, '--root', project, '--config', config, '--reporter=json'];
  const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const text = Buffer.concat(output).toString();
  return { code, tests: testsOf(text), output: text + Buffer.concat(errors).toString() };
}

interface Report {
  testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
}

function testsOf(text: string): VitestRun['tests'] {
  const start = text.indexOf('{');
  if (start < 0) return {};
  const { testResults } = JSON.parse(text.slice(start)) as Report;
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  return Object.fromEntries(
    all.map(({ title, status, failureMessages }) => [title, { state: status, messages: failureMessages.join('\n') }]),
  );
}
