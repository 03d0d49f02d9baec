import type { CassetteResult, ReplayOptions } from './model.ts';

/** Something that is wrong with a cassette as a whole. */
export interface CassetteProblem {
  kind: 'unreadable' | 'edited' | 'left over';
  message: string;
  hint?: string;
  /** It makes the run fail; otherwise it is only told. */
  fails: boolean;
}

export function problemsOf(
  { unreadable, edited, leftovers = [] }: CassetteResult,
  { strict }: Pick<ReplayOptions, 'strict'>,
): CassetteProblem[] {
  const problems: CassetteProblem[] = [];
  if (unreadable) {
    const { message, hint } = unreadable;
    problems.push({ kind: 'unreadable', message, ...(hint === undefined ? {} : { hint }), fails: true });
  }
  if (edited) {
    problems.push({ kind: 'edited', message: 'the entries are not those that were recorded', fails: strict });
  }
  for (const { exchange, result, reason } of leftovers) {
    problems.push({ kind: 'left over', message: `expected result ${exchange} ${result}: ${reason}`, fails: strict });
  }
  return problems;
}

/** Whether anything of a cassette makes the run fail. */
export function isBad(cassette: CassetteResult, options: Pick<ReplayOptions, 'strict'>): boolean {
  const failed = cassette.exchanges.some(({ results }) => results.some(({ verdict }) => verdict === 'failed'));
  return failed || problemsOf(cassette, options).some(({ fails }) => fails);
}
