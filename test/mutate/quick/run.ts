import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { BESIDE, type Explanation, placeOf } from '../explanations.ts';
import { judgingTests } from '../judging-tests.ts';
import { REPO, readExplanations, verdictLines } from '../verdict-lines.ts';
import { buildBox } from './box.ts';
import { tryMutants } from './trials.ts';

/**
 * Tries Stryker's mutants of the translators without Stryker's runner, which takes minutes instead of hours:
 *
 *   tsx test/mutate/quick/run.ts [PREFIX,…] [--out FILE]
 *
 * A prefix names files below `src/translate/` (`shared`, `responses-chat/request`), `beside` the files directly in it; without one, all are
 * tried. The report is that of `npm run mutate` as far as `judge.ts` reads it, by default in the same place. Ends as `judge.ts` does, of the
 * files that were tried; with 2 when none can be tried: a prefix names no file, or a test fails without any mutant.
 */

const ROOT = 'src/translate/';
/** Far more than any mutant takes that comes to an end. */
const SILENCE_MS = 15_000;
const PROGRESS_EVERY = 25;

// The usual way out, on which the test process is ended, too.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  process.exitCode = await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string', default: join(REPO, '.cache/mutation.json') } },
  });
  const sources = chooseSources(positionals.flatMap((list) => list.split(',')).filter((prefix) => prefix !== ''));
  const box = await buildBox({
    repo: REPO,
    box: join(REPO, '.cache/mutate-quick'),
    copied: ['package.json', 'src', 'test', 'schemas'],
    linked: ['fixtures'],
    sources,
    tests: judgingTests(REPO),
  });
  const report = await tryMutants(box, { silenceMs: SILENCE_MS, onTried: showProgress });
  const out = resolve(values.out);
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, JSON.stringify(report));
  const { lines, passed } = verdictLines(report, explanationsOf(sources));
  for (const line of lines) console.log(line);
  return passed ? 0 : 1;
}

/** The files that a prefix names, all when there is none. */
function chooseSources(prefixes: readonly string[]): string[] {
  const all = allSources();
  if (prefixes.length === 0) return all;
  const isNamed = (path: string, prefix: string) =>
    path.startsWith(ROOT + prefix) || (prefix === BESIDE && placeOf(path)?.folder === BESIDE);
  for (const prefix of prefixes) {
    if (!all.some((path) => isNamed(path, prefix))) throw new Error(`No file of ${ROOT} begins with ${prefix}.`);
  }
  return all.filter((path) => prefixes.some((prefix) => isNamed(path, prefix)));
}

function allSources(): string[] {
  return readdirSync(join(REPO, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ROOT + path.split(sep).join('/'))
    .sort();
}

/** When some were tried, without those of the other files, which fit no survivor for that reason alone. */
function explanationsOf(sources: readonly string[]): Map<string, Explanation[]> {
  const explanations = readExplanations();
  if (sources.length === allSources().length) return explanations;
  const places = sources.map((path) => placeOf(path));
  const wasTried = (folder: string, file: string) =>
    places.some((place) => place?.folder === folder && place.file === file);
  return new Map(
    [...explanations].map(([folder, list]) => [folder, list.filter(({ file }) => wasTried(folder, file))]),
  );
}

function showProgress(tried: number, all: number): void {
  if (!process.stderr.isTTY) return;
  if (tried === all) process.stderr.write('\r\x1b[K');
  else if (tried % PROGRESS_EVERY === 0) process.stderr.write(`\r${tried} of ${all} mutants`);
}
