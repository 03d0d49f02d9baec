import { oneLine, printable } from '../text.ts';
import type { CheckResult, Failure } from './model.ts';

/** A check and its leg, for people. */
export function nameOfResult({ check, leg, attempt }: Pick<CheckResult, 'check' | 'leg' | 'attempt'>): string {
  const place = [leg, attempt === undefined || attempt === 1 ? undefined : `attempt ${attempt}`];
  return [check, ...place.filter((part) => part !== undefined)].join(' ');
}

/** Where a failure stands: event, JSON pointer, byte. */
export function placeOfFailure({ pointer, event, offset }: Failure): string {
  return [
    ...(event === undefined ? [] : [`event ${event + 1}`]),
    ...(pointer === '' ? [] : [oneLine(pointer)]),
    ...(offset === undefined ? [] : [`byte ${offset}`]),
  ].join(', ');
}

/** Lines that begin with `-`, `+` or a space. Recorded text may hold what a terminal would obey; it is shown, not sent. */
export function diffOfFailure({ diff, expected, actual }: Failure): string[] {
  // A rule that is broken has a value that is wrong and none that would be right.
  const wrong = expected === undefined ? '  is ' : '+ ';
  const values = [
    ...(expected === undefined ? [] : [`- ${expected}`]),
    ...(actual === undefined ? [] : [wrong + actual]),
  ];
  // Not by `oneLine`: blanks may be all that differs.
  return (diff ?? values).map((line) => printable(line).replaceAll('\n', '␊').replaceAll('\t', '␉'));
}

/** All of a failure in plain lines. */
export function plainFailure(failure: Failure): string[] {
  const place = placeOfFailure(failure);
  return [
    oneLine(failure.message),
    ...(place === '' ? [] : [`at ${place}`]),
    ...diffOfFailure(failure),
    `rule ${failure.rule} (${failure.source})`,
    `run ${oneLine(failure.reproduce)}`,
  ];
}
