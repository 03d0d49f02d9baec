import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codexArguments, finalText, runCodex } from '../../src/conformance/codex.ts';
import {
  type CodexSetup,
  configToml,
  createCodexHome,
  isAtLeast,
  MADE_UP_KEY,
  madeUpLogin,
} from '../../src/conformance/codex-home.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const SETUP: CodexSetup = {
  version: '0.169.0',
  baseUrl: 'http://127.0.0.1:1/v1',
  provider: 'custom',
  login: 'key',
};

/** A stand-in for the binary: a shell script. */
async function program(lines: string[]): Promise<string> {
  const path = join(folder, 'codex');
  await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  await chmod(path, 0o755);
  return path;
}

describe('versions', () => {
  it.each([
    ['0.169.0', '0.169.0', true],
    ['0.113.0', '0.115.0', false],
    ['0.115.0', '0.113.9', true],
    ['1.0.0', '0.169.0', true],
    ['0.169.0-alpha.1', '0.169.0', true],
  ])('%s is at least %s: %s', (version, least, expected) => expect(isAtLeast(version, least)).toBe(expected));
});

describe('config.toml', () => {
  const lines = (setup: Partial<CodexSetup>) => configToml({ ...SETUP, ...setup }).split('\n');

  it('names a provider of its own', () => {
    expect(lines({})).toEqual([
      'model = "gpt-5.5"',
      'model_provider = "tapedeck"',
      '',
      '[model_providers.tapedeck]',
      'name = "Tapedeck"',
      'base_url = "http://127.0.0.1:1/v1"',
      'wire_api = "responses"',
      'env_key = "OPENAI_API_KEY"',
      '',
    ]);
  });

  it('overrides the base URL of the built-in provider', () => {
    expect(lines({ provider: 'built-in', login: 'chatgpt' })).toEqual([
      'model = "gpt-5.5"',
      'openai_base_url = "http://127.0.0.1:1/v1"',
      '',
    ]);
  });

  it('takes the login for a provider of its own', () => {
    expect(lines({ login: 'chatgpt', providerName: 'OpenAI' })).toContain('requires_openai_auth = true');
    expect(lines({ login: 'chatgpt', providerName: 'OpenAI' })).toContain('name = "OpenAI"');
  });

  it('leaves tools out by the names that the version has for them', () => {
    expect(lines({ slim: true })).toContain('[agents]');
    expect(lines({ slim: true, version: '0.122.0' })).toContain('multi_agent = false');
  });

  it('takes further settings, and a model that the version knows', () => {
    const text = configToml({ ...SETUP, version: '0.113.0', settings: { model_auto_compact_token_limit: 1000 } });
    expect(text).toContain('model_auto_compact_token_limit = 1000\n');
    expect(text).toContain('model = "gpt-5.1-codex"\n');
  });
});

describe('home', () => {
  it('holds everything and goes away', async () => {
    const root = join(folder, 'root');
    const home = await createCodexHome({ ...SETUP, login: 'chatgpt' }, root);
    expect(home.workspace).toBe(join(root, 'workspace'));
    expect(existsSync(join(root, 'codex-home', 'config.toml'))).toBe(true);
    expect((await stat(join(root, 'codex-home', 'auth.json'))).mode & 0o077).toBe(0);
    expect(home.env).not.toHaveProperty('OPENAI_API_KEY');
    await home.remove();
    expect(existsSync(root)).toBe(false);
  });

  it('sets the environment where the version reads no setting', async () => {
    const old = await createCodexHome({ ...SETUP, version: '0.113.0', provider: 'built-in' }, join(folder, 'old'));
    expect(old.env).toMatchObject({ OPENAI_BASE_URL: SETUP.baseUrl, CODEX_API_KEY: MADE_UP_KEY });
    const newer = await createCodexHome({ ...SETUP, provider: 'built-in' }, join(folder, 'new'));
    expect(newer.env).not.toHaveProperty('OPENAI_BASE_URL');
  });

  it('makes up a login that has not expired', () => {
    const now = new Date('2026-11-21T00:00:00Z');
    const { tokens, last_refresh } = JSON.parse(madeUpLogin(now));
    const claims = JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url').toString());
    expect(claims.exp).toBeGreaterThan(now.getTime() / 1000);
    expect(claims['https://api.openai.com/auth'].chatgpt_account_id).toBe(tokens.account_id);
    expect(last_refresh).toBe(now.toISOString());
  });
});

describe('run', () => {
  it('puts the prompt before arguments that take several values', () => {
    expect(codexArguments({ prompt: 'look', args: ['-i', 'a.png'], resume: true })).toEqual([
      'exec',
      'resume',
      '--last',
      '--skip-git-repo-check',
      '--dangerously-bypass-approvals-and-sandbox',
      '--json',
      'look',
      '-i',
      'a.png',
    ]);
  });

  it('runs in the home, with an empty input, and reads the events', async () => {
    const binary = await program([
      'cat; echo warning: not json; echo "{broken"',
      `echo '{"type":"item.completed","item":{"type":"agent_message","text":"first"}}'`,
      `printf '{"type":"item.completed","item":{"type":"agent_message","text":"%s|%s|%s"}}\\n' "$PWD" "$CODEX_HOME" "$MORE"`,
      'echo problem >&2; exit 3',
    ]);
    const home = await createCodexHome(SETUP, join(folder, 'root'));
    const run = await runCodex({ binary, home, prompt: 'x', env: { MORE: 'more' } });
    expect(run).toMatchObject({ code: 3, timedOut: false, stderr: 'problem\n' });
    expect(run.events).toHaveLength(2);
    expect(run.finalText).toBe(`${home.workspace}|${home.env.CODEX_HOME}|more`);
  });

  it('kills the run and its children when the time is over', async () => {
    const binary = await program([`sh -c 'echo $$ > ${folder}/child; exec sleep 60' & wait`]);
    const home = await createCodexHome(SETUP, join(folder, 'root'));
    const run = await runCodex({ binary, home, prompt: 'x', timeoutMs: 1500 });
    expect(run).toMatchObject({ code: null, timedOut: true, finalText: undefined });
    const child = Number(await readFile(join(folder, 'child'), 'utf8'));
    // The pipes are closed, so the child is dead; it may still be a zombie that answers signals until init has seen it.
    const state = await readFile(`/proc/${child}/stat`, 'utf8').catch(() => ') Z');
    expect(state.split(') ')[1]?.[0]).toBe('Z');
  });

  it.each([
    ['is not there', 'missing', 'command-not-found'],
    ['may not be run', 'instructions', 'command-not-runnable'],
  ])('says when the binary %s', async (_name, file, code) => {
    await writeFile(join(folder, 'instructions'), 'text');
    const home = await createCodexHome(SETUP, join(folder, 'root'));
    await expect(runCodex({ binary: join(folder, file), home, prompt: 'x' })).rejects.toMatchObject({ code });
  });

  it('finds the last message of the agent', () => {
    expect(finalText([{ type: 'turn.completed' }])).toBeUndefined();
  });
});
