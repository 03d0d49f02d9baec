import {
  type BaselineChange,
  type CheckFacts,
  type CheckResult,
  type ConformanceReport,
  isBad,
  type RouteFacts,
} from './model.ts';

/** What has to be known of an earlier run to hold another against it. */
export interface EarlierReport extends Pick<ConformanceReport, 'tool' | 'results'> {
  gateway: Pick<ConformanceReport['gateway'], 'name' | 'version'>;
  routes: readonly Pick<RouteFacts, 'client' | 'model' | 'state'>[];
  checks: readonly Pick<CheckFacts, 'id' | 'revision'>[];
}

/** Holds a report against an earlier one: by check, route, model and real client. Both are left as they are. */
export function holdAgainstBaseline(report: ConformanceReport, before: EarlierReport): ConformanceReport {
  const earlier = new Map(before.results.map((result) => [keyOf(result), result]));
  const revisions = new Map(before.checks.map(({ id, revision }) => [id, revision]));
  const changedChecks = new Set(
    report.checks.filter(({ id, revision }) => revisions.has(id) && revisions.get(id) !== revision).map(({ id }) => id),
  );
  const counts: Record<BaselineChange, number> = {
    regressed: 0,
    fixed: 0,
    known: 0,
    'check changed': 0,
    'new check': 0,
  };
  const results = report.results.map((result): CheckResult => {
    const change = changeOf(result, earlier.get(keyOf(result)), changedChecks.has(result.check));
    if (change === undefined) return result;
    counts[change] += 1;
    return { ...result, change };
  });
  const { name, version } = before.gateway;
  const gateway = { ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }) };
  return { ...report, results, baseline: { tool: before.tool, gateway, counts, lost: lostRoutes(report, before) } };
}

function keyOf({ check, route = '', model = '', client = '' }: CheckResult): string {
  return JSON.stringify([check, route, model, client]);
}

function changeOf(now: CheckResult, before: CheckResult | undefined, revised: boolean): BaselineChange | undefined {
  if (!isBad(now)) return before && isBad(before) && now.verdict === 'pass' ? 'fixed' : undefined;
  if (!before) return 'new check';
  if (isBad(before)) return 'known';
  if (revised) return 'check changed';
  // A check that could not do its work says nothing about the gateway.
  return now.verdict === 'fail' ? 'regressed' : undefined;
}

/** Only of models that were tried now as well. */
function lostRoutes(now: ConformanceReport, before: EarlierReport): Pick<RouteFacts, 'client' | 'model'>[] {
  return before.routes.flatMap(({ client, model, state }) => {
    const same = now.routes.find((route) => route.client === client && route.model === model);
    return state === 'open' && same && same.state !== 'open' ? [{ client, model }] : [];
  });
}
