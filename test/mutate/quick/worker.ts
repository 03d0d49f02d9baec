import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Plan } from './box.ts';
import { type CollectedTest, collected } from './stand-in.ts';
import type { Started, Trial } from './test-process.ts';

/**
 * The process in which the tests run: `worker.ts PLAN`, forked by `test-process.ts`. It loads the sources and the tests of the plan, runs every
 * test once to see that it passes and which mutants it reaches, and then tries the mutants whose numbers it is sent.
 */

/** How many times as often as in the passing tests a mutant may be passed before it counts as endless; Stryker's figure. */
const HIT_FACTOR = 100;

/** What instrumented sources share with their runner; the names are Stryker's. */
interface StrykerSpace {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number;
  hitLimit?: number;
  /** How often each mutant was passed: while no test ran, and by test. */
  mutantCoverage?: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

/** The tests that reach a mutant, and how often all of them pass it. */
interface Reach {
  tests: number[];
  hits: number;
}

// A mutant may well leave promises that nobody waits for.
process.on('unhandledRejection', () => {});
process.on('disconnect', () => process.exit());

const shared = globalThis as typeof globalThis & { __stryker__?: StrykerSpace };
shared.__stryker__ ??= {};
const space = shared.__stryker__;
const { sources, tests } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Plan;

for (const path of sources) await import(pathToFileURL(path).href);
/** Mutants that take effect when a module is loaded. */
const loaded = new Set(Object.keys(space.mutantCoverage?.static ?? {}));
for (const path of tests) await import(pathToFileURL(path).href);

/** Milliseconds that each test took in the dry run. */
const costs: number[] = [];
const failures = await runDry();
const reach = reachOf(space.mutantCoverage?.perTest ?? {});
/** The test that killed the last mutant is likely to kill its neighbour. */
let lastKiller = -1;

process.on('message', async (id: string) => tell(await tryMutant(id)));
tell({ tests: collected.length, failures });

function tell(message: Started | Trial): void {
  process.send?.(message);
}

async function runDry(): Promise<string[]> {
  const failed: string[] = [];
  for (const [index, test] of collected.entries()) {
    space.currentTestId = String(index);
    const begun = performance.now();
    const error = await errorOf(test);
    costs[index] = performance.now() - begun;
    if (error !== undefined) failed.push(`${test.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  space.currentTestId = undefined;
  return failed;
}

function reachOf(perTest: Record<string, Record<string, number>>): Map<string, Reach> {
  const all = new Map<string, Reach>();
  for (const [test, passed] of Object.entries(perTest)) {
    for (const [id, hits] of Object.entries(passed)) {
      const { tests: others, hits: before } = all.get(id) ?? { tests: [], hits: 0 };
      all.set(id, { tests: [...others, Number(test)], hits: before + hits });
    }
  }
  return all;
}

async function tryMutant(id: string): Promise<Trial> {
  const reached = reach.get(id);
  if (!reached) return { status: loaded.has(id) ? 'Ignored' : 'NoCoverage', spoilt: false };
  Object.assign(space, { activeMutant: id, hitCount: 0, hitLimit: reached.hits * HIT_FACTOR });
  const killer = await findKiller(reached.tests);
  const endless = space.hitCount! > space.hitLimit!;
  space.activeMutant = undefined;
  if (killer !== undefined) lastKiller = killer;
  const spoilt = killer !== undefined && (await errorOf(collected[killer]!)) !== undefined;
  if (endless) return { status: 'Timeout', spoilt };
  return { status: killer === undefined ? 'Survived' : 'Killed', spoilt };
}

async function findKiller(indexes: readonly number[]): Promise<number | undefined> {
  const rank = (index: number) => (index === lastKiller ? -1 : costs[index]!);
  for (const index of indexes.toSorted((a, b) => rank(a) - rank(b))) {
    if ((await errorOf(collected[index]!)) !== undefined) return index;
  }
  return undefined;
}

/** What a test threw, if it failed. */
async function errorOf({ run }: CollectedTest): Promise<unknown> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error ?? new Error('threw nothing');
  }
}
