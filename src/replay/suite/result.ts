import type { Leg, RecordedExchange } from '../../cassette/legs.ts';
import { type CheckId, checkInfo } from '../../report/results/checks.ts';
import type { CheckResult, Failure, ReplayOptions } from '../../report/results/model.ts';
import type { LegName } from '../../util/types.ts';
import type { Finding } from '../../validate/findings.ts';
import type { TextDifference } from './compare.ts';
import type { ExpectedBook } from './expected.ts';
import type { Rerun } from './proxy/checks.ts';
import type { ProxyHost } from './proxy/host.ts';
import type { Made, Retranslator } from './translation.ts';

/** What every check gets. */
export interface CheckContext {
  exchange: RecordedExchange;
  legs: readonly Leg[];
  options: ReplayOptions;
  /** Of the cassette. */
  retranslator: Retranslator;
  expected: ExpectedBook;
  /** Of the cassette. */
  proxy: ProxyHost;
  /** The exchange was recorded too long ago to be served. */
  expired: boolean;
  /** The command line that runs one check of this exchange alone. */
  reproduce(check: CheckId): string;
  /** What one check has worked out, and others ask for too. */
  readonly known: { findings?: readonly Finding[]; rerun?: Promise<Made<Rerun>> };
}

/** Runs one check of an exchange: a result a leg. */
export type Check = (context: CheckContext) => CheckResult[] | Promise<CheckResult[]>;

/** What a result is about. */
export interface Subject {
  check: CheckId;
  leg?: LegName;
  attempt?: number;
}

export function subjectOf(check: CheckId, { name, entry }: Pick<Leg, 'name' | 'entry'>): Subject {
  return { check, leg: name, ...(entry._attempt === undefined ? {} : { attempt: entry._attempt }) };
}

export function passed(subject: Subject, notes: readonly string[] = []): CheckResult {
  return notes.length > 0 ? { ...subject, verdict: 'passed', notes: [...notes] } : shared(subject, 'passed');
}

export function notApplicable(subject: Subject, reason: string): CheckResult {
  return shared(subject, 'not-applicable', reason);
}

/** Most results of thousands of exchanges say the same; they are one object, so that memory hardly grows with a corpus. */
const SHARED = new Map<string, CheckResult>();

function shared(subject: Subject, verdict: CheckResult['verdict'], reason?: string): CheckResult {
  const key = `${subject.check} ${subject.leg} ${subject.attempt} ${reason}`;
  const known = SHARED.get(key);
  if (known) return known;
  const result = Object.freeze({ ...subject, verdict, ...(reason === undefined ? {} : { reason }) });
  SHARED.set(key, result);
  return result;
}

export function failed(subject: Subject, failures: readonly Failure[]): CheckResult {
  return { ...subject, verdict: 'failed', failures: [...failures] };
}

/** A failure of the check itself; the rule is the check's. */
export function failureOf(
  { reproduce }: CheckContext,
  check: CheckId,
  difference: TextDifference & { split?: string },
): Failure {
  const { message, pointer, ...rest } = difference;
  return { rule: check, source: checkInfo(check).source, message, pointer, ...rest, reproduce: reproduce(check) };
}

/** The check failed for a reason that is no difference between two texts. */
export function broken(
  context: CheckContext,
  subject: Subject,
  message: string,
  more: Partial<Failure> = {},
): CheckResult {
  return failed(subject, [{ ...failureOf(context, subject.check, { message, pointer: '' }), ...more }]);
}
