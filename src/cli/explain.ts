import type { RecordedExchange } from '../cassette/legs.ts';
import { type CassetteReader, openCassette } from '../cassette/store.ts';
import { EXIT, TapedeckError } from '../errors.ts';
import type { BreakExplanation, ExchangeLine } from '../report/explain-report.ts';
import type { Diagnosis } from '../validate/diagnose/types.ts';
import { diagnoseExchange, NOT_JUDGED } from '../validate/diagnose.ts';
import { validateExchange } from '../validate/exchange.ts';
import type { Arguments, Command } from './command.ts';
import { readExchangeArgument } from './exchange-argument.ts';
import { forecastFor } from './explain/forecast.ts';
import { hopsJson, hopsOf, printHops } from './explain/hop.ts';
import { printAllWell, printDiagnosis, printOthers } from './explain/print.ts';
import { findNamed } from './find-cassette.ts';
import { FLAGS } from './flags.ts';
import { type Io, say, sayJson } from './io.ts';
import { READING, sayWhenSlow } from './patience.ts';
import { pathWord } from './short-path.ts';
import { findExchange } from './show/select.ts';

/** `tapedeck explain`: why an exchange broke, in words. */
export const explainCommand: Command = {
  usage: 'explain [cassette] [exchange]',
  summary: 'Say why an exchange broke, what the client does next, and what to do',
  flags: {
    json: FLAGS.json,
    hop: {
      type: 'boolean',
      default: true,
      describe: 'Of a recording around a gateway: say what the gateway did; --no-hop says why an exchange broke',
    },
    codex: {
      type: 'string',
      describe: 'Codex version to judge by, instead of the one in the user agent, e.g. 0.169.0',
    },
  },
  examples: [
    ['tapedeck explain', 'The first exchange that broke in the newest cassette'],
    ['tapedeck explain session.har 3', 'The third exchange of a cassette'],
    ['tapedeck explain 3 --codex 0.122.0', 'What an older Codex would make of it'],
  ],
  extend: (yargs) =>
    yargs
      .positional('cassette', { type: 'string', describe: 'Cassette; the newest one of cassettes/ when not given' })
      .positional('exchange', {
        type: 'string',
        describe: 'Number or id of an exchange; the first that broke when not given',
      }),
  run,
};

interface Explained {
  number: number;
  diagnosis: Diagnosis;
}

interface Reading {
  /** The exchange that is explained in full; undefined when the cassette holds none. */
  chosen: Explained | undefined;
  count: number;
  /** Of these, the ones that rules are known for. */
  judged: number;
  /** The exchanges that are told of, the chosen one too: all of them as JSON, else those that are not well. */
  lines: ExchangeLine[];
}

type Diagnose = (exchange: RecordedExchange, number: number) => Diagnosis;

async function run(args: Arguments, io: Io): Promise<number> {
  const { cassette: name, exchange: wanted } = readExchangeArgument(args);
  const version = readVersion(args.codex);
  const path = await findNamed(name, io);
  const cassette = await sayWhenSlow(io, READING, openCassette(path));
  try {
    const hops = args.hop === false ? undefined : await hopsOf(cassette, wanted, version);
    if (hops) {
      const { name: gateway } = cassette.header.gateway;
      // Of an exchange that is not there, `findExchange` says so.
      if (wanted !== undefined && hops.length === 0) await findExchange(cassette, wanted);
      if (args.json) sayJson(io, hopsJson(path, gateway, hops));
      else printHops(io, gateway, hops);
      return hops.some(({ clients }) => clients.some(({ harmed }) => harmed)) ? EXIT.findings : EXIT.ok;
    }
    const diagnose = diagnoser(pathWord(path, io), version);
    const reading =
      wanted === undefined
        ? await readAll(cassette, diagnose, args.json === true)
        : await readOne(cassette, wanted, diagnose);
    if (args.json) sayJson(io, toJson(path, reading));
    else print(io, path, reading);
    return reading.chosen?.diagnosis.level === 'broken' ? EXIT.findings : EXIT.ok;
  } finally {
    await cassette.close();
  }
}

function readVersion(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const version = /^v?(\d+\.\d+(?:\.\d+)?)/.exec(String(value))?.[1];
  if (version) return version;
  throw new TapedeckError('usage', `--codex ${JSON.stringify(value)} is not a version.`, {
    hint: 'Give it as codex --version prints it, e.g. --codex 0.169.0.',
  });
}

function diagnoser(cassette: string, version: string | undefined): Diagnose {
  return (exchange, number) => {
    const forecast = forecastFor(exchange, version);
    return diagnoseExchange(exchange, {
      findings: validateExchange(exchange, { profiles: ['tolerant', 'codex'] }),
      ...(forecast ? { forecast } : {}),
      cassette,
      exchange: String(number),
    });
  };
}

/** Reads all exchanges, and keeps the first one of the worst level. */
async function readAll(cassette: CassetteReader, diagnose: Diagnose, all: boolean): Promise<Reading> {
  const rank: Record<Diagnosis['level'], number> = { ok: 0, warning: 1, broken: 2 };
  const reading: Reading = { chosen: undefined, count: 0, judged: 0, lines: [] };
  for await (const exchange of cassette.exchanges()) {
    reading.count += 1;
    const number = reading.count;
    const diagnosis = diagnose(exchange, number);
    if (diagnosis.headline !== NOT_JUDGED) reading.judged += 1;
    if (all || diagnosis.level !== 'ok') reading.lines.push(lineOf({ number, diagnosis }));
    const best = reading.chosen?.diagnosis.level;
    if (best === undefined || rank[diagnosis.level] > rank[best]) reading.chosen = { number, diagnosis };
  }
  return reading;
}

async function readOne(cassette: CassetteReader, name: string, diagnose: Diagnose): Promise<Reading> {
  const { exchange, number } = await findExchange(cassette, name);
  const chosen = { number, diagnosis: diagnose(exchange, number) };
  return { chosen, count: 1, judged: 1, lines: [lineOf(chosen)] };
}

function lineOf({ number, diagnosis }: Explained): ExchangeLine {
  const { exchange, level, request, headline } = diagnosis;
  return { number, exchange, level, request, headline };
}

function toJson(path: string, { chosen, lines }: Reading): BreakExplanation {
  const others = lines.filter((line) => line.number !== chosen?.number);
  return {
    event: 'explain',
    cassette: path,
    explained: chosen ? { number: chosen.number, ...chosen.diagnosis } : null,
    others,
  };
}

function print(io: Io, path: string, { chosen, count, judged, lines }: Reading): void {
  say(io, io.colour.dim(path));
  if (!chosen) {
    say(io, 'It holds no exchange.');
    return;
  }
  if (chosen.diagnosis.level === 'ok' && count > 1) {
    printAllWell(io, count, judged, chosen.diagnosis);
    return;
  }
  printDiagnosis(io, chosen.number, chosen.diagnosis);
  printOthers(
    io,
    lines.filter((line) => line.number !== chosen.number && line.level !== 'ok'),
  );
}
