import { chmod, copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';

const GOOD = fileURLToPath(new URL('../../fixtures/cassettes/0.169.0/text.har', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unreadable-folders-'));
  await chmod(folder, 0o755);
  await mkdir(join(folder, 'open', 'closed'), { recursive: true });
  await mkdir(join(folder, 'empty'));
  await copyFile(GOOD, join(folder, 'open', 'a.har'));
  await copyFile(GOOD, join(folder, 'open', 'closed', 'b.har'));
  await chmod(join(folder, 'open', 'closed'), 0);
  await symlink('loop.har', join(folder, 'loop.har'));
  // Loads what a command loads, which another user may not be able to.
  for (const command of ['show', 'validate', 'replay', 'explain']) await cli([command, '--help']);
});
afterAll(async () => {
  await chmod(join(folder, 'open', 'closed'), 0o700);
  await rm(folder, { recursive: true, force: true });
});

async function cli(argv: string[]) {
  const io = captureIo({ cwd: folder });
  const code = await run(argv, io);
  return { code, all: io.out() + io.err() };
}

/** The superuser may read everything. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid!(65534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid!(0);
  }
}

describe.skipIf(process.geteuid === undefined)('what may not be read', () => {
  test.each([
    ['replay', 'open/closed'],
    ['replay', 'open'],
    ['replay', 'open/**/*.har'],
    ['validate', 'open/closed'],
    ['validate', 'open'],
    ['show', 'open/closed'],
    ['show', 'open/closed/b.har'],
    ['explain', 'open/closed/b.har'],
    ['validate', 'open/closed/b.har'],
    ['replay', 'open/closed/b.har'],
  ])('%s %s: exit 5 and who may read it', async (command, path) => {
    const { code, all } = await asOrdinaryUser(() => cli([command, path]));
    expect(all).toMatch(/closed\S* cannot be read: .*permission denied/);
    expect(all).not.toMatch(/ at .*\.ts:\d+|There is no cassette/);
    expect(code).toBe(5);
  });
});

test('a link that leads nowhere but to itself is told as what it is', async () => {
  const { code, all } = await cli(['show', 'loop.har']);
  expect(all).toMatch(/loop\.har cannot be read: .*ELOOP/);
  expect(code).toBe(5);
});

test.each(['empty', 'nowhere', 'open/a.har/b.har'])('there is no cassette in %s', async (path) => {
  for (const command of ['show', 'validate', 'replay']) {
    const { code, all } = await cli([command, path]);
    expect(all).toMatch(/There is no cassette/);
    expect(code).toBe(5);
  }
});
