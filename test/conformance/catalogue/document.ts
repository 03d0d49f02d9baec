import { areaOf, type Check } from '../../../src/conformance/check.ts';

const BEGIN = '<!-- catalogue: written by `npm run conformance:docs` -->';
const END = '<!-- end of the catalogue -->';

/** The page with its catalogue written anew: a table for each area, in the order of reports. */
export function renderCatalogue(page: string, catalogue: readonly Check[]): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('docs/conformance.md has no place for the catalogue');
  const areas = [...new Set(catalogue.map(areaOf))];
  const lines = [
    BEGIN,
    '',
    `${countOf(catalogue)}: ${countLevels(catalogue)}.`,
    '',
    ...areas.flatMap((area) =>
      sectionOf(
        area,
        catalogue.filter((check) => areaOf(check) === area),
      ),
    ),
  ];
  return `${page.slice(0, begin)}${lines.join('\n')}${page.slice(end)}`;
}

function sectionOf(area: string, checks: readonly Check[]): string[] {
  return [
    `### ${area}`,
    '',
    `${countOf(checks)}: ${countLevels(checks)}.`,
    '',
    '| check | requirement | level | profiles | source |',
    '|---|---|---|---|---|',
    ...checks.map(({ id, requirement, level, profiles, source }) => {
      return `| \`${id}\` | ${cell(requirement)} | ${level} | ${profiles.join(', ')} | ${cell(source)} |`;
    }),
    '',
  ];
}

function countOf({ length }: readonly Check[]): string {
  return `${length} ${length === 1 ? 'check' : 'checks'}`;
}

function countLevels(checks: readonly Check[]): string {
  const count = (level: Check['level']) => checks.filter((check) => check.level === level).length;
  return (['must', 'should', 'info'] as const)
    .filter((level) => count(level) > 0)
    .map((level) => `${count(level)} ${level}`)
    .join(', ');
}

/** Our own words: code stands between backticks there, and nothing else is markup. */
function cell(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[*_[\]<>\\]/g, '\\$&')))
    .join('')
    .replaceAll('|', '\\|');
}
