import type { DecodeResult } from '../../../src/decode/types.ts';
import type { BatteryCase } from './cases.ts';

/** What stands in the table of a case, kept in fixtures/zstd/measured.json by its id: the tests need no other program. */
export interface Measured {
  /** What we say, see `describeResults`. */
  answer: string;
  /** What the reference program says: `12 bytes` or `refuses: …`; `-` where there is none for the coding. */
  reference: string;
  /** Class of the memory growth, see `growthClass`. */
  memory: string;
}

/** Memory growth in classes that are wide enough to be the same on every machine. */
export function growthClass(mib: number): string {
  const most = [8, 16, 80].find((limit) => mib <= limit);
  return most === undefined ? `**${Math.ceil(mib)} MiB**` : `≤ ${most} MiB`;
}

/** What we say of all bodies of a case: one text when they are answered alike. */
export function describeResults(results: readonly DecodeResult[]): string {
  const texts = new Set(
    results.map((result) => (result.ok ? `${result.bytes.length} bytes` : describeProblem(result))),
  );
  return [...texts].join(', ');
}

function describeProblem(result: Extract<DecodeResult, { ok: false }>): string {
  return `${result.problem.status} \`${result.problem.code}\``;
}

const TITLES: Readonly<Record<string, string>> = {
  zstd: 'zstd',
  gzip: 'gzip',
  deflate: 'deflate',
  br: 'br',
  stacked: 'Stacked codings',
  none: 'Headers',
};

/** The tables of docs/codings.md, one for each group of cases. */
export function renderTables(battery: readonly BatteryCase[], measured: Readonly<Record<string, Measured>>): string {
  return Object.entries(TITLES)
    .map(([group, title]) => {
      const cases = battery.filter(({ id }) => id.startsWith(`${group}/`));
      const rows = cases.map((entry) => {
        const { answer = '?', reference = '?', memory = '?' } = measured[entry.id] ?? {};
        return [nameOf(entry), headerOf(entry), entry.what, answer, reference, memory];
      });
      return `### ${title}\n\n${renderTable(HEAD, rows)}\n`;
    })
    .join('\n');
}

const HEAD = ['case', '`content-encoding`', 'the body', 'Tapedeck', 'reference program', 'memory'];

/** A table in Markdown with its columns aligned. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)].join('\n');
}

function nameOf({ id }: BatteryCase): string {
  return `\`${id.slice(id.indexOf('/') + 1)}\``;
}

function headerOf({ coding }: BatteryCase): string {
  return coding === undefined ? 'none' : `\`${coding.trim()}\``;
}
