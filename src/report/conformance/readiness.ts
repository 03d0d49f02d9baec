import type { CodexSetup, Level, Verdict } from '../../conformance/check.ts';
import type { CheckFacts, CheckResult, Readiness, RouteFacts, RunOptions, Tally } from './model.ts';

interface Kind extends Pick<Readiness, 'client' | 'profile'> {
  /** Absent: any. */
  protocol?: RouteFacts['client'];
  codex?: CodexSetup;
}

const KINDS: readonly Kind[] = [
  { client: 'Codex (custom provider)', profile: 'codex', protocol: 'responses', codex: 'custom' },
  { client: 'Codex (built-in, API key)', profile: 'codex', protocol: 'responses', codex: 'built-in' },
  { client: 'Codex (built-in, ChatGPT login)', profile: 'codex', protocol: 'responses', codex: 'chatgpt' },
  { client: 'Responses clients', profile: 'open-responses', protocol: 'responses' },
  { client: 'Chat clients', profile: 'openai', protocol: 'chat' },
  { client: 'Messages clients', profile: 'anthropic', protocol: 'messages' },
  { client: 'Operators (security)' },
];

/** What breaks no client, and is for those who run the gateway to mind. */
const OPERATORS = 'security';

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
 * What the results mean for each kind of client that was asked for; only routes that it can take, and only what it asks for itself, count. A
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
  const asked = KINDS.filter(
    ({ profile }) => profiles.length === 0 || (profile !== undefined && profiles.includes(profile)),
  );
  return asked.map((kind): Readiness => {
    const { client, profile, protocol } = kind;
    const own = results.filter(({ check, route, verdict }) => {
      const takes = protocol === undefined || route === undefined || route.split('->')[0] === protocol;
      return takes && verdict !== 'not-applicable' && concerns(facts.get(check), kind);
    });
    const must = tally(own, facts, 'must');
    const should = tally(own, facts, 'should');
    const open = routes.some(
      (route) => (protocol === undefined || route.client === protocol) && route.state === 'open',
    );
    const untried = whatIsUntried(scope);
    const verdict = weaken(verdictOf(open, must, should), scope, untried);
    const found = failures(own, facts);
    const reasons = verdict === 'NOT READY' ? [...found, ...untried] : [...untried, ...found];
    const because = open ? reasons : [`the gateway has no open route for ${protocol ?? 'any'} clients`];
    return { client, ...(profile === undefined ? {} : { profile }), verdict, must, should, because };
  });
}

/** Whether what is asked by a check is asked by such a client. */
function concerns(check: CheckFacts | undefined, { profile, codex }: Kind): boolean {
  if (!check) return false;
  if (profile === undefined) return check.area === OPERATORS;
  if (check.area === OPERATORS || !check.profiles.includes(profile)) return false;
  return codex === undefined || check.codex === undefined || check.codex.includes(codex);
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

/** What a client comes to grief on comes first, what a gateway says that it does not have last. */
const RANKED: readonly Verdict[] = ['fail', 'error', 'warn', 'inconclusive', 'unsupported'];

function rank({ check, verdict }: CheckResult, facts: ReadonlyMap<string, CheckFacts>): number {
  return RANKED.indexOf(verdict) * 2 + (facts.get(check)?.level === 'must' ? 0 : 1);
}
