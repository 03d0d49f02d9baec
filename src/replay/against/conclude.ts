import type { RecordedExchange } from '../../cassette/legs.ts';
import { type AgainstCheckId, checkInfo } from '../../report/results/checks.ts';
import type { CheckResult, Failure } from '../../report/results/model.ts';
import type { PlaceDifference } from '../answer-difference.ts';
import type { TargetBase } from '../request.ts';
import type { RequestTable } from '../request-table.ts';
import { failed, notApplicable, passed, type Subject } from '../suite/result.ts';
import type { LiveAnswer } from './send.ts';
import type { UpstreamCall } from './stage.ts';

/** One exchange as it was recorded, and as it went with the gateway. */
export interface PlayedExchange {
  exchange: RecordedExchange;
  calls: readonly UpstreamCall[];
  answer: LiveAnswer;
  /** Has learnt the upstream side of the cassette. */
  table: RequestTable;
  /** Base URL of the recorded upstream. */
  base: TargetBase | undefined;
  /** The command line that runs one check of this exchange alone. */
  reproduce(check: AgainstCheckId): string;
}

/** Places of one result that are told one by one. */
const SHOWN = 8;

/** What stands for a value that the cassette does not hold. */
const PLACEHOLDER = /\[(?:redacted|elided):/;

/** What differs, before it is known whether it counts. */
export interface Found {
  message: string;
  event?: number;
  /** Absent where no value is compared with another. */
  place: PlaceDifference | undefined;
}

/** Nothing of the response can be compared where it has another status. */
export const OTHER_STATUS = 'the status is another one';
export const NO_ANSWER = 'no answer was recorded';

/** Passed, failed, or unknowable where all that differs was redacted or elided. */
export function conclude(played: PlayedExchange, subject: Subject, found: readonly Found[]): CheckResult {
  const known = found.filter(({ place }) => !place || !(PLACEHOLDER.test(place.a) || PLACEHOLDER.test(place.b)));
  if (known.length === 0) {
    const at = found[0]?.place?.pointer;
    return at === undefined
      ? passed(subject)
      : notApplicable(subject, `redaction or elision left another text at ${at || 'the whole'}`);
  }
  const failures = known.slice(0, SHOWN).map(({ message, event, place }) =>
    failure(played, subject.check as AgainstCheckId, {
      message,
      ...(event === undefined ? {} : { event }),
      ...(place ? { pointer: place.pointer, expected: place.a, actual: place.b } : {}),
    }),
  );
  const more = known.length - failures.length;
  if (more > 0) failures.at(-1)!.message += `, and ${more} more`;
  return failed(subject, failures);
}

/** What a result says of one place. */
export function failure(
  { reproduce }: PlayedExchange,
  check: AgainstCheckId,
  { message, pointer = '', ...rest }: Partial<Failure> & { message: string },
): Failure {
  return { rule: check, source: checkInfo(check).source, message, pointer, ...rest, reproduce: reproduce(check) };
}
