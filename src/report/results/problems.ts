import { oneLine } from '../text.ts';
import type { CassetteResult, ReplayOptions, ReplayReport } from './model.ts';

/** Something that is wrong with a cassette as a whole. */
export interface CassetteProblem {
  kind: 'unreadable' | 'edited' | 'expired' | 'left over';
  message: string;
  hint?: string;
  /** It makes the run fail; otherwise it is only told. */
  fails: boolean;
}

export function problemsOf(
  { unreadable, edited, leftovers = [], unused = [], expired = [] }: CassetteResult,
  { strict, maxAge }: Pick<ReplayOptions, 'strict' | 'maxAge'>,
): CassetteProblem[] {
  const problems: CassetteProblem[] = [];
  if (unreadable) {
    const { message, hint } = unreadable;
    problems.push({ kind: 'unreadable', message, ...(hint === undefined ? {} : { hint }), fails: true });
  }
  if (edited) {
    problems.push({ kind: 'edited', message: 'the entries are not those that were recorded', fails: strict });
  }
  const [oldest] = expired.toSorted((a, b) => (a.recordedAt < b.recordedAt ? -1 : 1));
  if (oldest) {
    const count = expired.length === 1 ? '1 exchange was' : `${expired.length} exchanges were`;
    const message = `${count} recorded more than ${maxAge} ago, the first, ${oldest.exchange}, at ${oldest.recordedAt}`;
    problems.push({ kind: 'expired', message, hint: 'Record it again, or raise --max-age.', fails: true });
  }
  for (const { exchange, attempt } of unused) {
    const message = `the recording of ${exchange}, attempt ${attempt}: the proxy does not ask for it`;
    problems.push({ kind: 'left over', message, fails: strict });
  }
  for (const { exchange, result, reason } of leftovers) {
    problems.push({ kind: 'left over', message: `expected result ${exchange} ${result}: ${reason}`, fails: strict });
  }
  return problems;
}

/** Whether anything makes the run fail. */
export function isBadReport({ cassettes, options, receipt }: ReplayReport): boolean {
  return receipt.denied > 0 || cassettes.some((cassette) => isBad(cassette, options));
}

/** Whether anything of a cassette makes the run fail. */
export function isBad(cassette: CassetteResult, options: Pick<ReplayOptions, 'strict' | 'maxAge'>): boolean {
  const failed = cassette.exchanges.some(({ results }) => results.some(({ verdict }) => verdict === 'failed'));
  return failed || problemsOf(cassette, options).some(({ fails }) => fails);
}

/** What was judged by, in words. */
export function settingsOf({ profiles, splits, against }: ReplayOptions): string[] {
  return against === undefined ? [profiles.join(' + '), `splits ${splits}`] : [`against ${oneLine(against)}`];
}
