import { access, chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareGateway } from '../../../src/conformance/gateways/prepare.ts';

const UPSTREAM = 'http://127.0.0.1:9/v1';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-test-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that answers with its environment, and with what stands in its configuration. */
async function program(): Promise<string> {
  const path = join(folder, 'gateway');
  const lines = [
    `#!${process.execPath}`,
    "const { readFileSync } = require('node:fs');",
    "const { createServer } = require('node:http');",
    'const { HOME, CODEX_HOME, MADE_UP_SECRET, PORT } = process.env;',
    "const config = readFileSync('config/config.yaml', 'utf8');",
    'const body = JSON.stringify({ HOME, CODEX_HOME, MADE_UP_SECRET, config });',
    "createServer((_, response) => response.end(body)).listen(Number(PORT), '127.0.0.1');",
  ];
  await writeFile(path, lines.join('\n'));
  await chmod(path, 0o755);
  return path;
}

describe('a gateway of the descriptions', () => {
  it('runs in a folder and an environment of its own, in front of the provider that it is given', async () => {
    const env = { ...process.env, MADE_UP_SECRET: 'made up' };
    const prepared = await prepareGateway('gomodel', { bin: await program(), cacheDir: folder, env });
    expect(prepared).toMatchObject({ name: 'gomodel', key: 'tapedeck-made-up-client' });
    expect(prepared.models).toContain('chat/gpt-5.5');
    const running = await prepared.launch(UPSTREAM);
    const told = await fetch(running.url).then((response) => response.json() as Promise<Record<string, string>>);
    await running.stop();
    expect(told.config).toContain(`base_url: "${UPSTREAM}"`);
    expect(told).toMatchObject({ CODEX_HOME: join(told.HOME!, '.codex') });
    expect(told.MADE_UP_SECRET).toBeUndefined();
    expect(told.HOME).not.toBe(process.env.HOME);
    await expect(access(told.HOME!)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('has to be given where no registry has it', async () => {
    await expect(prepareGateway('gomodel', { cacheDir: folder })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('--bin'),
    });
  });

  it('has to be a program', async () => {
    await expect(prepareGateway('gomodel', { cacheDir: folder, bin: `${folder}/none` })).rejects.toMatchObject({
      code: 'command-not-found',
    });
  });
});
