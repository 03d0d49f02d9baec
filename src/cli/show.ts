import { legsOf, type RecordedExchange } from '../cassette/legs.ts';
import { type CassetteReader, openCassette } from '../cassette/store.ts';
import { EXIT, TapedeckError } from '../errors.ts';
import { cassetteHeadLines } from '../report/cassette-head.ts';
import { continuesEarlier, effectiveInput, previousOf, responseOf } from '../report/effective-input.ts';
import { type ExchangeRow, exchangeTable, rowOf } from '../report/exchange-row.ts';
import { exchangeLines, legLines } from '../report/exchange-text.ts';
import { type ExchangeView, type LegView, viewExchange } from '../report/exchange-view.ts';
import type { Style } from '../report/leg-text.ts';
import type { TimedEvent } from '../report/timeline.ts';
import { isUtf8 } from '../util/bytes.ts';
import type { LegName } from '../util/types.ts';
import type { Arguments, Command } from './command.ts';
import { type ExchangeArgument, readExchangeArgument } from './exchange-argument.ts';
import { findNamed } from './find-cassette.ts';
import { FLAGS } from './flags.ts';
import { type Io, remark, say, sayJson } from './io.ts';
import { READING, sayWhenSlow } from './patience.ts';
import { warnOfSecrets } from './secret-warning.ts';
import { chooseLeg, curlOf, wireBytes } from './show/leg.ts';
import { findExchange } from './show/select.ts';
import { writeOut } from './write-out.ts';

const LEGS: readonly LegName[] = ['client-request', 'upstream-request', 'upstream-response', 'client-response'];

/** Width of text that goes to no terminal. */
const COLUMNS = 120;

interface Wanted extends ExchangeArgument {
  leg: LegName | undefined;
  attempt: number | undefined;
  form: 'text' | 'raw' | 'json' | 'curl';
}

/** `tapedeck show`: what a cassette holds, as a table, and what happened in one exchange, leg by leg. */
export const showCommand: Command = {
  usage: 'show [cassette] [exchange]',
  summary: 'Show what happened: all exchanges as a table, or one of them in full',
  flags: {
    leg: { type: 'string', choices: LEGS, describe: 'Only this leg, with its whole decoded body' },
    attempt: { type: 'number', describe: 'Which attempt an upstream leg belongs to; the last one when not given' },
    raw: { type: 'boolean', default: false, describe: 'Write the bytes of the leg as they crossed the wire' },
    json: FLAGS.json,
    curl: { type: 'boolean', default: false, describe: 'Write the client request as a curl command' },
  },
  examples: [
    ['tapedeck show', 'The exchanges of the newest cassette'],
    ['tapedeck show 3', 'The third exchange of the newest cassette'],
    ['tapedeck show session.har 3 --leg client-request --raw > body.zst', 'The bytes that the client sent'],
    ['tapedeck show session.har 3 --curl', 'The request as a command to run again'],
  ],
  extend: (yargs) =>
    yargs
      .positional('cassette', { type: 'string', describe: 'Cassette; the newest one of cassettes/ when not given' })
      .positional('exchange', { type: 'string', describe: 'Number or id of an exchange' }),
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const wanted = readArguments(args);
  const path = await findNamed(wanted.cassette, io);
  const cassette = await sayWhenSlow(io, READING, openCassette(path));
  try {
    const needsOne = wanted.exchange !== undefined || wanted.leg !== undefined || wanted.form === 'curl';
    if (needsOne) await showExchange(cassette, wanted, io);
    else if (wanted.form === 'json') await writeJson(cassette, io);
    else await writeTable(cassette, io);
  } finally {
    await cassette.close();
  }
  return EXIT.ok;
}

function readArguments(args: Arguments): Wanted {
  const forms = (['raw', 'json', 'curl'] as const).filter((form) => args[form] === true);
  if (forms.length > 1) throw usage(`--${forms[0]} and --${forms[1]} cannot both be given.`, 'Choose one of them.');
  const form = forms[0] ?? 'text';
  const leg = args.leg as LegName | undefined;
  const attempt = args.attempt as number | undefined;
  if (form === 'raw' && leg === undefined) throw usage('--raw needs --leg.', `Add --leg ${LEGS.join('|')}.`);
  if (form === 'curl' && leg !== undefined && leg !== 'client-request') {
    throw usage('--curl shows the client request.', 'Leave out --leg.');
  }
  if (attempt !== undefined && !leg?.startsWith('upstream')) {
    throw usage('--attempt needs --leg upstream-request or upstream-response.', 'Add --leg, or leave out --attempt.');
  }
  return { ...readExchangeArgument(args), leg, attempt, form };
}

function usage(message: string, hint: string): TapedeckError {
  return new TapedeckError('usage', message, { hint });
}

/**
 * A table of so many rows is laid out at a time: columns are as wide as these rows need, and memory stays as it is however many
 * exchanges there are. Few sessions have as many.
 */
const SECTION = 1000;

/** JSON that is gathered before it is written. */
const PIECE = 1024 * 1024;

async function* rowsOf(cassette: CassetteReader): AsyncGenerator<ExchangeRow> {
  let number = 0;
  for await (const exchange of cassette.exchanges()) {
    number += 1;
    yield rowOf(exchange, legsOf(exchange), number);
  }
}

async function writeTable(cassette: CassetteReader, io: Io): Promise<void> {
  const { columns } = styleOf(io);
  let before = headText(cassette, io);
  let rows: ExchangeRow[] = [];
  const write = async () => {
    await writeOut(io, Buffer.from(before + tableText(rows, io, columns)));
    before = '\n';
    rows = [];
  };
  for await (const row of rowsOf(cassette)) {
    rows.push({ ...row, result: beginningOf(row.result, columns) });
    if (rows.length === SECTION) await write();
  }
  // An empty cassette has a head as well.
  if (rows.length > 0 || before !== '\n') await write();
  await warnOfSecrets(cassette, cassette.exchanges(), io);
}

/** As much of a text as the table can show, in a copy: a part of a string keeps the whole of it in memory. */
function beginningOf(text: string, columns: number): string {
  const enough = 4 * columns;
  return text.length <= enough ? text : Buffer.from(text.slice(0, enough)).toString();
}

async function writeJson(cassette: CassetteReader, io: Io): Promise<void> {
  const { path, header, edited } = cassette;
  let text = jsonStart({ event: 'cassette', path, header, edited });
  let before = '';
  for await (const row of rowsOf(cassette)) {
    text += before + JSON.stringify(row);
    before = ',';
    if (text.length < PIECE) continue;
    await writeOut(io, Buffer.from(text));
    text = '';
  }
  await writeOut(io, Buffer.from(`${text}]}\n`));
}

/** The beginning of an object whose last member is the list of exchanges. */
function jsonStart(members: object): string {
  return `${JSON.stringify(members).slice(0, -1)},"exchanges":[`;
}

function headText({ path, header, edited }: CassetteReader, io: Io): string {
  return [io.colour.bold(path), ...cassetteHeadLines(header, edited), '', ''].join('\n');
}

function tableText(rows: readonly ExchangeRow[], io: Io, columns: number): string {
  if (rows.length === 0) return 'It holds no exchange.\n';
  return `${exchangeTable(rows, io.colour, columns).join('\n')}\n`;
}

async function showExchange(cassette: CassetteReader, wanted: Wanted, io: Io): Promise<void> {
  const { exchange, number } = await findExchange(cassette, wanted.exchange);
  await warnOfSecrets(cassette, [exchange], io);
  const view = async (): Promise<ExchangeView> => {
    const effective = effectiveInput(exchange, await earlierOf(cassette, exchange, number));
    const own = viewExchange(exchange, legsOf(exchange), number);
    return effective ? { ...own, effectiveInput: effective } : own;
  };
  await FORMS[wanted.form](exchange, view, wanted, io);
}

/** What an exchange over WebSocket goes on from; only then is more of the cassette read. */
async function earlierOf(
  cassette: CassetteReader,
  shown: RecordedExchange,
  number: number,
): Promise<RecordedExchange[]> {
  const earlier: RecordedExchange[] = [];
  if (!continuesEarlier(shown)) return earlier;
  const { _connection: connection = '' } = shown.client;
  const { places } = cassette;
  if (!places) {
    for await (const one of cassette.exchanges()) if (one.client._connection === connection) earlier.push(one);
    return earlier;
  }
  // On one connection a response is made before it is gone on from.
  let wanted = previousOf(shown);
  for (const other of places.numbersOn(connection).reverse()) {
    if (wanted === undefined) break;
    const exchange = other < number ? await places.exchange(other) : undefined;
    if (!exchange || responseOf(exchange) !== wanted) continue;
    earlier.push(exchange);
    wanted = previousOf(exchange);
  }
  return earlier;
}

type Form = (
  exchange: RecordedExchange,
  view: () => Promise<ExchangeView>,
  wanted: Wanted,
  io: Io,
) => void | Promise<void>;

const FORMS: Record<Wanted['form'], Form> = {
  text: async (_exchange, viewOf, wanted, io) => {
    const view = await viewOf();
    const leg = wanted.leg && chooseLeg(view.legs, wanted.leg, wanted.attempt);
    const style = styleOf(io);
    for (const line of leg ? legLines(leg, view.attempts, style) : exchangeLines(view, style)) say(io, line);
  },
  json: async (_exchange, viewOf, wanted, io) => {
    const view = await viewOf();
    const legs = wanted.leg ? [chooseLeg(view.legs, wanted.leg, wanted.attempt)] : view.legs;
    sayJson(io, { event: 'exchange', ...view, legs: legs.map(withoutTwins) });
  },
  raw: (exchange, _view, wanted, io) => {
    const bytes = wireBytes(legsOf(exchange), wanted.leg!, wanted.attempt);
    if (io.stdout.isTTY && !isUtf8(bytes))
      throw usage('These bytes are no text for a terminal.', 'Add `> FILE` or a pipe.');
    return writeOut(io, bytes);
  },
  curl: (exchange, _view, _wanted, io) => {
    for (const line of curlOf(legsOf(exchange))) say(io, line);
    if (io.stdout.isTTY)
      remark(io, io.errorColour.dim('The port of a recording is seldom still open: change the URL.'));
  },
};

/** The data of an event once: parsed, or as text when it is not JSON. */
function withoutTwins(leg: LegView): object {
  const once = ({ data, json, ...event }: TimedEvent): object => ({
    ...event,
    ...(json === undefined ? { data } : { json }),
  });
  return leg.events === undefined ? leg : { ...leg, events: leg.events.map(once) };
}

function styleOf(io: Io): Style {
  return { colour: io.colour, columns: Math.max(40, io.stdout.columns ?? COLUMNS) };
}
