import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../helpers/cassette-files.ts';
import type { Mutant, Report } from './explanations.ts';
import { judgingTests } from './judging-tests.ts';
import { buildBox } from './quick/box.ts';
import { tryMutants } from './quick/trials.ts';
import { REPO } from './verdict-lines.ts';

const RUN = fileURLToPath(new URL('quick/run.ts', import.meta.url));

/** A function for each way in which a mutant may fare. */
const SOURCE = `
const TABLE = ['static'];

let isOn = false;

// Stryker disable BlockStatement: one mutant a line is enough.
export function add(a: number, b: number): number {
  return a + b;
}

export function isLong(text: string): boolean {
  return text.length > 3;
}

export function unused(a: number): number {
  return a * 3;
}

export function leavesOnTrue(isDone: boolean): void {
  if (isDone) process.exit();
}

export function switchOn(isWanted: boolean): boolean {
  if (isWanted) isOn = true;
  return isOn;
}

export function walk(end: number): number {
  const step = end - 2;
  let at = 0;
  // Stryker disable next-line all: then only the mutant above makes it endless, and no count of passes tells.
  while (at !== end) at += step;
  return at;
}

export const size = TABLE.length;
`;

const TEST = `
import { describe, expect, it } from 'vitest';
import { add, isLong, leavesOnTrue, switchOn, walk } from '../src/tiny.ts';

describe.each(['first', 'second'])('group %s', () => {
  it.each([[1, 2, 3], [0, 4, 4]])('adds %i and %i', (a, b, sum) => {
    expect(add(a, b)).toBe(sum);
  });
});
it('tells a long text', { timeout: 1000 }, () => {
  expect(isLong('a long text')).toEqual(expect.any(Boolean));
  expect(isLong('a long text')).toBe(true);
});
it('stays', () => {
  expect(leavesOnTrue(false)).toBeUndefined();
});
it('leaves it off', () => {
  expect(switchOn(false)).toBe(false);
});
it('walks', () => {
  expect(walk(3)).toBe(3);
});
it('compares with a file', async () => {
  await expect(String(add(1, 1))).toMatchFileSnapshot(new URL('../given/two.txt', import.meta.url).pathname);
});
`;

const GIVEN = { 'package.json': '{"type":"module"}', 'given/two.txt': '2', 'src/tiny.ts': SOURCE };

/** Tries the mutants of `src/tiny.ts` with the test, in a folder of its own. */
async function tryTiny(test: string): Promise<Report> {
  const repo = temporaryFolder();
  for (const [path, text] of Object.entries({ ...GIVEN, 'test/tiny.test.ts': test })) {
    mkdirSync(dirname(join(repo, path)), { recursive: true });
    writeFileSync(join(repo, path), text);
  }
  const box = await buildBox({
    repo,
    box: join(repo, 'box'),
    copied: ['package.json', 'src', 'test'],
    linked: ['given'],
    sources: ['src/tiny.ts'],
    tests: ['test/tiny.test.ts'],
  });
  return tryMutants(box, { silenceMs: 2_000 });
}

/** `line => replacement: status` */
function wordsOf({ source, mutants }: Report['files'][string]): string[] {
  const lines = source.split('\n');
  const words = ({ location, replacement, status }: Mutant) =>
    `${lines[location.start.line - 1]!.trim()} => ${replacement}: ${status}`;
  return mutants.filter(({ mutatorName }) => mutatorName !== 'BlockStatement').map(words);
}

describe('the quick run of mutants', () => {
  it('tells killed, surviving, unreached and endless mutants apart', async () => {
    const { files } = await tryTiny(TEST);
    expect(wordsOf(files['src/tiny.ts']!)).toEqual([
      "const TABLE = ['static']; => []: Ignored",
      `const TABLE = ['static']; => "": Ignored`,
      'let isOn = false; => true: Ignored',
      'return a + b; => a - b: Killed',
      'return text.length > 3; => true: Survived',
      'return text.length > 3; => false: Killed',
      'return text.length > 3; => text.length >= 3: Survived',
      'return text.length > 3; => text.length <= 3: Killed',
      'return a * 3; => a / 3: NoCoverage',
      // It ends the process in which it is tried, and the next ones are tried in another.
      'if (isDone) process.exit(); => true: Timeout',
      'if (isDone) process.exit(); => false: Survived',
      // It leaves behind what would have the next one killed.
      'if (isWanted) isOn = true; => true: Killed',
      'if (isWanted) isOn = true; => false: Survived',
      'if (isWanted) isOn = true; => false: NoCoverage',
      'const step = end - 2; => end + 2: Timeout',
      'while (at !== end) at += step; => false: Ignored',
      'while (at !== end) at += step; => at === end: Ignored',
      'while (at !== end) at += step; => at -= step: Ignored',
    ]);
  });

  it('refuses tests that fail without any mutant', async () => {
    const failing = TEST.replace('walk(3)).toBe(3)', 'walk(3)).toBe(4)');
    await expect(tryTiny(failing)).rejects.toThrow(/^Without any mutant 1 of 9 tests fail:\nwalks: expected 3 to be 4/);
  });

  it('refuses tests that cannot be loaded', async () => {
    const failing = TEST.replace('src/tiny.ts', 'src/none.ts');
    await expect(tryTiny(failing)).rejects.toThrow(/^The tests cannot be loaded:\n.*none\.ts/s);
  });

  it('ends with 2 when no file is named', () => {
    const run = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), RUN, 'nowhere'], {
      encoding: 'utf8',
    });
    expect([run.status, run.stderr]).toEqual([2, 'No file of src/translate/ begins with nowhere.\n']);
  });
});

it('the tests that judge are the quick ones of the translators', () => {
  const tests = judgingTests(REPO);
  expect(tests).toContain('test/translate/responses-chat/fixtures.test.ts');
  expect(tests.filter((path) => !existsSync(join(REPO, path)))).toEqual([]);
  expect(tests.filter((path) => /\/(?:laws|streams|sdk|coverage)\.test\.ts$|\/helpers\//.test(path))).toEqual([]);
  expect(readFileSync(join(REPO, 'test/mutate/vitest.config.ts'), 'utf8')).toContain('judgingTests(');
});
