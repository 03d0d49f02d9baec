import { TapedeckError } from '../errors.ts';
import { FORMAT_VERSION } from './format.ts';

/** Brings a cassette of one format to the next one, header and entries apart, so that it works entry by entry. */
export interface Converter {
  header(header: unknown): unknown;
  entry(entry: unknown): unknown;
}

/** Format -> converter to the next format. Empty: there has been one format so far. */
export const CONVERTERS: ReadonlyMap<number, Converter> = new Map();

const UNCHANGED: Converter = { header: (header) => header, entry: (entry) => entry };

/**
 * The way from `format` to `to`, through every format between.
 * @throws TapedeckError `cassette-too-new`; `cassette-unreadable` for a format that never was
 */
export function converterFrom(
  format: unknown,
  converters: ReadonlyMap<number, Converter> = CONVERTERS,
  to: number = FORMAT_VERSION,
): Converter {
  if (typeof format !== 'number' || !Number.isInteger(format) || format < 1) {
    const message = `it says it has format ${JSON.stringify(format)}, which is no format of a cassette`;
    throw new TapedeckError('cassette-unreadable', message, { hint: 'Restore `log._tapedeck.format`.' });
  }
  if (format > to) {
    const message = `it has format ${format}, and this version of tapedeck reads formats up to ${to}`;
    throw new TapedeckError('cassette-too-new', message, { hint: 'Please update: npm install -g codex-tapedeck.' });
  }
  const steps = Array.from({ length: to - format }, (_, i) => converters.get(format + i));
  if (steps.includes(undefined)) {
    const message = `it has format ${format}, which can no longer be read`;
    throw new TapedeckError('cassette-unreadable', message, { hint: 'Read it with an older version of tapedeck.' });
  }
  return (steps as Converter[]).reduce(chain, UNCHANGED);
}

function chain(first: Converter, second: Converter): Converter {
  return {
    header: (header) => second.header(first.header(header)),
    entry: (entry) => second.entry(first.entry(entry)),
  };
}
