import { formatNumber } from '../../report/format.ts';
import type { Area, Verdict } from '../check.ts';
import type { GatewayBaseline } from './baseline.ts';
import { codexLines } from './codex-table.ts';
import { type Confirmation, confirmationOf, type Finding, findingsOf, type KnownFinding } from './confirmation.ts';
import type { GatewayDescription } from './description.ts';
import { sectionLines } from './sections.ts';
import { tableLines } from './table.ts';

/** All that docs/gateways.md says of one gateway. */
export interface MatrixEntry {
  description: GatewayDescription;
  baseline: GatewayBaseline;
  confirmations: readonly Confirmation[];
  known: readonly KnownFinding[];
}

const AREAS: readonly Area[] = [
  'wire',
  'zstd',
  'responses',
  'chat',
  'messages',
  'translate',
  'codex',
  'errors',
  'security',
  'cache',
];

/** Verdicts that count as tried. */
const JUDGED: readonly Verdict[] = ['pass', 'fail', 'warn'];

/** The matrix, how real Codex got on, and below it what was found gateway by gateway. */
export function writeMatrix(entries: readonly MatrixEntry[]): string {
  return [
    ...headLines(entries),
    ...areaLines(entries),
    ...NOTES,
    ...clientLines(entries),
    ...codexLines(entries),
    ...entries.flatMap(sectionLines),
  ].join('\n');
}

/** Ids of the checks that failed somewhere. */
export function failuresOf({ checks }: GatewayBaseline): string[] {
  return Object.entries(checks).flatMap(([id, { results }]) => (results.fail ? [id] : []));
}

/** Findings that nobody has made sure of. */
export function unconfirmedOf({ baseline, confirmations }: Pick<MatrixEntry, 'baseline' | 'confirmations'>) {
  return findingsOf(baseline).filter((finding) => !confirmationOf(finding, confirmations));
}

/** What the checks make of each kind of client. */
function clientLines(entries: readonly MatrixEntry[]): string[] {
  const clients = [...new Set(entries.flatMap(({ baseline }) => baseline.clients.map(({ client }) => client)))];
  const names = clients.map((client) => client.replace(/ clients$/, ''));
  const rows = entries.map((entry) => [
    ...nameCells(entry),
    ...clients.map((client) => readinessOf(entry.baseline, client)),
  ]);
  return tableLines(['gateway', 'version', ...names], rows);
}

function areaLines(entries: readonly MatrixEntry[]): string[] {
  const areas = AREAS.filter((area) => entries.some(({ baseline }) => countArea(baseline, area).all > 0));
  const rows = entries.map((entry) => {
    const { baseline } = entry;
    const cells = areas.map((area) => areaText(baseline, area));
    return [...nameCells(entry), ...cells, String(failuresOf(baseline).length), baseline.date];
  });
  return tableLines(['gateway', 'version', ...areas, 'failed', 'tried'], rows);
}

function nameCells({ description: { name, title }, baseline }: MatrixEntry): string[] {
  return [`[${title}](#${name})`, baseline.version];
}

const READINESS = { READY: 'ready', 'READY WITH LIMITS': 'with limits', 'NOT READY': 'not ready', 'NOT JUDGED': '–' };

function readinessOf({ clients }: GatewayBaseline, wanted: string): string {
  const found = clients.find(({ client }) => client === wanted);
  return found ? READINESS[found.verdict] : '–';
}

function areaText(baseline: GatewayBaseline, area: Area): string {
  const { passed, all } = countArea(baseline, area);
  return all === 0 ? '–' : `${passed}/${all}`;
}

function countArea({ checks }: GatewayBaseline, area: Area): { passed: number; all: number } {
  let passed = 0;
  let all = 0;
  for (const [id, { level, results }] of Object.entries(checks)) {
    if (level === 'info' || !id.startsWith(`${area}.`)) continue;
    passed += results.pass?.length ?? 0;
    for (const verdict of JUDGED) all += results[verdict]?.length ?? 0;
  }
  return { passed, all };
}

function headLines(entries: readonly MatrixEntry[]): string[] {
  // What is inconclusive says nothing against a gateway.
  const counts = ({ verdict }: Finding) => verdict !== 'inconclusive';
  const all = entries.flatMap(({ baseline }) => findingsOf(baseline)).filter(counts);
  const open = entries.flatMap(unconfirmedOf).filter(counts);
  const failed = open.filter(({ verdict }) => verdict === 'fail').length;
  return [
    failed === 0 ? '# Real gateways' : '# Real gateways: a first look',
    '',
    'Written by `npm run gateways`; not by hand. Each gateway was taken from its public registry, started in front of the scripted upstream, and asked what',
    '[the catalogue](conformance.md#the-catalogue) asks, hermetically, with 12 s for each thing that is waited for. Then real Codex binaries worked through it.',
    'All of it is about these versions in these configurations (`fixtures/gateways/NAME.json`). `npm run gateways -- NAME`, and `tapedeck conformance --gateway NAME`, try it',
    "again, and write the exchanges that prove something as cassettes (`.cache/gateways/NAME/evidence`), beside the same check against Tapedeck's own proxy.",
    '',
    `${formatNumber(all.length)} times a check found something on a way through a gateway; ${sureText(all.length, open.length, failed)} by other means than the check: in the code of that`,
    "version (file and function are named), by a script without this harness, or in the gateway's documentation. A row below is a cause, read or tried in at least one of its",
    'cases. What nobody has made sure of, and what is inconclusive, is listed apart: leads rather than findings.',
    '',
    'A cell is passed / judged requirements of that area, `must` and `should` on every way through the gateway; `failed` counts the checks that failed on some way.',
    '',
  ];
}

/** `1,200 of these, and every failure, belong to a cause that was made sure of`. */
function sureText(all: number, open: number, failed: number): string {
  if (open === 0) return 'each belongs to a cause that was made sure of';
  const failures = failed === 0 ? ', among them every failure,' : '';
  return `${formatNumber(all - open)} of these${failures} belong to a cause that was made sure of`;
}

const NOTES = [
  'A failure (`fail`) is a broken `must`: a client breaks, or a specification says so. A warning is a broken `should`, something of less weight, or what the gateway documents',
  "as its choice. The same checks pass against Tapedeck's own proxy in the same run.",
  '',
  '## What the checks make of it, by kind of client',
  '',
  '`ready`: all that this client needs, and all that it should have. `with limits`: nothing fails that it cannot do without. `not ready`: something of that fails, which a user of it',
  'may or may not come upon; what real Codex came upon stands further below.',
  '',
];
