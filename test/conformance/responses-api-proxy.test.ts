import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CodexHome, createCodexHome, MADE_UP_KEY } from '../../src/conformance/codex-home.ts';
import { startResponsesApiProxy } from '../../src/conformance/responses-api-proxy.ts';

let folder: string;
let home: CodexHome;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-test-'));
  const setup = { version: '0.169.0', baseUrl: 'http://127.0.0.1:1/v1', provider: 'custom', login: 'key' } as const;
  home = await createCodexHome(setup, join(folder, 'root'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(lines: string[]): Promise<string> {
  const path = join(folder, 'codex');
  await writeFile(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  await chmod(path, 0o755);
  return path;
}

describe('startResponsesApiProxy', () => {
  it('hands over key and upstream, reads the port, and ends it', async () => {
    const binary = await program([
      `echo "$* $(cat)" > ${folder}/got`,
      'echo responses-api-proxy listening on 127.0.0.1:4321 >&2',
      'exec sleep 60',
    ]);
    const proxy = await startResponsesApiProxy(binary, home, 'http://127.0.0.1:1/v1');
    expect(proxy.url).toBe('http://127.0.0.1:4321/v1');
    expect(await readFile(join(folder, 'got'), 'utf8')).toBe(
      `responses-api-proxy --upstream-url http://127.0.0.1:1/v1/responses ${MADE_UP_KEY}\n`,
    );
    await proxy.close();
  });

  it.each([
    ['ends at once', async () => program(['echo no such command >&2; exit 2']), 'no such command'],
    ['is not there', async () => join(folder, 'missing'), 'did not start'],
  ])('says when the program %s', async (_name, binary, message) => {
    await expect(startResponsesApiProxy(await binary(), home, 'http://127.0.0.1:1/v1')).rejects.toThrow(message);
  });
});
