import { type CassetteReader, openCassette } from '../cassette/store.ts';
import { EXIT, TapedeckError } from '../errors.ts';
import {
  type CassetteDifference,
  type CompareOptions,
  compareCassettes,
  comparePair,
  type DiffReport,
  isSame,
} from '../replay/cassette-difference.ts';
import { sourceOfCassette } from '../replay/exchange-source.ts';
import type { MatchLevel } from '../replay/request.ts';
import { differenceLines } from '../report/difference-text.ts';
import type { Arguments, Command } from './command.ts';
import { findNamed } from './find-cassette.ts';
import { FLAGS } from './flags.ts';
import { type Io, say, sayJson } from './io.ts';
import { readMatchRules } from './match-rules.ts';
import { READING, sayWhenSlow } from './patience.ts';
import { shortPath } from './short-path.ts';
import { findExchange } from './show/select.ts';

/** `tapedeck diff`: what two cassettes, or two exchanges, say differently. */
export const diffCommand: Command = {
  usage: 'diff <what..>',
  summary: 'Compare two cassettes, or two exchanges, by what they say',
  flags: {
    match: {
      type: 'string',
      choices: ['exact', 'shape', 'turn'],
      default: 'shape',
      describe: 'Compare all, all but what is volatile, or of requests their place in the conversation alone',
    },
    json: FLAGS.json,
  },
  examples: [
    ['$0 diff old.har new.har', 'All exchanges of two cassettes'],
    ['$0 diff old.har 3 new.har 4', 'Exchange 3 of one and exchange 4 of the other'],
    ['$0 diff old.har 3 old.har 4', 'Two exchanges of one cassette'],
  ],
  extend: (yargs) =>
    yargs.positional('what', {
      type: 'string',
      array: true,
      describe: 'A B: two cassettes; A N B M: exchange N (number or id) of A and exchange M of B',
      demandOption: true,
    }),
  run,
};

/** One of the two things that are compared. */
interface Side {
  path: string;
  exchange: string | undefined;
}

async function run(args: Arguments, io: Io): Promise<number> {
  const [a, b] = await readSides(args, io);
  const level = args.match as MatchLevel;
  const options = { level, ...(await readMatchRules(io)) };
  const old = await sayWhenSlow(io, READING, openCassette(a.path));
  try {
    const now = await sayWhenSlow(io, READING, openCassette(b.path));
    try {
      const found = await sayWhenSlow(io, READING, compare(old, now, a, b, options));
      const same = isSame(found, level);
      const files = { a: old.path, b: now.path };
      if (args.json) sayJson(io, { event: 'diff', match: level, ...files, equal: same, ...found } satisfies DiffReport);
      else print(found, a, b, io);
      return same ? EXIT.ok : EXIT.findings;
    } finally {
      await now.close();
    }
  } finally {
    await old.close();
  }
}

async function readSides(args: Arguments, io: Io): Promise<[Side, Side]> {
  const words = (args.what as unknown[]).map(String);
  if (words.length !== 2 && words.length !== 4) {
    throw new TapedeckError(
      'usage',
      `It takes two cassettes, or a cassette and an exchange twice; ${words.length === 1 ? '1 argument was' : `${words.length} arguments were`} given.`,
      {
        hint: '`tapedeck diff A.har B.har`, or `tapedeck diff A.har 3 B.har 4` (exchange 3 of one, exchange 4 of the other).',
      },
    );
  }
  const isPair = words.length === 4;
  const [first, second] = isPair ? [words[0]!, words[2]!] : [words[0]!, words[1]!];
  return [
    { path: await findNamed(first, io), exchange: isPair ? words[1] : undefined },
    { path: await findNamed(second, io), exchange: isPair ? words[3] : undefined },
  ];
}

async function compare(
  old: CassetteReader,
  now: CassetteReader,
  a: Side,
  b: Side,
  options: CompareOptions,
): Promise<CassetteDifference> {
  if (a.exchange === undefined)
    return compareCassettes(await sourceOfCassette(old), await sourceOfCassette(now), options);
  return comparePair(await findExchange(old, a.exchange), await findExchange(now, b.exchange), options);
}

function print(found: CassetteDifference, a: Side, b: Side, io: Io): void {
  const { bold, dim, red, green } = io.colour;
  for (const [name, { path, exchange }] of [[red('a'), a] as const, [green('b'), b] as const]) {
    say(io, `${name}  ${bold(shortPath(path, io))}${exchange === undefined ? '' : dim(`, exchange ${exchange}`)}`);
  }
  say(io);
  for (const line of differenceLines(found, { colour: io.colour, columns: io.stdout.columns ?? 120 })) say(io, line);
}
