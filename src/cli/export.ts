import { join, resolve } from 'node:path';
import { legFiles } from '../cassette/export/files.ts';
import { exportHar, type HarOptions } from '../cassette/export/har.ts';
import { createFile, look } from '../cassette/journal.ts';
import { legOf, type RecordedExchange } from '../cassette/legs.ts';
import { type CassetteReader, openCassette } from '../cassette/store.ts';
import { EXIT, TapedeckError } from '../errors.ts';
import { curlLines } from '../report/curl.ts';
import { formatBytes, formatCount } from '../report/format.ts';
import type { LegName } from '../util/types.ts';
import { VERSION } from '../util/version.ts';
import type { Arguments, Command } from './command.ts';
import { readExchangeArgument } from './exchange-argument.ts';
import { findNamed } from './find-cassette.ts';
import { FLAGS } from './flags.ts';
import { type Io, remark, sayJson } from './io.ts';
import { findExchange } from './show/select.ts';
import { writeOut } from './write-out.ts';

const LEGS: readonly LegName[] = ['client-request', 'upstream-request', 'upstream-response', 'client-response'];

interface Wanted {
  exchange: string | undefined;
  to: 'har' | 'sse' | 'json' | 'curl';
  output: string | undefined;
  leg: LegName | undefined;
  plain: boolean;
  side: HarOptions['side'];
  force: boolean;
  json: boolean;
}

/** `tapedeck export`: a cassette, or an exchange of it, in the forms that other tools read. */
export const exportCommand: Command = {
  usage: 'export [cassette] [exchange]',
  summary: 'Write a cassette for other tools: as plain HAR, as SSE or JSON files, as curl commands',
  flags: {
    to: { type: 'string', choices: ['har', 'sse', 'json', 'curl'], demandOption: true, describe: 'What to write' },
    output: { type: 'string', alias: 'o', describe: 'File, or folder for sse and json (default: stdout)' },
    leg: { type: 'string', choices: LEGS, describe: 'With sse, json or curl: only this leg' },
    plain: { type: 'boolean', default: false, describe: "With har: without Tapedeck's own fields" },
    side: {
      type: 'string',
      choices: ['client', 'upstream', 'both'],
      describe: 'With har: whose side (default: both; with --plain the client side)',
    },
    force: FLAGS.force,
    json: { type: 'boolean', default: false, describe: 'With -o: say what was written as JSON on stdout' },
  },
  examples: [
    ['tapedeck export bug.har --to har --plain -o plain.har', "For a browser's developer tools or mitmproxy"],
    ['tapedeck export bug.har 2 --to sse --leg client-response', 'The stream that the client got, on stdout'],
    ['tapedeck export bug.har --to json -o bodies/', 'Every JSON body as a file of its own'],
    ['tapedeck export bug.har --to curl -o again.sh', 'Every request as a command'],
  ],
  extend: (yargs) =>
    yargs
      .positional('cassette', { type: 'string', describe: 'Cassette; the newest one of cassettes/ when not given' })
      .positional('exchange', { type: 'string', describe: 'Number or id of an exchange; all of them when not given' }),
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const { cassette: named, exchange } = readExchangeArgument(args);
  const wanted = readFlags(args, exchange);
  const path = await findNamed(named, io);
  const cassette = await openCassette(path);
  try {
    await FORMS[wanted.to](cassette, wanted, io);
  } finally {
    await cassette.close();
  }
  return EXIT.ok;
}

function readFlags(args: Arguments, exchange: string | undefined): Wanted {
  const to = args.to as Wanted['to'];
  const plain = args.plain as boolean;
  const leg = args.leg as LegName | undefined;
  const side = args.side as Wanted['side'] | undefined;
  const usage = (message: string, hint: string): TapedeckError => new TapedeckError('usage', message, { hint });
  if (to !== 'har' && (plain || side !== undefined))
    throw usage('--plain and --side belong to --to har.', 'Leave them out.');
  if (to === 'har' && leg !== undefined)
    throw usage('A HAR file has no single legs.', 'Use --side, or leave out --leg.');
  if (to === 'curl' && leg?.endsWith('response'))
    throw usage('--to curl writes requests.', 'Name a request with --leg.');
  return {
    exchange,
    to,
    leg,
    plain,
    side: side ?? (plain ? 'client' : 'both'),
    output: args.output as string | undefined,
    force: args.force as boolean,
    json: args.json as boolean,
  };
}

const FORMS: Record<Wanted['to'], (cassette: CassetteReader, wanted: Wanted, io: Io) => Promise<void>> = {
  har: (cassette, wanted, io) => {
    const exchanges = chosen(cassette, wanted);
    const pieces = exportHar(cassette.header, withoutNumbers(exchanges), { ...wanted, tool: VERSION });
    return writeOne(pieces, wanted, io);
  },
  curl: (cassette, wanted, io) => writeOne(curlCommands(chosen(cassette, wanted), wanted), wanted, io),
  sse: exportFiles,
  json: exportFiles,
};

interface Numbered {
  exchange: RecordedExchange;
  number: number;
}

async function* chosen(cassette: CassetteReader, { exchange: name }: Wanted): AsyncGenerator<Numbered> {
  if (name !== undefined) {
    yield await findExchange(cassette, name);
    return;
  }
  let number = 0;
  for await (const exchange of cassette.exchanges()) {
    number += 1;
    yield { exchange, number };
  }
}

async function* withoutNumbers(list: AsyncIterable<Numbered>): AsyncGenerator<RecordedExchange> {
  for await (const { exchange } of list) yield exchange;
}

async function* curlCommands(list: AsyncIterable<Numbered>, { leg }: Wanted): AsyncGenerator<Uint8Array> {
  for await (const { exchange, number } of list) {
    const request = legOf(exchange, leg ?? 'client-request');
    const lines = request && curlLines(request);
    const why = request ? 'the body of the request is not in the cassette' : `it has no ${leg}`;
    yield Buffer.from([`# exchange ${number}`, ...(lines ?? [`# ${why}`]), '', ''].join('\n'));
  }
}

async function writeOne(pieces: AsyncIterable<Uint8Array>, wanted: Wanted, io: Io): Promise<void> {
  if (wanted.output === undefined) {
    for await (const piece of pieces) await writeOut(io, piece);
    return;
  }
  const path = resolve(io.cwd, wanted.output);
  const bytes = await createFile(path, wanted.force, async (sink) => {
    for await (const piece of pieces) await sink.write(piece);
  });
  tell([{ path, bytes }], wanted, io);
}

/** One file may go to stdout or to a file; several need a folder, into which they go one by one. */
async function exportFiles(cassette: CassetteReader, wanted: Wanted, io: Io): Promise<void> {
  const kind = wanted.to as 'sse' | 'json';
  const folder = await outputFolder(wanted, io);
  const written: { path: string; bytes: number }[] = [];
  const single: { name: string; bytes: Uint8Array }[] = [];
  for await (const { exchange, number } of chosen(cassette, wanted)) {
    for (const file of legFiles(exchange, number, { kind, leg: wanted.leg })) {
      if (folder === undefined) single.push(file);
      else written.push(await writeFile(join(folder, file.name), file.bytes, wanted));
      if (single.length > 1) throw severalFiles(single);
    }
  }
  const [only] = single;
  if (folder === undefined && !only) throw noFile(kind);
  if (only && wanted.output === undefined) await writeOut(io, only.bytes);
  else if (only) written.push(await writeFile(resolve(io.cwd, wanted.output!), only.bytes, wanted));
  if (wanted.output !== undefined) tell(written, wanted, io);
}

/** A folder that exists or ends with a slash, or any name when it cannot be one file. */
async function outputFolder({ output, exchange, leg }: Wanted, io: Io): Promise<string | undefined> {
  if (output === undefined) return undefined;
  const path = resolve(io.cwd, output);
  const isFolder = /[\\/]$/.test(output) || (await look(path))?.folder === true;
  return isFolder || exchange === undefined || leg === undefined ? path : undefined;
}

async function writeFile(path: string, bytes: Uint8Array, { force }: Wanted): Promise<{ path: string; bytes: number }> {
  return { path, bytes: await createFile(path, force, (sink) => sink.write(bytes)) };
}

function severalFiles(files: readonly { name: string }[]): TapedeckError {
  return new TapedeckError('usage', `This is more than one file: ${files.map(({ name }) => name).join(', ')}, …`, {
    hint: 'Name a folder with -o, or one exchange and one --leg.',
  });
}

function noFile(kind: string): TapedeckError {
  const what = kind === 'sse' ? 'an event stream' : 'JSON';
  return new TapedeckError('usage', `No leg that was asked for has ${what} as its body.`, {
    hint: 'See `tapedeck show` for what the legs hold.',
  });
}

function tell(files: { path: string; bytes: number }[], { json }: Wanted, io: Io): void {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (json) sayJson(io, { event: 'exported', files, bytes });
  else if (files.length === 1) remark(io, `${files[0]!.path}  ${formatBytes(bytes)}`);
  else remark(io, `${formatCount(files.length, 'file')}, ${formatBytes(bytes)}`);
}
