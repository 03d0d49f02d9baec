import type { EarlierReport } from '../../report/conformance/baseline.ts';
import type {
  CheckFacts,
  CheckResult,
  ConformanceReport,
  Readiness,
  RouteFacts,
} from '../../report/conformance/model.ts';
import { judgeReadiness } from '../../report/conformance/readiness.ts';
import { whyOf } from '../../report/conformance/words.ts';
import type { Level, Verdict } from '../check.ts';
import type { CodexBaseline } from './codex-baseline.ts';

/** What a version of a gateway was found to do, kept small: every verdict, and of what is no pass in a line why. */
export interface GatewayBaseline {
  name: string;
  version: string;
  /** Version of the tapedeck that judged, and the day. */
  tool: string;
  date: string;
  routes: Pick<RouteFacts, 'client' | 'model' | 'upstream' | 'state'>[];
  clients: Pick<Readiness, 'client' | 'verdict'>[];
  /** How real Codex got on through it; absent: it was not run. */
  codex?: CodexBaseline;
  /** By id; `results` by verdict: where, as `responses->chat gpt-5.5` (and a real client behind it), or `''` for the gateway as a whole. */
  checks: Record<string, { revision: number; level: Level; results: Partial<Record<Verdict, string[]>> }>;
  /** What was seen where a check was no pass; one entry for each thing seen. */
  seen: Seen[];
}

/** Something that was seen where a check was no pass. */
export interface Seen {
  check: string;
  verdict: Verdict;
  /** As in `checks`. */
  routes: string[];
  why: string;
}

/** Longer answers of gateways are in the evidence. */
const MOST_OF_WHY = 300;

/** Verdicts that say something against a gateway, or that nothing could be said. */
export const TOLD: readonly Verdict[] = ['fail', 'warn', 'inconclusive', 'error'];

/** What is worth keeping of a report. `date` is `YYYY-MM-DD`. */
export function baselineOf(report: ConformanceReport, date: string): GatewayBaseline {
  const { name = '', version = '' } = report.gateway;
  const checks: GatewayBaseline['checks'] = {};
  for (const { id, revision, level } of report.checks) checks[id] = { revision, level, results: {} };
  const seen = new Map<string, Seen>();
  for (const result of report.results) {
    const { check, verdict } = result;
    const place = placeOf(result);
    const { results } = checks[check]!;
    results[verdict] = [...(results[verdict] ?? []), place];
    if (!TOLD.includes(verdict)) continue;
    const why = shortWhy(result);
    const key = JSON.stringify([check, verdict, why]);
    const entry = seen.get(key) ?? { check, verdict, routes: [], why };
    seen.set(key, { ...entry, routes: [...entry.routes, place] });
  }
  return {
    ...{ name, version, tool: report.tool, date },
    routes: report.routes.map(({ client, model, upstream, state }) => ({
      ...{ client, model, state },
      ...(upstream === undefined ? {} : { upstream }),
    })),
    clients: clientsOf(report.clients),
    checks: Object.fromEntries(Object.entries(checks).filter(([, { results }]) => Object.keys(results).length > 0)),
    seen: [...seen.values()],
  };
}

function clientsOf(clients: readonly Readiness[]): GatewayBaseline['clients'] {
  return clients.map(({ client, verdict }) => ({ client, verdict }));
}

/** Why a result is no pass, without what differs from run to run. */
export function shortWhy(result: CheckResult): string {
  return withoutMadeUp(whyOf(result)).slice(0, MOST_OF_WHY);
}

function placeOf({ route, model, client }: CheckResult): string {
  return [route, model, client].filter((part) => part !== undefined).join(' ');
}

/** Ids, times and ports that are others in each run. */
function withoutMadeUp(text: string): string {
  return text
    .replace(/\b(?:resp|chatcmpl|msg|req|fc|rs|call)[-_][\w-]{8,}/g, '(id)')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '(id)')
    .replace(/\b1[78]\d{8}(?:\d{3})?\b/g, '(time)')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replace(/\btdk[0-9a-f]{12}/g, '(marker)');
}

/** A baseline in which the checks of a later, smaller run have the place of the earlier ones. The order is that of `catalogue`. */
export function mergeBaselines(
  earlier: GatewayBaseline,
  later: Pick<GatewayBaseline, 'tool' | 'date' | 'checks' | 'seen'>,
  catalogue: readonly CheckFacts[],
): GatewayBaseline {
  const { tool, date } = later;
  const all = { ...earlier.checks, ...later.checks };
  const ids = catalogue.map(({ id }) => id);
  const seen = [...earlier.seen.filter(({ check }) => !(check in later.checks)), ...later.seen];
  return rejudge(
    {
      ...{ ...earlier, tool, date },
      checks: Object.fromEntries(ids.flatMap((id) => (all[id] ? [[id, all[id]]] : []))),
      seen: seen.filter(({ check }) => ids.includes(check)).sort((a, b) => ids.indexOf(a.check) - ids.indexOf(b.check)),
    },
    catalogue,
  );
}

/** The same with what its results mean for each kind of client by the rules of today. */
export function rejudge(baseline: GatewayBaseline, catalogue: readonly CheckFacts[]): GatewayBaseline {
  const scope = { options: { level: 'all' as const, profiles: [] }, stopped: false };
  const { results } = reportOfBaseline(baseline);
  return { ...baseline, clients: clientsOf(judgeReadiness(catalogue, results, baseline.routes, scope)) };
}

/** A baseline as `holdAgainstBaseline` takes it. */
export function reportOfBaseline({ name, version, tool, checks, routes }: GatewayBaseline): EarlierReport {
  const found = Object.entries(checks);
  return {
    tool,
    gateway: { name, version },
    routes,
    checks: found.map(([id, { revision }]) => ({ id, revision })),
    results: found.flatMap(([check, { results }]) =>
      Object.entries(results).flatMap(([verdict, places]) =>
        places.map((place) => ({ check, verdict: verdict as Verdict, ...partsOf(place) })),
      ),
    ),
  };
}

/** The reverse of `placeOf`. */
function partsOf(place: string): Pick<CheckResult, 'route' | 'model' | 'client'> {
  // Without a route there is no model either.
  const [route, model, ...client] = place.includes('->') ? place.split(' ') : [undefined, undefined, place];
  const named = client.join(' ');
  return {
    ...(route === undefined ? {} : { route }),
    ...(model === undefined ? {} : { model }),
    ...(named === '' ? {} : { client: named }),
  };
}
