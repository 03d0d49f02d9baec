import type { EarlierReport } from '../../report/conformance/baseline.ts';
import type { CheckResult, ConformanceReport, Readiness, RouteFacts } from '../../report/conformance/model.ts';
import { whyOf } from '../../report/conformance/words.ts';
import type { Level, Verdict } from '../check.ts';

/** What a version of a gateway was found to do, kept small: every verdict, and of what is no pass in a line why. */
export interface GatewayBaseline {
  name: string;
  version: string;
  /** Version of the tapedeck that judged, and the day. */
  tool: string;
  date: string;
  routes: Pick<RouteFacts, 'client' | 'model' | 'upstream' | 'state'>[];
  clients: Pick<Readiness, 'client' | 'verdict'>[];
  /** By id; `results` by verdict: where, as `responses->chat gpt-5.5` (and a real client behind it), or `''` for the gateway as a whole. */
  checks: Record<string, { revision: number; level: Level; results: Partial<Record<Verdict, string[]>> }>;
  /** What was seen where a check was no pass; one entry for each thing seen. */
  seen: { check: string; verdict: Verdict; routes: string[]; why: string }[];
}

/** Longer answers of gateways are in the evidence. */
const MOST_OF_WHY = 300;

/** Verdicts that say something against a gateway, or that nothing could be said. */
const TOLD: readonly Verdict[] = ['fail', 'warn', 'inconclusive', 'error'];

/** What is worth keeping of a report. `date` is `YYYY-MM-DD`. */
export function baselineOf(report: ConformanceReport, date: string): GatewayBaseline {
  const { name = '', version = '' } = report.gateway;
  const checks: GatewayBaseline['checks'] = {};
  for (const { id, revision, level } of report.checks) checks[id] = { revision, level, results: {} };
  const seen = new Map<string, GatewayBaseline['seen'][number]>();
  for (const result of report.results) {
    const { check, verdict } = result;
    const place = placeOf(result);
    const { results } = checks[check]!;
    results[verdict] = [...(results[verdict] ?? []), place];
    if (!TOLD.includes(verdict)) continue;
    const why = withoutMadeUp(whyOf(result)).slice(0, MOST_OF_WHY);
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
    clients: report.clients.map(({ client, verdict }) => ({ client, verdict })),
    checks: Object.fromEntries(Object.entries(checks).filter(([, { results }]) => Object.keys(results).length > 0)),
    seen: [...seen.values()],
  };
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
  const [route, model, ...client] = place.split(' ');
  return {
    ...(route ? { route } : {}),
    ...(model === undefined ? {} : { model }),
    ...(client.length > 0 ? { client: client.join(' ') } : {}),
  };
}
