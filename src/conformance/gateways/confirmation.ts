import type { Verdict } from '../check.ts';
import type { GatewayBaseline } from './baseline.ts';

/**
 * One cause of what was found, and how somebody made sure, by other means than the check, that it is the gateway's:
 * fixtures/gateways/confirmed/NAME.json is a list of these. The first that fits a finding is the one that speaks of it.
 */
export interface Confirmation {
  /** What the gateway does; absent: what was seen says it. */
  cause?: string;
  /** Ids of checks, or beginnings of ids that end with a dot or a dash. */
  checks: readonly string[];
  /** `responses->chat`: the ways through that it is about; absent: all. */
  ways?: readonly string[];
  /** Some text of what was seen, where a check can find several things. */
  says?: string;
  /** How that was seen: in the evidence and the code, by a script without our harness, in the documentation. */
  how: string;
}

/** Something of an earlier measurement of a gateway, and what became of it here: fixtures/gateways/known/NAME.json is a list of these. */
export interface KnownFinding {
  finding: string;
  /** Ids of checks that find it. Empty: none does, and `note` says why. */
  found: readonly string[];
  note?: string;
}

/** One finding on one way through. */
export interface Finding {
  check: string;
  verdict: Verdict;
  /** `responses->chat`; empty: the gateway as a whole. */
  way: string;
  why: string;
}

/** All that a baseline says against a gateway. */
export function findingsOf({ seen }: Pick<GatewayBaseline, 'seen'>): Finding[] {
  return seen.flatMap(({ check, verdict, routes, why }) =>
    routes.map((route) => ({ check, verdict, way: route.split(' ')[0] ?? '', why })),
  );
}

/** The confirmation that speaks of a finding. */
export function confirmationOf(
  finding: Omit<Finding, 'verdict'>,
  list: readonly Confirmation[],
): Confirmation | undefined {
  return list.find((confirmation) => speaksOf(confirmation, finding));
}

function speaksOf({ checks, ways, says }: Confirmation, { check, way, why }: Omit<Finding, 'verdict'>): boolean {
  const named = checks.some((pattern) => pattern === check || (/[.-]$/.test(pattern) && check.startsWith(pattern)));
  return named && (ways === undefined || ways.includes(way)) && (says === undefined || why.includes(says));
}
