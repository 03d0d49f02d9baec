import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ENTRY = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url));
const CASSETTE = fileURLToPath(new URL('../../fixtures/cassettes/0.169.0/text.har', import.meta.url));

async function collect(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk.toString();
  return text;
}

/** Runs the real command with a device as stdout that is always full. */
async function runIntoFullDevice(...args: string[]): Promise<{ code: unknown; err: string }> {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), ENTRY, ...args], {
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  const [err, [code]] = await Promise.all([collect(child.stderr!), once(child, 'close')]);
  return { code, err };
}

describe.runIf(process.platform === 'linux')('stdout that takes nothing', () => {
  test.concurrent.each([
    ['help', ['--help'], 74],
    ['a command that says lines', ['show', CASSETTE, '1'], 74],
    ['a command that waits for what it writes', ['export', CASSETTE, '--to', 'har'], 74],
    ['with a command, whose code it would be', ['play', CASSETTE, '--json', '--', process.execPath, '-e', '0'], 125],
  ])('is one line on stderr: %s', async (_name, args, expected) => {
    const { code, err } = await runIntoFullDevice(...args);
    expect(err.match(/^error Cannot write to stdout: .*ENOSPC.*$/gm)).toHaveLength(1);
    expect(err).not.toContain('    at ');
    expect(code).toBe(expected);
  });
});

test('a reader that has seen enough ends no command with an error', async () => {
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), ENTRY, 'export', CASSETTE, '--to', 'har'],
    { env: { PATH: process.env.PATH, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  child.stdout.destroy();
  const [err, [code]] = await Promise.all([collect(child.stderr), once(child, 'close')]);
  expect(err).toBe('');
  expect(code).toBe(0);
});
