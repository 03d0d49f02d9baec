import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientEnvironment, runClient } from '../../src/cli/run-client.ts';
import { captureIo } from '../helpers/capture-io.ts';

const URL = 'http://127.0.0.1:4321/v1';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-client-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = (command: string[], options: { codexHome?: string; env?: NodeJS.ProcessEnv } = {}) => {
  const io = captureIo({ cwd: folder });
  const env = { PATH: process.env.PATH, HOME: folder, ...options.env };
  const result = runClient({ command, url: URL, port: 4321, io, codexHome: options.codexHome ?? 'isolated', env });
  return { io, result };
};

/** A command that writes what it was given, and its environment, to a file. */
async function reporter(name = 'report'): Promise<string> {
  const path = join(folder, name);
  const script = `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const home = process.env.CODEX_HOME;
let config; try { config = readFileSync(home + '/config.toml', 'utf8'); } catch {}
writeFileSync(${JSON.stringify(join(folder, 'report.json'))}, JSON.stringify({ args: process.argv.slice(2), env: process.env, config }));
`;
  await writeFile(path, script);
  await chmod(path, 0o755);
  return path;
}
const report = async () => JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));

describe('exit codes', () => {
  test('the own code of the command is the result', async () => {
    expect(await run([process.execPath, '-e', 'process.exit(42)']).result).toBe(42);
  });
  test('a signal counts 128 and its number', async () => {
    expect(await run([process.execPath, '-e', 'process.kill(process.pid, "SIGKILL")']).result).toBe(137);
  });
  test('a command that does not exist is 127 and said', async () => {
    await expect(run(['no-such-command-anywhere']).result).rejects.toMatchObject({
      code: 'command-not-found',
      exitCode: 127,
      message: 'no-such-command-anywhere: command not found',
    });
  });
  test('a file that is not executable is 126', async () => {
    const path = join(folder, 'plain.txt');
    await writeFile(path, 'x');
    await expect(run([path]).result).rejects.toMatchObject({ code: 'command-not-runnable', exitCode: 126 });
  });
});

test('a home that cannot be made is said, with what to do', async () => {
  await writeFile(join(folder, 'file'), '');
  const { result } = run(['true'], { env: { XDG_CACHE_HOME: join(folder, 'file') } });
  await expect(result).rejects.toMatchObject({ code: 'output-failed', hint: expect.stringMatching(/XDG_CACHE_HOME/) });
});

describe('environment', () => {
  test('every client that we know is pointed here, with dummy keys where the user has none', () => {
    const env = clientEnvironment({ PATH: '/bin', NO_PROXY: 'corp.example' }, URL, true);
    expect(env).toMatchObject({
      PATH: '/bin',
      OPENAI_BASE_URL: URL,
      OPENAI_API_KEY: 'tapedeck-no-key',
      CODEX_API_KEY: 'tapedeck-no-key',
      ANTHROPIC_BASE_URL: 'http://127.0.0.1:4321',
      ANTHROPIC_API_KEY: 'tapedeck-no-key',
      NO_PROXY: 'corp.example,127.0.0.1,localhost',
    });
  });
  test("the user's own keys stay, and Codex gets the OpenAI one", () => {
    const env = clientEnvironment({ OPENAI_API_KEY: 'mine', ANTHROPIC_AUTH_TOKEN: 'token' }, URL, true);
    expect(env).toMatchObject({ OPENAI_API_KEY: 'mine', CODEX_API_KEY: 'mine', ANTHROPIC_AUTH_TOKEN: 'token' });
    expect(env).not.toHaveProperty('ANTHROPIC_API_KEY');
  });
  test('a home of the user gets no CODEX_API_KEY, which would beat a ChatGPT login', () => {
    expect(clientEnvironment({}, URL, false)).not.toHaveProperty('CODEX_API_KEY');
  });
});

describe('CODEX_HOME', () => {
  test('isolated: a temporary home that points here, gone afterwards', async () => {
    const command = await reporter();
    expect(await run([command, '{url}', 'p{port}']).result).toBe(0);
    const { args, env, config } = await report();
    expect(args).toEqual([URL, 'p4321']);
    expect(config).toContain(`base_url = "${URL}"`);
    expect(config).toContain('env_key = "OPENAI_API_KEY"');
    expect(existsSync(env.CODEX_HOME)).toBe(false);
  });
  test('own: Codex keeps its home and gets its built-in provider overridden', async () => {
    const command = await reporter('codex');
    await run([command, 'exec', 'hi'], { codexHome: 'own' }).result;
    const { args, env } = await report();
    expect(args).toEqual(['-c', `openai_base_url="${URL}"`, 'exec', 'hi']);
    expect(env).not.toHaveProperty('CODEX_HOME');
  });
  test('own: so are the providers that the config defines', async () => {
    const command = await reporter('codex');
    await mkdir(join(folder, '.codex'));
    await writeFile(join(folder, '.codex', 'config.toml'), 'model_provider = "gw"\n[model_providers.gw]\nname = "G"\n');
    await run([command, 'exec'], { codexHome: 'own' }).result;
    const overrides = ['-c', `openai_base_url="${URL}"`, '-c', `model_providers.gw.base_url="${URL}"`];
    expect((await report()).args).toEqual([...overrides, 'exec']);
  });
  test('own: a provider that cannot be sent here is warned of', async () => {
    const command = await reporter('codex');
    const { io, result } = run([command, 'exec', '--oss'], { codexHome: 'own' });
    await result;
    expect(io.err()).toContain('warning  Codex takes the built-in provider --oss, which cannot be sent here');
  });
  test('own: another command gets no overrides', async () => {
    const command = await reporter('claude');
    await run([command, '-p', 'hi'], { codexHome: 'own' }).result;
    expect((await report()).args).toEqual(['-p', 'hi']);
  });
  test('a folder is used as it is', async () => {
    const command = await reporter('codex');
    const home = join(folder, 'home');
    await mkdir(home);
    await run([command], { codexHome: home }).result;
    const { args, env } = await report();
    expect(env.CODEX_HOME).toBe(home);
    expect(args).toEqual(['-c', `openai_base_url="${URL}"`]);
  });
});
