import { createRedactor, type Redactor } from '../cassette/redact.ts';
import { type CassetteReader, openCassette } from '../cassette/store.ts';
import { EXIT } from '../errors.ts';
import { sourceOfCassette } from '../replay/exchange-source.ts';
import type { Repeat } from '../replay/match.ts';
import type { MatchLevel } from '../replay/request.ts';
import { explainRequest, type WhyReport } from '../replay/why.ts';
import { explanationLines } from '../report/why-text.ts';
import { parseBaseUrl } from '../route/base-url.ts';
import type { Side } from '../util/types.ts';
import type { Arguments, Command } from './command.ts';
import { findNamed } from './find-cassette.ts';
import { FLAGS } from './flags.ts';
import { type Io, say, sayJson } from './io.ts';
import { readMatchRules } from './match-rules.ts';
import { READING, sayWhenSlow } from './patience.ts';
import { redactPatterns } from './proxy-flags.ts';
import { readAsked } from './why/asked.ts';

/** `tapedeck why`: what a cassette makes of a request. */
export const whyCommand: Command = {
  usage: 'why <cassette> <request> [exchange]',
  summary: 'Say why a request does or does not match a recording',
  flags: {
    match: {
      type: 'string',
      choices: ['exact', 'shape', 'turn'],
      default: 'shape',
      describe: 'Compare all of a request, all but what is volatile, or its place in the conversation',
    },
    as: {
      type: 'string',
      choices: ['gateway', 'upstream'],
      default: 'gateway',
      describe: "The requests that are compared: the clients', or those that went upstream",
    },
    repeat: {
      type: 'string',
      choices: ['none', 'last', 'cycle'],
      default: 'none',
      describe: 'When all equal requests were served: miss, the last answer again, or all again',
    },
    alone: {
      type: 'boolean',
      default: false,
      describe: 'Ask for the exchange alone, and not for those before it in its cassette first',
    },
    method: { type: 'string', describe: 'Method of a request that is given by its body (default: POST)' },
    path: { type: 'string', describe: 'Its path, with its query (default: /v1/responses)' },
    redact: { ...FLAGS.redact, describe: 'The patterns that the cassette was recorded with; repeatable' },
    verbose: { type: 'boolean', default: false, describe: 'List every place, and what the field rules took away' },
    json: FLAGS.json,
  },
  examples: [
    ['$0 why session.har session.new-1.har 1', 'Why the first request of the other cassette had no recording'],
    ['$0 why session.har request.json --path /v1/responses', 'Whether the request with this body has one'],
    ['$0 why session.har 3', 'Which recording answers the third request of the cassette itself'],
  ],
  extend: (yargs) =>
    yargs
      .positional('cassette', { type: 'string', describe: 'Cassette with the recordings', demandOption: true })
      .positional('request', {
        type: 'string',
        describe: 'Another cassette (*.har), a number: an exchange of this one, or a file with a body; - is stdin',
        demandOption: true,
      })
      .positional('exchange', { type: 'string', describe: 'Number or id of an exchange of the other cassette' }),
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  const side: Side = args.as === 'upstream' ? 'upstream' : 'client';
  const path = await findNamed(String(args.cassette), io);
  const cassette = await sayWhenSlow(io, READING, openCassette(path));
  try {
    const asked = await readAsked(args, { path, side, redactor: redactorOf(cassette, args) }, io);
    try {
      const level = args.match as MatchLevel;
      const own = await readMatchRules(io);
      const why = explainRequest(await sourceOfCassette(cassette), asked.request, {
        level,
        repeat: args.repeat as Repeat,
        side,
        before: asked.before(),
        ...baseOf(cassette, side),
        ...own,
      });
      const { verdict, ...rest } = await sayWhenSlow(io, READING, why);
      if (args.json) {
        const { method, target } = asked.request;
        const request = { ...asked.name, method, target };
        sayJson(io, { event: 'why', verdict, match: level, request, ...rest } satisfies WhyReport);
      } else print({ verdict, ...rest }, args, io);
      return verdict === 'match' ? EXIT.ok : EXIT.miss;
    } finally {
      await asked.close();
    }
  } finally {
    await cassette.close();
  }
}

function print(why: Awaited<ReturnType<typeof explainRequest>>, args: Arguments, io: Io): void {
  const style = { colour: io.colour, columns: io.stdout.columns ?? 120 };
  for (const line of explanationLines(why, style, args.verbose === true)) say(io, line);
}

/** As `play`: requests are redacted as the recorded ones were. */
function redactorOf({ header }: CassetteReader, args: Arguments): Redactor | undefined {
  const patterns = redactPatterns(args);
  return Object.keys(header.redacted).length > 0 ? createRedactor({ patterns }) : undefined;
}

/** What clients ask for says nothing of the upstream's base. */
function baseOf({ header: { upstream } }: CassetteReader, side: Side) {
  return side === 'upstream' && URL.canParse(upstream.url) ? { base: parseBaseUrl(upstream.url) } : {};
}
