import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Explanation, type FolderVerdict, judgeReport, type Report } from './explanations.ts';

/** The root of the repository, with a slash at its end. */
export const REPO = fileURLToPath(new URL('../..', import.meta.url));

const EXPLAINED = fileURLToPath(new URL('explained/', import.meta.url));

/** The explanations of every folder, by its name. */
export function readExplanations(): Map<string, Explanation[]> {
  const names = readdirSync(EXPLAINED).filter((name) => name.endsWith('.json'));
  return new Map(
    names.map((name) => [
      name.slice(0, -'.json'.length),
      JSON.parse(readFileSync(`${EXPLAINED}${name}`, 'utf8')) as Explanation[],
    ]),
  );
}

/**
 * What is printed of a report: the table of the folders, then a line for every mutant that is neither killed nor explained, was not tried or
 * belongs to a source that has changed since, and for every explanation that fits none. `passed` when there is no such line, and a folder.
 */
export function verdictLines(
  report: Report,
  explanations: ReadonlyMap<string, readonly Explanation[]>,
): { lines: string[]; passed: boolean } {
  const verdicts = judgeReport(report, explanations);
  const complaints = [...staleFiles(report), ...[...verdicts].flatMap(complaintsOf)];
  return { lines: [tableOf(verdicts), ...complaints], passed: complaints.length === 0 && verdicts.size > 0 };
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
