import type { Check, ConformanceProfile, Level } from '../../conformance/check.ts';
import { TapedeckError } from '../../errors.ts';

/** Which checks of the catalogue are wanted. */
export interface Selection {
  /** Ids, beginnings of ids (an area is one), profiles, or `/re/`, with commas between. */
  filter?: string;
  /** As `filter`, for what is not wanted. */
  exclude?: string;
  /** The weakest level that is tried; `all` has `info`, too. */
  level: Level | 'all';
  /** Empty: all. */
  profiles: readonly string[];
}

const LEVELS: Record<Selection['level'], readonly Level[]> = {
  must: ['must'],
  should: ['must', 'should'],
  info: ['must', 'should', 'info'],
  all: ['must', 'should', 'info'],
};

/**
 * The checks that fit, in their order.
 * @throws TapedeckError `usage` for a term that is no regular expression or fits nothing in the whole catalogue
 */
export function selectChecks(catalogue: readonly Check[], selection: Selection): Check[] {
  const { filter, exclude, level, profiles } = selection;
  const wanted = filter === undefined ? () => true : parseTerms('--filter', filter, catalogue);
  const unwanted = exclude === undefined ? () => false : parseTerms('--exclude', exclude, catalogue);
  return catalogue.filter(
    (check) =>
      wanted(check) &&
      !unwanted(check) &&
      LEVELS[level].includes(check.level) &&
      (profiles.length === 0 || check.profiles.some((profile) => profiles.includes(profile))),
  );
}

type Fits = (check: Check) => boolean;

function parseTerms(flag: string, text: string, catalogue: readonly Check[]): Fits {
  const whole = /^\/.*\/$/s.test(text) ? [text] : text.split(',').map((term) => term.trim());
  const terms = whole.map((term) => parseTerm(flag, term, catalogue));
  return (check) => terms.some((fits) => fits(check));
}

/** The id of a check stands for that one alone, even where others begin like it. */
function parseTerm(flag: string, term: string, catalogue: readonly Check[]): Fits {
  const readings: Fits[] = [
    ({ id }) => id === term,
    ({ id }) => term !== '' && id.startsWith(term),
    ({ profiles }) => profiles.includes(term as ConformanceProfile),
  ];
  const pattern = patternOf(flag, term);
  const fits = pattern ? ({ id }: Check) => pattern.test(id) : readings.find((reading) => catalogue.some(reading));
  if (fits && catalogue.some(fits)) return fits;
  throw new TapedeckError('usage', `${flag} ${JSON.stringify(term)} fits no check.`, {
    hint: 'Write an id, the beginning of ids (`zstd.`), a profile, or /re/; `tapedeck conformance --list` shows all ids.',
  });
}

function patternOf(flag: string, term: string): RegExp | undefined {
  const source = /^\/(.*)\/$/s.exec(term)?.[1];
  if (source === undefined) return undefined;
  try {
    return new RegExp(source);
  } catch (cause) {
    throw new TapedeckError('usage', `${flag} ${term} is not a regular expression.`, { cause });
  }
}
