import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Every test that judges mutants is run again and again, so those that take seconds are left out, wherever they stand. */
const SLOW = ['laws', 'sdk', 'codex-requests', 'streams'];

/** As `SLOW`, of the files in `test/translate/` itself. */
const SLOW_BESIDE = ['coverage', 'loss-weights', 'silence'];

/** The tests of the helpers say nothing of the translators. */
const HELPERS = 'helpers/';

/** The test files that judge the mutants of the translators: sorted paths below the repository's root, with slashes. */
export function judgingTests(repo: string): string[] {
  return readdirSync(join(repo, 'test/translate'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.endsWith('.test.ts') && isQuick(path))
    .map((path) => `test/translate/${path}`)
    .sort();
}

function isQuick(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1, -'.test.ts'.length);
  return !SLOW.includes(name) && !SLOW_BESIDE.includes(path.slice(0, -'.test.ts'.length)) && !path.startsWith(HELPERS);
}
