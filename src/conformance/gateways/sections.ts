import type { Verdict } from '../check.ts';
import { codexReasons } from './codex-table.ts';
import { type Confirmation, confirmationOf, type Finding, findingsOf, type KnownFinding } from './confirmation.ts';
import type { GatewayInstall } from './description.ts';
import type { MatrixEntry } from './matrix.ts';
import { tableLines } from './table.ts';

/** Worst first. */
const ORDER: readonly Verdict[] = ['fail', 'error', 'inconclusive', 'warn'];

/** The ways through a gateway that are open. */
type Ways = readonly string[];

/** Longer ones are in the baseline. */
const MOST_OF_SEEN = 160;

/** What is said of one gateway. */
export function sectionLines(entry: MatrixEntry): string[] {
  const { description, baseline, confirmations, known } = entry;
  const { name, title, install, source, notOffered, node } = description;
  const open = baseline.routes.filter(({ state }) => state === 'open');
  const ways = [...new Set(open.map(({ client, upstream }) => `${client}->${upstream}`))];
  const leads = findingsOf(baseline).filter((finding) => !confirmationOf(finding, confirmations));
  const findings = findingsOf(baseline);
  return [
    `## ${name}`,
    '',
    `${title}, version ${baseline.version} ([source](${source})), ${installText(install, baseline.version)}${node === undefined ? '' : `, on Node.js ${node}`}.`,
    `Ways through: ${ways.join(', ')}. Not offered or not configured: ${notOffered}`,
    '',
    ...(findings.length === 0 ? ['Nothing was found.', ''] : []),
    ...causeLines(findings, confirmations, ways),
    ...leadLines(leads, ways),
    ...codexReasons(entry),
    ...knownLines(known),
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

/** A row for each cause that somebody made sure of, with all that it explains. */
function causeLines(findings: readonly Finding[], confirmations: readonly Confirmation[], ways: Ways): string[] {
  const causes = confirmations.map((confirmation) => ({
    ...confirmation,
    found: findings.filter((finding) => confirmationOf(finding, confirmations) === confirmation),
  }));
  const rows = sortByVerdict(causes.filter(({ found }) => found.length > 0)).map(({ cause, found, how }) => [
    worstOf(found),
    cause ?? seenText(found),
    checksText(found),
    waysText(found, ways),
    how,
  ]);
  return rows.length === 0
    ? []
    : tableLines(['verdict', 'what it does', 'checks', 'ways', 'how that was made sure'], rows);
}

/** A row for each topic of what nobody has made sure of. */
function leadLines(findings: readonly Finding[], ways: Ways): string[] {
  const topics = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = [finding.verdict, ...finding.check.split('.').slice(0, 2)].join('.');
    topics.set(key, [...(topics.get(key) ?? []), finding]);
  }
  const groups = sortByVerdict([...topics.values()].map((found) => ({ found })));
  if (groups.length === 0) return [];
  const rows = groups.map(({ found }) => [worstOf(found), checksText(found), waysText(found, ways), seenText(found)]);
  return ['Leads, not made sure of:', '', ...tableLines(['verdict', 'checks', 'ways', 'seen, for example'], rows)];
}

function knownLines(known: readonly KnownFinding[]): string[] {
  if (known.length === 0) return [];
  const rows = known.map(({ finding, found, note }) => [
    finding,
    [...found.map((id) => `\`${id}\``), ...(note === undefined ? [] : [note])].join(', '),
  ]);
  return ['What an earlier measurement with other means had found:', '', ...tableLines(['finding', 'found by'], rows)];
}

function sortByVerdict<T extends { found: readonly Finding[] }>(groups: readonly T[]): T[] {
  return [...groups].sort((a, b) => ORDER.indexOf(worstOf(a.found)) - ORDER.indexOf(worstOf(b.found)));
}

function worstOf(found: readonly Finding[]): Verdict {
  return ORDER.find((verdict) => found.some((finding) => finding.verdict === verdict)) ?? 'warn';
}

/** `zstd.responses.long, …level-1 and 3 more`, what failed first: the rest is in the baseline. */
function checksText(found: readonly Finding[]): string {
  const ranked = ORDER.flatMap((verdict) => found.filter((finding) => finding.verdict === verdict));
  const ids = [...new Set(ranked.map(({ check }) => check))];
  const shown = ids.slice(0, 3).map((id) => `\`${id}\``);
  const rest = ids.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/** `responses->chat`; `all` where it is all that the gateway has. What is asked of it as a whole has no way. */
function waysText(found: readonly Finding[], all: Ways): string {
  const ways = [...new Set(found.map(({ way }) => way).filter(Boolean))];
  return all.length > 1 && all.every((way) => ways.includes(way)) ? 'all' : ways.join(', ');
}

function seenText(found: readonly Finding[]): string {
  const first = found.find(({ verdict }) => verdict === worstOf(found))?.why ?? '';
  return first.length > MOST_OF_SEEN ? `${first.slice(0, MOST_OF_SEEN)}…` : first;
}
