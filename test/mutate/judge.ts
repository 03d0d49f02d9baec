import { readFileSync } from 'node:fs';
import type { Report } from './explanations.ts';
import { REPO, readExplanations, verdictLines } from './verdict-lines.ts';

/**
 * Tells which mutants of the translators survive unexplained: `tsx test/mutate/judge.ts [report…]`, by default the report of `npm run mutate`.
 * Of a file in several reports the last one counts. Exit code 1 when a mutant is neither killed nor explained, was not tried, belongs to
 * a source that has changed since, or when an explanation fits none.
 */

const paths = process.argv.slice(2);
const report = readReports(paths.length === 0 ? [`${REPO}.cache/mutation.json`] : paths);
const { lines, passed } = verdictLines(report, readExplanations());
for (const line of lines) console.log(line);
process.exitCode = passed ? 0 : 1;

function readReports(files: readonly string[]): Report {
  const all: Report = { files: {} };
  for (const file of files) Object.assign(all.files, (JSON.parse(readFileSync(file, 'utf8')) as Report).files);
  return all;
}
