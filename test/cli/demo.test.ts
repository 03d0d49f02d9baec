import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCassette } from '../../src/cassette/store.ts';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tapedeck-test-'));
});

afterEach(() => rm(cwd, { recursive: true, force: true }));

/** Puts a `codex` of our own on the PATH. */
async function fakeCodex(lines: string[]): Promise<string> {
  await writeFile(join(cwd, 'codex'), ['#!/bin/sh', ...lines, ''].join('\n'));
  await chmod(join(cwd, 'codex'), 0o755);
  return `${cwd}:/usr/bin:/bin`;
}

const ANSWER = 'The name is tapedeck and has 8 letters.';

describe('demo', () => {
  it('records, validates and plays with the built-in client, and says what to look at', async () => {
    const io = captureIo({ cwd, env: { PATH: '' } });
    expect(await run(['demo'], io)).toBe(0);
    const out = io.out();
    expect(out).toMatch(/ok {6}record {4}the built-in client.*3 exchanges/);
    expect(out).toMatch(/ok {6}validate {2}12 legs under tolerant and codex: 0 errors/);
    expect(out).toMatch(/ok {6}play {6}.*3 requests answered from the cassette/);
    expect(out).toContain(ANSWER);
    expect(out).toContain('  tapedeck show cassettes/demo-1.har  ');
    expect(out).not.toContain('\u001b');
    const cassette = await openCassette(join(cwd, 'cassettes/demo-1.har'), { pristine: true });
    expect(cassette.header.client).toEqual({ name: 'codex_exec', version: '0.169.0' });
    await cassette.close();
  });

  it('counts its cassettes and writes JSON', async () => {
    await run(['demo'], captureIo({ cwd, env: { PATH: '' } }));
    const io = captureIo({ cwd, env: { PATH: '', npm_lifecycle_event: 'demo' } });
    expect(await run(['demo', '--json'], io)).toBe(0);
    const result = JSON.parse(io.out());
    expect(result).toMatchObject({ event: 'demo', ok: true, cassette: 'cassettes/demo-2.har', finalText: ANSWER });
    expect(result.steps.map(({ name, ok }: { name: string; ok: boolean }) => [name, ok])).toEqual([
      ['record', true],
      ['validate', true],
      ['play', true],
    ]);
    expect(result.next[0]).toBe('npx tapedeck show cassettes/demo-2.har');
    expect(io.err()).toBe('');
  });

  it('writes where it is told to, and over nothing', async () => {
    const env = { PATH: '' };
    expect(await run(['demo', '-o', 'mine.har'], captureIo({ cwd, env }))).toBe(0);
    expect(await run(['demo', '-o', 'mine.har'], captureIo({ cwd, env }))).toBe(74);
    expect(await run(['demo', '-o', 'mine.har', '--force'], captureIo({ cwd, env }))).toBe(0);
    expect(await readdir(cwd)).toEqual(['mine.har']);
  });

  it('does not pass when the client does not', async () => {
    const PATH = await fakeCodex([
      '[ "$1" = --version ] && echo codex-cli 0.169.0 && exit',
      'echo no tape >&2; exit 9',
    ]);
    const io = captureIo({ cwd, env: { PATH } });
    expect(await run(['demo'], io)).toBe(1);
    expect(io.out()).toMatch(/failed {2}record {4}Codex 0\.169\.0/);
    expect(io.out()).toContain('exit code 9 instead of 0');
    expect(io.out()).toContain('no tape');
    expect(io.out()).not.toContain('play');
  });

  it('leaves a program alone that only has the name of Codex, unless it was asked for', async () => {
    const PATH = await fakeCodex(['echo 1.2.3']);
    const io = captureIo({ cwd, env: { PATH } });
    expect(await run(['demo'], io)).toBe(0);
    expect(io.out()).toContain('the built-in client');
    const asked = captureIo({ cwd, env: { PATH } });
    expect(await run(['demo', '--codex', join(cwd, 'codex')], asked)).toBe(126);
    expect(asked.err()).toContain('did not answer like Codex');
    expect(await run(['demo', '--codex', join(cwd, 'nothing')], captureIo({ cwd }))).toBe(127);
  });
});
