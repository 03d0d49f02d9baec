import type { Area, CodexSetup, ConformanceProfile, Level, Verdict } from '../../conformance/check.ts';
import type { Fault, Lost } from '../../conformance/harness/trial.ts';
import { EXIT, worstExit } from '../../errors.ts';
import type { Protocol } from '../../util/types.ts';

/**
 * What a conformance run found out: the one model that every report is written from, and the JSON report as it is. But for the
 * gateway's URL and the places of evidence, it is the same on every run against the same gateway.
 */
export interface ConformanceReport {
  /** Version of this form. */
  tapedeckConformance: 1;
  /** Version of the tapedeck that judged. */
  tool: string;
  gateway: { url: string; name?: string; version?: string };
  mode: RunMode;
  options: RunOptions;
  /** The ways through the gateway that were found, and what became of those that were not. */
  routes: RouteFacts[];
  /** The catalogue as far as it was asked for. */
  checks: CheckFacts[];
  /** In the order of the catalogue, then of the routes. */
  results: CheckResult[];
  counts: Counts;
  /** What was held against an earlier report; absent: nothing was. */
  baseline?: BaselineFacts;
  /** What became of the waivers that were given; absent: none were. */
  waivers?: WaiverFacts[];
  clients: Readiness[];
  /** What a run like this one cannot say. */
  notJudged: string[];
}

/** `basic`: without model and provider. `hermetic`: with our own provider behind the gateway. `live`: with a real one. */
export type RunMode = 'basic' | 'hermetic' | 'live';

export interface RunOptions {
  models: string[];
  strictness: 'on' | 'off';
  level: Level | 'all';
  filter?: string;
  exclude?: string;
  profiles: string[];
  seed: string;
}

export interface RouteFacts {
  client: Protocol;
  model: string;
  /** What the gateway spoke to the scripted upstream. */
  upstream?: Protocol;
  state: 'open' | 'not-offered' | 'failed';
  /** What was answered, where it is not open. */
  detail?: string;
}

export interface CheckFacts {
  id: string;
  revision: number;
  area: Area;
  requirement: string;
  source: string;
  level: Level;
  profiles: readonly ConformanceProfile[];
  /** Of Codex, these setups alone ask for it; absent: every one does. */
  codex?: readonly CodexSetup[];
}

export interface CheckResult {
  check: string;
  /** `responses->chat`; absent for what is asked of the gateway as a whole. */
  route?: string;
  /** That the client named; absent where `route` is. */
  model?: string;
  /** The real client that was run, with its version. */
  client?: string;
  verdict: Verdict;
  /** Why it is not a pass, where no fault says it. */
  reason?: string;
  faults?: Fault[];
  notes?: string[];
  /** What a real client lost before it found a way that works; differs from run to run. */
  lost?: Lost;
  /** What the same check said of our own proxy in the same run. */
  control?: Verdict;
  /** Cassettes of what was exchanged: with the gateway, with our own proxy. */
  evidence?: { gateway: string; control?: string };
  /** A command line that tries this alone. */
  reproduce?: string;
  /** Against the baseline, where there is something to say. */
  change?: BaselineChange;
  /** Somebody takes this failure upon himself: it is told, and does not count. */
  waived?: Pick<Waiver, 'reason' | 'link' | 'expires'>;
}

/** `waived`: how many of the failures and errors are. */
export type Counts = Record<Verdict, number> & { results: number; checks: number; waived: number };

/**
 * What a result is to the one of an earlier report. `known`: it failed then as it does now. `regressed`: the gateway did better, by the
 * same check. `check changed`: it fails, and did not by an earlier revision of the check. `new check`: it fails, and was not tried then.
 */
export type BaselineChange = 'regressed' | 'fixed' | 'known' | 'check changed' | 'new check';

export interface BaselineFacts {
  /** Version of the tapedeck that wrote it. */
  tool: string;
  gateway: { name?: string; version?: string };
  counts: Record<BaselineChange, number>;
  /** Routes that were open then and are not now: a regression, since nothing of them can fail any more. */
  lost: Pick<RouteFacts, 'client' | 'model'>[];
}

/** A failure that somebody takes upon himself for a while. */
export interface Waiver {
  /** Of the check. */
  id: string;
  /** `responses->chat`; absent: every route. */
  route?: string;
  /** That the client names; absent: every one. */
  model?: string;
  /** The real client with its version, as in the result; absent: all of them, and none. */
  client?: string;
  reason: string;
  /** Where it is dealt with. */
  link: string;
  /** The last day on which it counts, `YYYY-MM-DD` in UTC. */
  expires: string;
}

/** `unused`: nothing fails that it speaks of. `unknown`: there is no check of that name. */
export interface WaiverFacts extends Waiver {
  state: 'used' | 'unused' | 'expired' | 'unknown';
}

/** Whether a kind of client can work through the gateway; of those who run it, whether it keeps what they have to keep. */
export interface Readiness {
  client:
    | 'Codex (custom provider)'
    | 'Codex (built-in, API key)'
    | 'Codex (built-in, ChatGPT login)'
    | 'Responses clients'
    | 'Chat clients'
    | 'Messages clients'
    | 'Operators (security)';
  /** Whose requirements count; absent for operators: those of the area `security`, which are nobody else's. */
  profile?: ConformanceProfile;
  verdict: 'READY' | 'READY WITH LIMITS' | 'NOT READY' | 'NOT JUDGED';
  /** Of the `must` requirements that apply. */
  must: Tally;
  should: Tally;
  /** Why it is not READY. */
  because: string[];
}

export interface Tally {
  /** How many apply. */
  all: number;
  /** How many gave a verdict. */
  ran: number;
  passed: number;
  failed: number;
}

/** In the order of reports. */
export const VERDICTS: readonly Verdict[] = [
  'pass',
  'fail',
  'warn',
  'unsupported',
  'inconclusive',
  'not-applicable',
  'error',
];

export function countResults(results: readonly CheckResult[]): Counts {
  const none = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  const checks = new Set(results.map(({ check }) => check)).size;
  const waived = results.filter((result) => result.waived !== undefined).length;
  const counts = { ...none, results: results.length, checks, waived };
  for (const { verdict } of results) counts[verdict] += 1;
  return counts;
}

/** Whether a result makes a run fail as long as nobody says otherwise. */
export function isBad({ verdict }: Pick<CheckResult, 'verdict'>): boolean {
  return verdict === 'fail' || verdict === 'error';
}

/**
 * The exit code that a report stands for: a failed `must` is a finding, and so is a check that could not do its work, unless it is
 * waived. With a baseline what is known does not count, and what regressed counts as that.
 */
export function exitOfReport({ results, baseline }: Pick<ConformanceReport, 'results' | 'baseline'>): number {
  const bad = results.filter((result) => isBad(result) && result.waived === undefined);
  const regressed = bad.some(({ change }) => change === 'regressed') || (baseline?.lost.length ?? 0) > 0;
  const found = bad.some(({ change }) => change !== 'regressed' && change !== 'known');
  return worstExit([...(found ? [EXIT.findings] : []), ...(regressed ? [EXIT.regressions] : [])]);
}
