import { TapedeckError } from '../errors.ts';
import { parseFilter, parseMaxAge, parseShard } from '../replay/suite/select.ts';
import { runSuite } from '../replay/suite.ts';
import { exitOfReport, type ReplayOptions, type Splits } from '../report/results/model.ts';
import type { Arguments, Command } from './command.ts';
import { FLAGS } from './flags.ts';
import type { Io } from './io.ts';
import { AGAINST_FLAGS, isAgainst } from './replay/against-flags.ts';
import { watchExpected } from './replay/expected.ts';
import { findInputs } from './replay/inputs.ts';
import { checkOutputs, outputsOf, REPORTER_FLAG, writeReports } from './replay/output.ts';

/** As `validate` judges: what clients in general need, and what Codex does. */
const DEFAULT_PROFILES = ['tolerant', 'codex'];

/** `tapedeck replay`: the checks that need nothing but cassettes, and those of a live gateway. */
export const replayCommand: Command = {
  usage: 'replay [cassette..]',
  summary: 'Check cassettes offline, or hold a live gateway against them',
  flags: {
    profile: { ...FLAGS.profile, defaultDescription: DEFAULT_PROFILES.join(', ') },
    splits: {
      type: 'string',
      choices: ['fast', 'all', 'none'],
      default: 'fast',
      describe:
        'How streams are cut beside the recorded reads: whole, byte by byte and at hard places; all two-way splits too; not at all',
    },
    filter: {
      type: 'string',
      describe: 'Run only what fits: a text, or /re/; held against "CASSETTE EXCHANGE CHECK METHOD PATH"',
    },
    bail: { type: 'boolean', default: false, describe: 'Stop at the first exchange that fails' },
    shard: { type: 'string', describe: 'Run part i/n; `tapedeck report merge` joins the JSON reports' },
    strict: {
      type: 'boolean',
      default: false,
      describe:
        'Edited cassettes, recordings that the proxy does not ask for and expected results that nothing needs fail, too',
    },
    'max-age': {
      type: 'string',
      describe: 'Recordings that are older fail: a number with ms, s, m, h, d or w',
    },
    update: {
      type: 'boolean',
      default: false,
      describe: 'Show what translates otherwise, and keep it as expected in NAME.expected.json',
    },
    pristine: { type: 'boolean', default: false, describe: 'Refuse a cassette that was edited by hand' },
    jobs: {
      type: 'number',
      describe: 'Threads that work on cassettes (default: all cores, where there is enough to do)',
    },
    reporter: REPORTER_FLAG,
    json: { ...FLAGS.json, describe: 'The same as --reporter json' },
    ...AGAINST_FLAGS,
    // Only to say where they belong.
    port: { type: 'number', hidden: true },
  },
  examples: [
    ['$0 replay', 'All cassettes below cassettes/'],
    ['$0 replay fixtures/ --reporter text --reporter junit=junit.xml', 'In CI'],
    ["$0 replay bug.har --filter 'x3 stream.translation' --splits all", 'One check of one exchange'],
    ['$0 replay fixtures/ --shard 1/3 --reporter json=part-1.json', 'A part, for a matrix of jobs'],
    ["$0 replay fixtures/ --launch './gateway --port {port} --upstream {upstream}'", 'A gateway, live'],
    ['$0 replay fixtures/ --against http://127.0.0.1:4000/v1 --upstream-port 9000', 'One that runs already'],
  ],
  extend: (yargs) =>
    yargs.positional('cassette', {
      type: 'string',
      describe: 'Cassettes, folders of them, or globs (default: cassettes/)',
    }),
  run,
};

async function run(args: Arguments, io: Io): Promise<number> {
  refuseServing(args);
  const against = isAgainst(args);
  const options = readOptions(args);
  const outputs = outputsOf(args);
  const jobs = readJobs(args.jobs as number | undefined);
  const shard = args.shard as string | undefined;
  if (shard !== undefined) parseShard(shard);
  const inputs = await findInputs(((args.cassette as string[] | undefined) ?? []).map(String), io);
  await checkOutputs(outputs, io);
  const progress = createProgress(inputs.length, io);
  const tellExpected = args.update === true ? await watchExpected(inputs, io) : undefined;
  const task = {
    inputs,
    options,
    pristine: args.pristine as boolean,
    ...(shard === undefined ? {} : { shard }),
    onCassette: progress.step,
  };
  const report = against
    ? await (await import('./replay/against.ts')).replayAgainst(task, args, io)
    : await runSuite({ ...task, update: args.update as boolean, ...(jobs === undefined ? {} : { jobs }) });
  progress.clear();
  await tellExpected?.();
  const { counts } = report;
  // Of a part it is no wonder.
  if (shard === undefined && counts.exchanges === 0 && counts.unreadable === 0) throw nothingJudged(options.filter);
  await writeReports(report, outputs, io);
  return exitOfReport(report);
}

/** A suite that checks nothing must not pass. */
function nothingJudged(filter: string | undefined): TapedeckError {
  return filter === undefined
    ? new TapedeckError('cassette-not-found', 'There is no exchange in what was given, so nothing was checked.', {
        hint: '`tapedeck show CASSETTE` says what a cassette holds; a recording without a request holds none.',
      })
    : new TapedeckError('usage', `Nothing fits --filter ${filter}.`, {
        hint: 'It is held against "CASSETTE EXCHANGE CHECK METHOD PATH", e.g. "bug.har x3 stream.translation POST /v1/responses".',
      });
}

function refuseServing(args: Arguments): void {
  if (args.port === undefined && args['--'] === undefined) return;
  throw new TapedeckError('usage', '`replay` checks cassettes and serves nothing.', {
    hint: '`tapedeck play CASSETTE --port PORT`, or `tapedeck play CASSETTE -- COMMAND`, serves one.',
  });
}

function readOptions(args: Arguments): ReplayOptions {
  const profiles = (args.profile as string[] | undefined) ?? [];
  const filter = args.filter as string | undefined;
  if (filter !== undefined) parseFilter(filter);
  const maxAge = args['max-age'] as string | undefined;
  if (maxAge !== undefined) parseMaxAge(maxAge);
  if (args.update === true && args.shard !== undefined) {
    throw new TapedeckError('usage', '--update and --shard do not go together: parts would write the same files.');
  }
  return {
    profiles: [...new Set(profiles.length > 0 ? profiles : DEFAULT_PROFILES)].sort(),
    splits: args.splits as Splits,
    ...(filter === undefined ? {} : { filter }),
    ...(maxAge === undefined ? {} : { maxAge }),
    strict: args.strict as boolean,
    bail: args.bail as boolean,
  };
}

function readJobs(jobs: number | undefined): number | undefined {
  if (jobs === undefined || (Number.isInteger(jobs) && jobs >= 1)) return jobs;
  throw new TapedeckError('usage', `--jobs ${jobs} is no number of threads.`);
}

/** On a terminal alone: how many cassettes are done. */
function createProgress(total: number, io: Io): { step(): void; clear(): void } {
  const shown = io.stderr.isTTY === true;
  let done = 0;
  return {
    step() {
      done += 1;
      if (shown) io.stderr.write(`\r${io.errorColour.dim(`${done} of ${total} cassettes`)}`);
    },
    clear() {
      if (shown) io.stderr.write('\r\x1b[K');
    },
  };
}
