import { areaOf, type Check, type CodexSetup } from '../../../src/conformance/check.ts';

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
    ...checks.map((check) => {
      const { id, requirement, level, source } = check;
      return `| \`${id}\` | ${cell(requirement)} | ${level} | ${whose(check)} | ${cell(source)} |`;
    }),
    '',
  ];
}

/** Profiles, and where not every Codex asks for it, those that do. */
function whose({ profiles, codex }: Check): string {
  const which = codex ? ` (${codex.map((setup) => SETUPS[setup]).join(', ')})` : '';
  return profiles.map((profile) => (profile === 'codex' ? `codex${which}` : profile)).join(', ') || '–';
}

const SETUPS: Record<CodexSetup, string> = {
  custom: 'custom provider',
  'built-in': 'built-in',
  chatgpt: 'ChatGPT login',
};

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
