import { legsOf, type RecordedExchange } from '../cassette/legs.ts';
import { type CassetteReader, findCassette, openCassette } from '../cassette/store.ts';
import { EXIT, TapedeckError } from '../errors.ts';
import { cassetteHeadLines } from '../report/cassette-head.ts';
import { continuesEarlier, effectiveInput } from '../report/effective-input.ts';
import { type ExchangeRow, exchangeTable, rowOf } from '../report/exchange-row.ts';
import { exchangeLines, legLines } from '../report/exchange-text.ts';
import { type ExchangeView, type LegView, viewExchange } from '../report/exchange-view.ts';
import type { Style } from '../report/leg-text.ts';
import type { TimedEvent } from '../report/timeline.ts';
import { isUtf8 } from '../util/bytes.ts';
import type { LegName } from '../util/types.ts';
import type { Arguments, Command } from './command.ts';
import { type ExchangeArgument, readExchangeArgument } from './exchange-argument.ts';
import { FLAGS } from './flags.ts';
import { type Io, remark, say, sayJson } from './io.ts';
import { chooseLeg, curlOf, wireBytes } from './show/leg.ts';
import { findExchange } from './show/select.ts';

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
  const path = await findCassette(wanted.cassette, io.cwd);
  const cassette = await openCassette(path);
  try {
    const needsOne = wanted.exchange !== undefined || wanted.leg !== undefined || wanted.form === 'curl';
    if (needsOne) await showExchange(cassette, wanted, io);
    else await showTable(cassette, wanted.form === 'json', io);
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

async function showTable(cassette: CassetteReader, json: boolean, io: Io): Promise<void> {
  const rows: ExchangeRow[] = [];
  for await (const exchange of cassette.exchanges()) rows.push(rowOf(exchange, legsOf(exchange), rows.length + 1));
  const { path, header, edited } = cassette;
  if (json) {
    sayJson(io, { event: 'cassette', path, header, edited, exchanges: rows });
    return;
  }
  const { columns } = styleOf(io);
  say(io, io.colour.bold(path));
  for (const line of cassetteHeadLines(header, edited)) say(io, line);
  say(io);
  if (rows.length === 0) say(io, 'It holds no exchange.');
  else for (const line of exchangeTable(rows, io.colour, columns)) say(io, line);
}

async function showExchange(cassette: CassetteReader, wanted: Wanted, io: Io): Promise<void> {
  const { exchange, number } = await findExchange(cassette.exchanges(), wanted.exchange);
  const view = async (): Promise<ExchangeView> => {
    const effective = effectiveInput(exchange, await othersOnConnection(cassette, exchange));
    const own = viewExchange(exchange, legsOf(exchange), number);
    return effective ? { ...own, effectiveInput: effective } : own;
  };
  await FORMS[wanted.form](exchange, view, wanted, io);
}

/** What an exchange over WebSocket may go on from; only then is the cassette read another time. */
async function othersOnConnection(cassette: CassetteReader, shown: RecordedExchange): Promise<RecordedExchange[]> {
  const others: RecordedExchange[] = [];
  if (!continuesEarlier(shown)) return others;
  for await (const exchange of cassette.exchanges()) {
    if (exchange.client._connection === shown.client._connection) others.push(exchange);
  }
  return others;
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
    return writeAll(io, bytes);
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

/** Waits until the bytes have left: they may be many, and a pipe slow. */
function writeAll(io: Io, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    io.stdout.write(bytes, (error) => {
      if (error)
        reject(new TapedeckError('output-failed', `Cannot write to stdout: ${error.message}`, { cause: error }));
      else resolve();
    });
  });
}
