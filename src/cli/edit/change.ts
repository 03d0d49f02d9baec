import { type ElidedCount, elideEntry } from '../../cassette/edit/elide-entry.ts';
import { parseRanges } from '../../cassette/edit/ranges.ts';
import { createEntryRedactor, highestNumber } from '../../cassette/edit/redact-entry.ts';
import { renumberAll } from '../../cassette/edit/renumber.ts';
import { selectExchanges, withoutUpstream } from '../../cassette/edit/split.ts';
import type { Entry } from '../../cassette/format.ts';
import type { RecordedExchange } from '../../cassette/legs.ts';
import type { CassetteReader } from '../../cassette/store.ts';
import { EXIT, TapedeckError } from '../../errors.ts';
import { formatCount, formatNumber } from '../../report/format.ts';
import type { EditRequest } from '../edit.ts';
import { redactPatterns } from '../proxy-flags.ts';
import { targetOf, tellWritten, withCassette, writeResult } from './target.ts';

/**
 * Takes credentials out of a cassette: by the rules of today, by the user's patterns, by headers' names. The header counts them and stands
 * first, so the cassette is read twice.
 */
export function redact(request: EditRequest): Promise<number> {
  return withCassette(request, async (cassette) => {
    const options = {
      patterns: redactPatterns(request.args),
      headers: (request.args['redact-header'] as string[] | undefined) ?? [],
    };
    const survey = createEntryRedactor(options);
    let highest = highestNumber(cassette.header);
    for await (const entry of cassette.entries()) {
      highest = Math.max(highest, highestNumber(entry));
      await survey.entry(entry);
    }
    const redactor = createEntryRedactor({ ...options, firstNumber: highest + 1 });
    const header = survey.header(cassette.header, highest + 1);
    const entries = mapEntries(cassette, (entry) => redactor.entry(entry));
    const written = await writeResult(targetOf(request, cassette.path), header, entries);
    const redacted = survey.counts();
    const counts = Object.entries(redacted).map(([kind, count]) => `${count} ${kind}`);
    tellWritten(request, [written], { redacted }, [`redacted  ${counts.join(', ') || 'nothing more'}`]);
    return EXIT.ok;
  });
}

/** Replaces the long static texts of requests by their hash and length. */
export function elide(request: EditRequest): Promise<number> {
  return withCassette(request, async (cassette) => {
    const count: ElidedCount = { texts: 0, chars: 0 };
    for await (const entry of cassette.entries()) elideEntry(entry, count);
    const before = cassette.header.elided;
    const header = {
      ...cassette.header,
      elided: { texts: before.texts + count.texts, chars: before.chars + count.chars },
    };
    const entries = mapEntries(cassette, (entry) => elideEntry(entry, { texts: 0, chars: 0 }));
    const written = await writeResult(targetOf(request, cassette.path), header, entries);
    const line = `elided  ${formatCount(count.texts, 'text')}, ${formatNumber(count.chars)} characters`;
    tellWritten(request, [written], { elided: count }, [line]);
    return EXIT.ok;
  });
}

/** Keeps some exchanges, numbered anew. */
export function trim(request: EditRequest): Promise<number> {
  const { args } = request;
  const list = args.exchanges as string | undefined;
  const dropped = args['drop-exchanges'] as string | undefined;
  if (list === undefined && dropped === undefined && !args['drop-upstream']) {
    throw new TapedeckError('usage', 'Say what is to go.', {
      hint: 'Give --exchanges, --drop-exchanges or --drop-upstream.',
    });
  }
  const kept = list === undefined ? () => true : parseRanges(list);
  const gone = dropped === undefined ? () => false : parseRanges(dropped);
  return withCassette(request, async (cassette) => {
    const chosen = selectExchanges(cassette.exchanges(), (_, number) => kept(number) && !gone(number));
    const exchanges = args['drop-upstream'] ? mapExchanges(chosen, withoutUpstream) : chosen;
    const written = await writeResult(
      targetOf(request, cassette.path),
      cassette.header,
      notEmpty(renumberAll(exchanges)),
    );
    tellWritten(request, [written], {}, []);
    return EXIT.ok;
  });
}

async function* mapEntries(
  cassette: CassetteReader,
  change: (entry: Entry) => Entry | Promise<Entry>,
): AsyncGenerator<Entry> {
  for await (const entry of cassette.entries()) yield change(entry);
}

async function* mapExchanges(
  exchanges: AsyncIterable<RecordedExchange>,
  change: (exchange: RecordedExchange) => RecordedExchange,
): AsyncGenerator<RecordedExchange> {
  for await (const exchange of exchanges) yield change(exchange);
}

async function* notEmpty(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  let any = false;
  for await (const entry of entries) {
    any = true;
    yield entry;
  }
  if (any) return;
  throw new TapedeckError('usage', 'No exchange would be left.', { hint: '`tapedeck show` numbers them.' });
}
