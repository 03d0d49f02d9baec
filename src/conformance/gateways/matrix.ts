import type { Area, Verdict } from '../check.ts';
import type { GatewayBaseline } from './baseline.ts';
import type { GatewayDescription, GatewayInstall } from './description.ts';

/** How somebody made sure, by other means than the check, that a failure is the gateway's. */
export interface Confirmation {
  /** Ids of checks, or beginnings of ids that end with a dot or a dash. */
  checks: readonly string[];
  /** What the gateway does, and how that was seen: in the evidence, in its code, in its documentation. */
  how: string;
}

/** All that docs/gateways.md says of one gateway. */
export interface MatrixEntry {
  description: GatewayDescription;
  baseline: GatewayBaseline;
  confirmations: readonly Confirmation[];
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

/** The matrix, and below it what was found gateway by gateway. */
export function writeMatrix(entries: readonly MatrixEntry[]): string {
  return [...HEAD, ...matrixLines(entries), '', ...NOTES, ...entries.flatMap(sectionLines)].join('\n');
}

/** The confirmation that speaks of a check. */
export function confirmationOf(check: string, confirmations: readonly Confirmation[]): Confirmation | undefined {
  return confirmations.find(({ checks }) =>
    checks.some((pattern) => pattern === check || (/[.-]$/.test(pattern) && check.startsWith(pattern))),
  );
}

function matrixLines(entries: readonly MatrixEntry[]): string[] {
  const areas = AREAS.filter((area) => entries.some(({ baseline }) => countArea(baseline, area).all > 0));
  const head = ['gateway', 'version', 'Codex', 'Responses', 'Chat', 'Messages', ...areas, 'failed', 'tried'];
  const rows = entries.map(({ description: { name, title }, baseline }) => [
    `[${title}](#${name})`,
    baseline.version,
    ...CLIENTS.map((client) => readinessOf(baseline, client)),
    ...areas.map((area) => {
      const { passed, all } = countArea(baseline, area);
      return all === 0 ? '–' : `${passed}/${all}`;
    }),
    String(failuresOf(baseline).length),
    baseline.date,
  ]);
  return [head, head.map(() => '-'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

const CLIENTS = ['Codex', 'Responses clients', 'Chat clients', 'Messages clients'] as const;

const READINESS = { READY: 'ready', 'READY WITH LIMITS': 'with limits', 'NOT READY': 'not ready', 'NOT JUDGED': '–' };

function readinessOf({ clients }: GatewayBaseline, wanted: string): string {
  const found = clients.find(({ client }) => client === wanted);
  return found ? READINESS[found.verdict] : '–';
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

/** Ids of the checks that failed somewhere. */
export function failuresOf({ checks }: GatewayBaseline): string[] {
  return Object.entries(checks).flatMap(([id, { results }]) => (results.fail ? [id] : []));
}

function sectionLines({ description, baseline, confirmations }: MatrixEntry): string[] {
  const { name, title, install, source, notOffered, node } = description;
  const open = baseline.routes.filter(({ state }) => state === 'open');
  const ways = [...new Set(open.map(({ client, upstream }) => `${client}->${upstream}`))];
  return [
    `## ${name}`,
    '',
    `${title}, version ${baseline.version} ([source](${source})), ${installText(install, baseline.version)}${node === undefined ? '' : `, on Node.js ${node}`}.`,
    `Ways through: ${ways.join(', ')}. Not offered or not configured: ${notOffered}`,
    '',
    ...findingLines(baseline, confirmations),
  ];
}

function installText(install: GatewayInstall, version: string): string {
  const fill = (spec: string) => `\`${spec.replace('{version}', version)}\``;
  switch (install.by) {
    case 'npm':
      return `npm ${install.packages.map(fill).join(' ')}`;
    case 'npm-archive':
      return `the archive of npm ${fill(install.package)}`;
    case 'pypi':
      return `PyPI ${install.requirements.map(fill).join(' ')}`;
    case 'codex':
      return `npm ${fill('@openai/codex@{version}')}`;
    case 'user':
      return 'a program given with `--bin`';
  }
}

interface Finding {
  verdict: Verdict;
  checks: string[];
  routes: Set<string>;
  why: string;
  how: string;
}

/** Failures first, then warnings; those of one topic that say the same in one row. */
function findingLines(baseline: GatewayBaseline, confirmations: readonly Confirmation[]): string[] {
  const findings = new Map<string, Finding>();
  for (const { check, verdict, routes, why } of baseline.seen) {
    const how = confirmationOf(check, confirmations)?.how ?? '';
    const topic = check.split('.').slice(0, 2).join('.');
    const key = JSON.stringify([verdict, topic, why, how]);
    const found = findings.get(key) ?? { verdict, checks: [], routes: new Set(), why, how };
    if (!found.checks.includes(check)) found.checks.push(check);
    for (const route of routes) found.routes.add(route.split(' ')[0] || 'all');
    findings.set(key, found);
  }
  if (findings.size === 0) return ['Nothing was found.', ''];
  const order: Verdict[] = ['fail', 'error', 'inconclusive', 'warn'];
  const sorted = [...findings.values()].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  return [
    '| verdict | check | ways | seen | confirmed |',
    '| - | - | - | - | - |',
    ...sorted.map(({ verdict, checks, routes, why, how }) => {
      const cells = [verdict, checksText(checks), [...routes].join(', '), why, how];
      return `| ${cells.map(cell).join(' | ')} |`;
    }),
    '',
  ];
}

/** `zstd.responses.long, …level-1 and 3 more`: the rest is in the baseline. */
function checksText(checks: readonly string[]): string {
  const shown = checks.slice(0, 3).map((id) => `\`${id}\``);
  const rest = checks.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/** Text of others in a cell of a table. */
function cell(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[|<>]/g, (sign) => `\\${sign}`)
    .trim();
}

const HEAD = [
  '# Real gateways: a first look',
  '',
  'Written by `npm run gateways`; not by hand. Each gateway was taken from its public registry, started in front of the scripted upstream, and asked what',
  '[the catalogue](conformance.md#the-catalogue) asks, hermetically. It is about these versions in these configurations (`fixtures/gateways/NAME.json`);',
  '`tapedeck conformance --gateway NAME` tries it again and writes every exchange that proves something as a cassette.',
  '',
  '**These are leads, and not yet findings.** One run each, several at a time on a busy machine, with 5 s to wait, while the checks were still being changed. Only a row with',
  "something in its last column was made sure of by other means: in the gateway's code, or in an earlier measurement. A row that says that something did not come in time needs another run.",
  '',
  'A cell is passed / judged requirements of that area, `must` and `should` on every way through the gateway; the columns before it say what the checks make of each kind of',
  'client (`with limits`: nothing fails that it cannot do without). Real Codex works with most of these gateways when it has an API key.',
  '',
];

const NOTES = [
  'A failure (`fail`) is a broken `must`: a client breaks, or a specification says so. A warning is a broken `should`, something of less weight, or what the gateway documents',
  "as its choice. The same checks pass against Tapedeck's own proxy in the same run.",
  '',
];
