import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRealClients } from '../../../src/cli/conformance/real-clients.ts';
import { captureIo } from '../../helpers/capture-io.ts';
import { temporaryFolder } from '../../helpers/cassette-files.ts';
import { conformance } from './kit.ts';

async function clientsOf(args: Record<string, unknown>, cwd = temporaryFolder()): Promise<(string | undefined)[]> {
  const { checks } = await readRealClients(args as never, captureIo({ cwd }));
  return [...new Set(checks.map(({ client }) => client))];
}

function program(...lines: string[]): string {
  const path = join(temporaryFolder(), 'codex');
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
  return path;
}

describe('real clients of a command line', () => {
  it('are none by default', async () => expect(await clientsOf({})).toEqual([]));

  it('are named with commas or by repeating the flag', async () => {
    expect(
      await clientsOf({ codex: ['0.113.0, 0.169.0', '0.169.0'], client: ['claude-code@2.1.0,openai-sdk'] }),
    ).toEqual(['Codex 0.113.0', 'Codex 0.169.0', 'Claude Code 2.1.0', 'openai 7.55.0']);
  });

  it.skipIf(process.platform === 'win32')('may be a binary, which is asked for its version', async () => {
    expect(await clientsOf({ 'codex-bin': [program('echo codex-cli 0.170.1')] })).toEqual(['Codex 0.170.1']);
    await expect(clientsOf({ 'codex-bin': [program('echo hello')] })).rejects.toMatchObject({ code: 'usage' });
    await expect(clientsOf({ 'codex-bin': ['nowhere'] })).rejects.toMatchObject({ code: 'command-not-found' });
  });

  it.each([
    [{ codex: ['latest'] }, '--codex latest is no version.'],
    [{ client: ['curl'] }, '--client curl is no client that can be run.'],
    [{ client: ['openai-sdk@next'] }, '--client openai-sdk@next is no client that can be run.'],
    [{ client: ['toString'] }, '--client toString is no client that can be run.'],
  ])('%j is refused', async (args, message) => {
    await expect(clientsOf(args)).rejects.toMatchObject({ code: 'usage', message });
  });
});

describe('the command', () => {
  it('lists each check of a real client once', async () => {
    const cwd = temporaryFolder();
    const { code, out } = await conformance(['--list', '--codex', '0.113.0,0.169.0', '--filter', 'codex.real.'], {
      cwd,
    });
    expect(code).toBe(0);
    expect(out.match(/codex\.real\.text\b/g)).toHaveLength(1);
  });

  it('wants a hermetic run for them', async () => {
    const cwd = temporaryFolder();
    const { code, err } = await conformance(['http://127.0.0.1:1/v1', '--client', 'openai-sdk'], { cwd });
    expect(code).toBe(2);
    expect(err).toContain('--client does nothing without --hermetic');
  });
});
