import type { ConformanceReport } from '../../report/conformance/model.ts';
import type { Verdict } from '../check.ts';
import { shortWhy } from './baseline.ts';

/** How real Codex binaries got on through a gateway. */
export interface CodexBaseline {
  tool: string;
  /** `YYYY-MM-DD`. */
  date: string;
  runs: CodexRuns[];
}

/** One version by one way through. */
export interface CodexRuns {
  /** `0.169.0`. */
  version: string;
  /** `responses->chat`, and the model. */
  route: string;
  model: string;
  /** By the last part of the check's id. */
  scenarios: Record<string, Verdict>;
  /** Why what was no pass was none. */
  seen: { scenario: string; verdict: Verdict; why: string }[];
}

const ID = 'codex.real.';

/** What a report says of real Codex, version by version, and of one version way by way. */
export function codexBaselineOf(
  { tool, results }: Pick<ConformanceReport, 'tool' | 'results'>,
  date: string,
): CodexBaseline {
  const runs = new Map<string, CodexRuns>();
  for (const result of results) {
    const { check, client, route = '', model = '', verdict, reason, faults } = result;
    if (client === undefined || !check.startsWith(ID)) continue;
    const version = client.replace('Codex ', '');
    const key = JSON.stringify([version, route, model]);
    const run = runs.get(key) ?? { version, route, model, scenarios: {}, seen: [] };
    runs.set(key, run);
    const scenario = check.slice(ID.length);
    run.scenarios[scenario] = verdict;
    const told = verdict !== 'pass' && (reason !== undefined || (faults?.length ?? 0) > 0);
    if (told) run.seen.push({ scenario, verdict, why: shortWhy(result) });
  }
  return { tool, date, runs: [...runs.values()].sort(byVersion) };
}

/** Runs of another version or another way stay as they are. */
export function mergeCodex(earlier: CodexBaseline | undefined, later: CodexBaseline): CodexBaseline {
  const keyOf = ({ version, route, model }: CodexRuns) => JSON.stringify([version, route, model]);
  const fresh = new Set(later.runs.map(keyOf));
  const runs = [...(earlier?.runs ?? []).filter((run) => !fresh.has(keyOf(run))), ...later.runs];
  return { ...later, runs: runs.sort(byVersion) };
}

function byVersion(a: CodexRuns, b: CodexRuns): number {
  return a.version.localeCompare(b.version, 'en', { numeric: true });
}
