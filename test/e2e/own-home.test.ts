import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { overrideCodex } from '../../src/cli/codex-overrides.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { findBinaries, VERSIONS } from './helpers.ts';

let binaries: Record<string, string>;
let home: string;
/** Where Codex is sent, and where its config points. */
let here: ScriptedUpstream;
let there: ScriptedUpstream;

beforeAll(async () => {
  binaries = await findBinaries();
});

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'tapedeck-own-'));
  [here, there] = await Promise.all([startScriptedUpstream(), startScriptedUpstream()]);
});

afterEach(async () => {
  await Promise.all([here.close(), there.close(), rm(home, { recursive: true, force: true })]);
});

function provider(name: string): string {
  const fields = { name, base_url: there.url, env_key: 'OWN_KEY', wire_api: 'responses' };
  const lines = Object.entries(fields).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return [`[model_providers.${name}]`, ...lines, ''].join('\n');
}

/** Runs `codex exec` with the overrides of `--codex-home own`. */
async function run(version: string, args: string[]): Promise<void> {
  const all = await overrideCodex(['exec', '--skip-git-repo-check', ...args, 'hi'], here.url, home);
  expect(all.elsewhere).toBeUndefined();
  const env = { PATH: process.env.PATH, HOME: home, CODEX_HOME: home, OWN_KEY: 'made-up', NO_PROXY: '127.0.0.1' };
  const child = spawn(binaries[version]!, all.args, { env, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  expect(code, said).toBe(0);
  expect(there.requests).toEqual([]);
  expect(here.requests.some(({ endpoint }) => endpoint === 'responses')).toBe(true);
}

const TWO = (more: string) => ['model_provider = "top"', more, provider('top'), provider('other'), ''].join('\n');

describe.each(VERSIONS)('Codex %s with a home of its own', (version) => {
  it.each<[string, string[]]>([
    ['the provider of its config', []],
    ['another one by -c', ['-c', 'model_provider="other"']],
  ])('is sent here with %s', async (_, args) => {
    await writeFile(join(home, 'config.toml'), TWO(''));
    await run(version, args);
  });

  it('is sent here with the provider of a profile', async () => {
    if (version === '0.169.0') {
      await writeFile(join(home, 'config.toml'), TWO(''));
      await writeFile(join(home, 'x.config.toml'), `model_provider = "third"\n${provider('third')}`);
      await run(version, ['--profile', 'x']);
      return;
    }
    await writeFile(join(home, 'config.toml'), `${TWO('profile = "x"')}[profiles.x]\nmodel_provider = "other"\n`);
    await run(version, []);
  });
});
