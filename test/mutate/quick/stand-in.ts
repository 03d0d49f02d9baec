import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import type { chai as Chai } from 'vitest';

/**
 * Stands in for `vitest` in a box: tests are collected instead of run, so that one process can run each of them a thousand times. It has
 * what the judging tests use and no more; a test that imports something else fails when it is loaded.
 */

export interface CollectedTest {
  /** The names of the groups around it and its own. */
  name: string;
  run: () => unknown;
}

type Plugin = Parameters<typeof Chai.use>[0];

/** What is used of `@vitest/expect`. */
interface VitestExpect {
  chai: typeof Chai;
  JestExtend: Plugin;
  JestChaiExpect: Plugin;
  JestAsymmetricMatchers: Plugin;
}

const { chai, JestExtend, JestChaiExpect, JestAsymmetricMatchers } = await loadExpect();
for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers, compareWithFiles]) chai.use(plugin);

export const expect = chai.expect;

/** Every test of the files that were loaded so far. */
export const collected: CollectedTest[] = [];

/** The names of the groups whose bodies are running. */
let groups: readonly string[] = [];

export const describe = Object.assign(collectGroup, { each: eachOf(collectGroup) });
export const it = Object.assign(collectTest, { each: eachOf(collectTest) });

/** Vitest's assertions without Vitest. They are no dependency of ours but of Vitest's, so they are looked up from there. */
async function loadExpect(): Promise<VitestExpect> {
  const vitest = createRequire(import.meta.url).resolve('vitest/package.json');
  const path = createRequire(vitest).resolve('@vitest/expect');
  return (await import(pathToFileURL(path).href)) as VitestExpect;
}

function collectGroup(name: string, body: () => unknown): void {
  const outer = groups;
  groups = [...outer, name];
  body();
  groups = outer;
}

/** Options, or a time limit, may stand before or behind the body; no test here depends on them. */
function collectTest(name: string, first: unknown, second?: unknown): void {
  collected.push({ name: [...groups, name].join(' > '), run: bodyOf(first, second) });
}

/** The names of cases are for error messages alone: `$field` stays as it is, and values without a place stand behind. */
function eachOf(collect: (name: string, body: () => unknown) => void) {
  return (cases: readonly unknown[]) => (name: string, first: unknown, second?: unknown) => {
    const body = bodyOf(first, second);
    for (const value of cases) {
      const args = Array.isArray(value) ? (value as unknown[]) : [value];
      collect(format(name, ...args), () => body(...args));
    }
  };
}

function bodyOf(first: unknown, second: unknown): (...args: unknown[]) => unknown {
  return (typeof first === 'function' ? first : second) as (...args: unknown[]) => unknown;
}

/** Adds `toMatchFileSnapshot`. An expected file is read once, and one that is missing fails the test. */
function compareWithFiles(...[api, utils]: Parameters<Plugin>): void {
  const texts = new Map<string, string>();
  utils.addMethod(api.Assertion.prototype, 'toMatchFileSnapshot', async function (this: object, path: string) {
    const expected = texts.get(path) ?? readFileSync(path, 'utf8');
    texts.set(path, expected);
    if (utils.flag(this, 'object') !== expected) throw new Error(`differs from ${path}`);
  });
}
