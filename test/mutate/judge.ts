import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Explanation, type FolderVerdict, judgeReport, type Report } from './explanations.ts';

/**
 * Tells which mutants of the translators survive unexplained: `tsx test/mutate/judge.ts [report…]`, by default the report of `npm run mutate`.
 * Of a file in several reports the last one counts. Exit code 1 when a mutant is neither killed nor explained, was not tried, belongs to
 * a source that has changed since, or when an explanation fits none.
 */

const REPO = fileURLToPath(new URL('../..', import.meta.url));
const EXPLAINED = fileURLToPath(new URL('explained/', import.meta.url));

const paths = process.argv.slice(2);
const report = readReports(paths.length === 0 ? [`${REPO}.cache/mutation.json`] : paths);
const verdicts = judgeReport(report, readExplanations());
console.log(tableOf(verdicts));
const complaints = [...staleFiles(report), ...[...verdicts].flatMap(complaintsOf)];
for (const complaint of complaints) console.log(complaint);
process.exitCode = complaints.length === 0 && verdicts.size > 0 ? 0 : 1;

function readReports(files: readonly string[]): Report {
  const all: Report = { files: {} };
  for (const file of files) Object.assign(all.files, (JSON.parse(readFileSync(file, 'utf8')) as Report).files);
  return all;
}

function readExplanations(): Map<string, Explanation[]> {
  const names = readdirSync(EXPLAINED).filter((name) => name.endsWith('.json'));
  return new Map(
    names.map((name) => [
      name.slice(0, -'.json'.length),
      JSON.parse(readFileSync(`${EXPLAINED}${name}`, 'utf8')) as Explanation[],
    ]),
  );
}

function staleFiles({ files }: Report): string[] {
  return Object.entries(files)
    .filter(([path, { source }]) => !existsSync(REPO + path) || readFileSync(REPO + path, 'utf8') !== source)
    .map(([path]) => `${path}: has changed since the report`);
}

function tableOf(all: ReadonlyMap<string, FolderVerdict>): string {
  const rows = [...all].map(([name, { killed, survived, notReached, explained, unexplained }]) => {
    const mutants = killed + survived + notReached;
    const score = mutants === 0 ? '' : `${((100 * killed) / mutants).toFixed(1)} %`;
    return [name, mutants, killed, survived, notReached, score, explained, unexplained.length].join(' | ');
  });
  const head = 'folder | mutants | killed | survived | not reached | score | explained | not explained';
  return [`| ${head} |`, '| --- | --- | --- | --- | --- | --- | --- | --- |', ...rows.map((row) => `| ${row} |`)].join(
    '\n',
  );
}

function complaintsOf([name, { unexplained, idle, pending }]: [string, FolderVerdict]): string[] {
  return [
    ...unexplained.map(
      ({ file, line, column, reached, mutator, code, to }) =>
        `${name}/${file}:${line}:${column} ${reached ? 'survived' : 'not reached'} ${mutator}: ${code} => ${to}`,
    ),
    ...idle.map((text) => `explained/${name}.json: fits no survivor: ${text}`),
    ...(pending === 0 ? [] : [`${name}: ${pending} mutants were not tried`]),
  ];
}
