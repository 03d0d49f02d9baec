import type { Level, Verdict } from '../../conformance/check.ts';
import type { CheckFacts, CheckResult, Readiness, RouteFacts, RunOptions, Tally } from './model.ts';

const CLIENTS: readonly (Pick<Readiness, 'client' | 'profile'> & { protocol: RouteFacts['client'] })[] = [
  { client: 'Codex', profile: 'codex', protocol: 'responses' },
  { client: 'Responses clients', profile: 'open-responses', protocol: 'responses' },
  { client: 'Chat clients', profile: 'openai', protocol: 'chat' },
  { client: 'Messages clients', profile: 'anthropic', protocol: 'messages' },
];

/** Verdicts that say nothing about the gateway. */
const SILENT: ReadonlySet<Verdict> = new Set(['inconclusive', 'error']);

/** A client is judged when at least this share of what it must have was found out. */
const ENOUGH = 0.8;

/** How much of what there is to try was tried. */
export interface RunScope {
  options: Pick<RunOptions, 'filter' | 'exclude' | 'level' | 'profiles'>;
  /** Some of it was left out after a failure. */
  stopped: boolean;
}

/**
 * What the results mean for each kind of client that was asked for; only routes that it can take, and only its own profile, count. A
 * part of the checks can say that a client is not ready, and never that it is.
 */
export function judgeReadiness(
  checks: readonly CheckFacts[],
  results: readonly CheckResult[],
  routes: readonly RouteFacts[],
  scope: RunScope,
): Readiness[] {
  const facts = new Map(checks.map((check) => [check.id, check]));
  const { profiles } = scope.options;
  const asked = CLIENTS.filter(({ profile }) => profiles.length === 0 || profiles.includes(profile));
  return asked.map(({ client, profile, protocol }): Readiness => {
    const own = results.filter(({ check, route, verdict }) => {
      const mine = facts.get(check)?.profiles.includes(profile);
      return mine && verdict !== 'not-applicable' && (route === undefined || route.split('->')[0] === protocol);
    });
    const must = tally(own, facts, 'must');
    const should = tally(own, facts, 'should');
    const open = routes.some((route) => route.client === protocol && route.state === 'open');
    const untried = whatIsUntried(scope);
    const verdict = weaken(verdictOf(open, must, should), scope, untried);
    const found = failures(own, facts);
    const reasons = verdict === 'NOT READY' ? [...found, ...untried] : [...untried, ...found];
    const because = open ? reasons : [`the gateway has no open route for ${protocol} clients`];
    return { client, profile, verdict, must, should, because };
  });
}

function whatIsUntried({ options: { filter, exclude, level }, stopped }: RunScope): string[] {
  return [
    ...(filter === undefined ? [] : [`only what fits --filter ${filter} was tried`]),
    ...(exclude === undefined ? [] : [`what fits --exclude ${exclude} was not tried`]),
    ...(level === 'must' ? ['the should requirements were not tried'] : []),
    ...(stopped ? ['the run stopped at its first failure'] : []),
  ];
}

function weaken(
  verdict: Readiness['verdict'],
  { options, stopped }: RunScope,
  untried: string[],
): Readiness['verdict'] {
  if (untried.length === 0 || verdict === 'NOT READY') return verdict;
  const whole = options.filter === undefined && options.exclude === undefined && !stopped;
  return whole && verdict !== 'NOT JUDGED' ? 'READY WITH LIMITS' : 'NOT JUDGED';
}

function tally(results: readonly CheckResult[], facts: ReadonlyMap<string, CheckFacts>, level: Level): Tally {
  const counted = results.filter(({ check }) => facts.get(check)?.level === level);
  return {
    all: counted.length,
    ran: counted.filter(({ verdict }) => !SILENT.has(verdict)).length,
    passed: counted.filter(({ verdict }) => verdict === 'pass').length,
    failed: counted.filter(({ verdict }) => verdict === 'fail').length,
  };
}

function verdictOf(open: boolean, must: Tally, should: Tally): Readiness['verdict'] {
  if (must.failed > 0 && open) return 'NOT READY';
  if (!open || must.all === 0 || must.ran < must.all * ENOUGH) return 'NOT JUDGED';
  return must.passed === must.all && should.passed === should.all ? 'READY' : 'READY WITH LIMITS';
}

function failures(results: readonly CheckResult[], facts: ReadonlyMap<string, CheckFacts>): string[] {
  const counted = results.filter(({ check, verdict }) => verdict !== 'pass' && facts.get(check)?.level !== 'info');
  const ranked = counted.sort((a, b) => rank(a, facts) - rank(b, facts));
  return [...new Set(ranked.map(({ check, verdict }) => `${check} (${verdict})`))];
}

function rank({ check, verdict }: CheckResult, facts: ReadonlyMap<string, CheckFacts>): number {
  return (facts.get(check)?.level === 'must' ? 0 : 10) + (verdict === 'fail' ? 0 : 1);
}
