import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** What a project that uses the package has installed; the types of our other dependencies are not among it. */
const INSTALLED = ['@pollyjs', '@types/node', 'openai', 'undici', 'vitest', 'ws'];

let project: string;
beforeAll(async () => {
  // Not below the repository, whose packages would be found as well.
  project = await mkdtemp(join(tmpdir(), 'public-types-'));
  const home = join(project, 'node_modules');
  await mkdir(join(home, '@types'), { recursive: true });
  for (const name of INSTALLED) await symlink(join(ROOT, 'node_modules', name), join(home, name));
  const own = join(home, 'codex-tapedeck');
  await mkdir(own);
  await cp(join(ROOT, 'package.json'), join(own, 'package.json'));
  await tsc(ROOT, '-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', join(own, 'dist'));
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        skipLibCheck: false,
        noEmit: true,
        target: 'es2023',
        module: 'nodenext',
        moduleDetection: 'force',
        types: ['node'],
      },
      include: ['*.mts'],
    }),
  );
}, 60_000);
afterAll(() => rm(project, { recursive: true, force: true }));

async function tsc(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [TSC, ...args], { cwd }).catch((error: { stdout: string }) => error);
  return stdout;
}

test('what is exported, and the samples of docs/polly.md, fit a strict project that checks the types of its packages', async () => {
  const { exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const entries = Object.keys(exports).filter((name) => !name.endsWith('.json'));
  const imports = entries.map((name, at) => `export * as e${at} from 'codex-tapedeck${name.slice(1)}';`);
  await writeFile(join(project, 'entries.mts'), imports.join('\n'));
  const docs = await readFile(join(ROOT, 'docs', 'polly.md'), 'utf8');
  const samples = [...docs.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  expect(samples.length).toBeGreaterThanOrEqual(3);
  for (const [at, code] of samples.entries()) await writeFile(join(project, `sample-${at + 1}.mts`), code);
  // What this test is to find: types that the project does not have.
  await writeFile(join(project, 'untyped.mts'), "export type { WebSocket } from 'ws';\n");
  const errors = (await tsc(project, '-p', 'tsconfig.json')).split('\n').filter((line) => line.includes(': error TS'));
  expect(errors).toEqual([expect.stringMatching(/^untyped\.mts\(1,\d+\): error TS7016: /)]);
}, 60_000);
