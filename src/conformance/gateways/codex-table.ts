import type { CodexRuns } from './codex-baseline.ts';
import type { MatrixEntry } from './matrix.ts';
import { tableLines } from './table.ts';

/** How real Codex got on: a row for each way through each gateway, a column for each version. */
export function codexLines(entries: readonly Pick<MatrixEntry, 'description' | 'baseline'>[]): string[] {
  const runs = entries.flatMap(({ baseline }) => baseline.codex?.runs ?? []);
  if (runs.length === 0) return [];
  const versions = [...new Set(runs.map(({ version }) => version))].sort((a, b) =>
    a.localeCompare(b, 'en', { numeric: true }),
  );
  const rows = entries.flatMap(({ description: { name, title }, baseline: { codex } }) => {
    const ways = [...new Set(codex?.runs.map(({ route, model }) => `${route} ${model}`))];
    return ways.map((way) => [
      `[${title}](#${name})`,
      way.split(' ')[0]!,
      ...versions.map((version) => {
        const run = codex?.runs.find((each) => each.version === version && `${each.route} ${each.model}` === way);
        return run ? runText(run) : '–';
      }),
    ]);
  });
  return [
    '## Real Codex',
    '',
    'Scenarios that passed / those that apply, by real binaries: a text, turns of tools, parallel tools, apply_patch, an image, a resumed session, compaction, zstd (as with a ChatGPT',
    'login), WebSocket (its own provider asks for it first), a 429, a stream that breaks off. Judged by exit code, events, and what the provider, which took every field, was sent. `(!)`: it works, with something lost on the way.',
    '',
    ...tableLines(['gateway', 'way', ...versions.map((version) => `Codex ${version}`)], rows),
  ];
}

/** `9/11: resume, compaction (!)`. */
function runText({ scenarios }: CodexRuns): string {
  const tried = Object.entries(scenarios).filter(([, verdict]) => verdict !== 'not-applicable');
  const others = tried.filter(([, verdict]) => verdict !== 'pass');
  const names = others.map(([name, verdict]) => {
    if (verdict === 'warn') return `${name} (!)`;
    return verdict === 'fail' ? name : `${name} (${verdict})`;
  });
  const none = tried.every(([, verdict]) => verdict === 'fail');
  const told = names.length === 0 ? '' : `: ${none ? 'every one' : names.join(', ')}`;
  return `${tried.length - others.length}/${tried.length}${told}`;
}

/** Why real Codex did not get on, each reason once: for the section of a gateway. */
export function codexReasons({ baseline: { codex } }: Pick<MatrixEntry, 'baseline'>): string[] {
  const reasons = new Map<
    string,
    { scenario: string; verdict: string; why: string; where: Map<string, Set<string>> }
  >();
  for (const { version, route, seen } of codex?.runs ?? [])
    for (const { scenario, verdict, why } of seen) {
      if (verdict === 'not-applicable') continue;
      const key = JSON.stringify([scenario, verdict, why]);
      const reason = reasons.get(key) ?? { scenario, verdict, why, where: new Map() };
      reasons.set(key, reason);
      reason.where.set(route, (reason.where.get(route) ?? new Set()).add(version));
    }
  if (reasons.size === 0) return [];
  return tableLines(
    ['real Codex', 'scenario', 'where', 'what happened'],
    [...reasons.values()].map(({ scenario, verdict, why, where }) => [
      verdict,
      scenario,
      [...where].map(([route, versions]) => `${route} (${[...versions].join(', ')})`).join('; '),
      why,
    ]),
  );
}
