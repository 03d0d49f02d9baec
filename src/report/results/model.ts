import { EXIT, worstExit } from '../../errors.ts';
import type { LegName } from '../../util/types.ts';
import type { CheckId, CheckInfo } from './checks.ts';

/**
 * The result of `tapedeck replay`: one model that every report is written from, and the JSON report as it is. Nothing in it depends on
 * the machine, the time, the number of workers or the order in which they worked. schemas/replay.schema.json is made from it.
 */
export interface ReplayReport {
  /** Version of this form. */
  tapedeckReplay: 1;
  /** Version of the tapedeck that judged. */
  tool: string;
  options: ReplayOptions;
  /** `i/n`: this is one part of several, to be joined by `tapedeck report merge`. */
  shard?: string;
  counts: Counts;
  receipt: Receipt;
  /** The checks that this report speaks of. */
  checks: CheckInfo[];
  /** By name. */
  cassettes: CassetteResult[];
}

/** What decides which results there are. */
export interface ReplayOptions {
  profiles: string[];
  splits: Splits;
  filter?: string;
  strict: boolean;
  /** Stopped at the first exchange that failed. */
  bail: boolean;
  /** How old a recording may be, as it was given: `30d`. */
  maxAge?: string;
  /** What was held against the cassettes in place of Tapedeck: a URL, or the command line that starts a gateway. */
  against?: string;
}

export type Splits = 'fast' | 'all' | 'none';

export interface Counts {
  cassettes: number;
  unreadable: number;
  exchanges: number;
  passed: number;
  failed: number;
  notApplicable: number;
  /** Cassettes that were changed after they were recorded. */
  edited: number;
  /** Expected results that no longer differ from what was recorded. */
  leftovers: number;
  /** Recorded calls to the upstream that the proxy does not make any more. */
  unused: number;
  /** Exchanges that were recorded too long ago. */
  expired: number;
}

/** What the run really used. */
export interface Receipt {
  /** Recorded calls to the upstream that were answered from the cassettes. */
  served: number;
  /** Connections and look-ups outside loopback that were asked for; none was made. */
  denied: number;
}

export interface CassetteResult {
  /** Path from the working directory, with slashes. */
  cassette: string;
  /** The entries are not those that were recorded. */
  edited?: true;
  /** Why it could not be judged, or not to its end. */
  unreadable?: { code: string; message: string; hint?: string };
  /** Expected results in NAME.expected.json that nothing needs. */
  leftovers?: Leftover[];
  /** Recorded calls to the upstream that the proxy does not make any more. */
  unused?: { exchange: string; attempt: number }[];
  /** Exchanges that were recorded longer ago than `--max-age` says, ISO 8601. */
  expired?: { exchange: string; recordedAt: string }[];
  /** Recorded calls to the upstream that were answered from it; absent: none. */
  served?: number;
  /** In the order of the file. */
  exchanges: ExchangeResult[];
}

export interface Leftover {
  exchange: string;
  /** Check, and attempt where it is of an upstream leg. */
  result: string;
  reason: string;
}

export interface ExchangeResult {
  id: string;
  /** From 1, as `show` counts. */
  number: number;
  method: string;
  path: string;
  /** Of the client response; 0: none came. */
  status: number;
  results: CheckResult[];
}

/** One check of one leg, or of the whole exchange where no leg is named. */
export interface CheckResult {
  check: CheckId;
  leg?: LegName;
  attempt?: number;
  verdict: 'passed' | 'failed' | 'not-applicable';
  /** Why it does not apply. */
  reason?: string;
  /** What a reader should know of a check that passed. */
  notes?: string[];
  failures?: Failure[];
}

export interface Failure {
  rule: string;
  source: string;
  /** One sentence that names the place. */
  message: string;
  /** JSON pointer in the document or the event; empty: the whole. */
  pointer: string;
  /** Of a stream: which event, from 0. */
  event?: number;
  /** Byte in the decoded body, or in the coded one for what is wrong with a coding. */
  offset?: number;
  /** Of a stream translation: how its bytes were split. */
  split?: string;
  /** Both values, cut to where they part. */
  expected?: string;
  actual?: string;
  /** Lines that begin with `-` (expected), `+` (actual) or a space. */
  diff?: string[];
  /** A command line that gives this failure alone. */
  reproduce: string;
}

export function countResults(cassettes: readonly CassetteResult[]): Counts {
  const counts: Counts = {
    cassettes: cassettes.length,
    unreadable: 0,
    exchanges: 0,
    passed: 0,
    failed: 0,
    notApplicable: 0,
    edited: 0,
    leftovers: 0,
    unused: 0,
    expired: 0,
  };
  const fields = { passed: 'passed', failed: 'failed', 'not-applicable': 'notApplicable' } as const;
  for (const { unreadable, edited, leftovers = [], unused = [], expired = [], exchanges } of cassettes) {
    if (unreadable) counts.unreadable += 1;
    if (edited) counts.edited += 1;
    counts.leftovers += leftovers.length;
    counts.unused += unused.length;
    counts.expired += expired.length;
    counts.exchanges += exchanges.length;
    for (const { results } of exchanges) for (const { verdict } of results) counts[fields[verdict]] += 1;
  }
  return counts;
}

/** The receipt of a run over these cassettes. */
export function receiptOf(cassettes: readonly CassetteResult[], denied: number): Receipt {
  return { served: cassettes.reduce((sum, { served = 0 }) => sum + served, 0), denied };
}

/** The exit code that a report stands for. */
export function exitOfReport({ cassettes, counts, options, receipt }: ReplayReport): number {
  const secret = cassettes.some(({ exchanges }) =>
    exchanges.some(({ results }) =>
      results.some(({ check, verdict }) => check === 'redaction.complete' && verdict === 'failed'),
    ),
  );
  return worstExit([
    ...(counts.unreadable > 0 || counts.expired > 0 || secret ? [EXIT.cassette] : []),
    ...(options.strict && counts.edited > 0 ? [EXIT.cassette] : []),
    ...(options.strict && counts.leftovers + counts.unused > 0 ? [EXIT.miss] : []),
    ...(counts.failed > 0 || receipt.denied > 0 ? [EXIT.findings] : []),
  ]);
}
