import type { RecordedExchange } from '../cassette/legs.ts';
import { openCassette } from '../cassette/store.ts';
import { EXIT, TapedeckError, worstExit } from '../errors.ts';
import { validateDocument } from '../validate/document.ts';
import { isJudged, validateExchange } from '../validate/exchange.ts';
import type { Profile } from '../validate/findings.ts';
import { findRoot, ROOTS } from '../validate/profiles.ts';
import { findHeaderSecrets, findSecrets } from '../validate/secrets.ts';
import type { Arguments, Command } from './command.ts';
import { tellRecovered } from './find-cassette.ts';
import { FLAGS } from './flags.ts';
import type { Io } from './io.ts';
import { type Input, listCassettes, readDocument, refuseOtherThanStream } from './validate/inputs.ts';
import {
  addCounts,
  addExchange,
  addFindings,
  type Counts,
  createJsonReport,
  type ExchangeReport,
  type JsonReport,
  type Report,
  sayFile,
  saySummary,
  startReport,
} from './validate/report.ts';
import { writeOut } from './write-out.ts';

/** What clients in general need, and what Codex does; the letter of the API only for those who ask. */
const DEFAULT_PROFILES: readonly Profile[] = ['tolerant', 'codex'];

/** `tapedeck validate`: cassettes, or single documents with `--as`, against schemas and stream grammars. */
export const validateCommand: Command = {
  usage: 'validate [file..]',
  summary: 'Judge cassettes, or single documents, by schemas and by the order of their streams',
  flags: {
    as: { type: 'string', describe: `The files are single documents of this kind: ${Object.keys(ROOTS).join(', ')}` },
    profile: { ...FLAGS.profile, defaultDescription: DEFAULT_PROFILES.join(', ') },
    pristine: { type: 'boolean', default: false, describe: 'Refuse a cassette that was edited by hand' },
    json: FLAGS.json,
  },
  examples: [
    ['tapedeck validate', 'The newest cassette'],
    ['tapedeck validate cassettes/', 'Every cassette of a folder'],
    ['tapedeck validate --profile strict session.har', 'By the letter of the API'],
    ['curl -sN $URL | tapedeck validate --as responses.stream -', 'A stream from somewhere else'],
  ],
  extend: (yargs) =>
    yargs.positional('file', {
      type: 'string',
      describe: 'Cassettes or folders of them; with --as documents, or - for stdin',
    }),
  run,
};

interface Wanted {
  files: string[];
  as: string | undefined;
  profiles: Profile[];
  pristine: boolean;
  json: boolean;
}

async function run(args: Arguments, io: Io): Promise<number> {
  const wanted = readArguments(args);
  const json = wanted.json ? createJsonReport(wanted.profiles, (text) => writeOut(io, Buffer.from(text))) : undefined;
  const total: Counts = { files: 0, unreadable: 0, exchanges: 0, judged: 0, errors: 0, warnings: 0, secrets: 0 };
  const exits: number[] = [];
  const judge = wanted.as === undefined ? judgeCassettes : judgeDocuments;
  await json?.start();
  for await (const { report, exit } of judge(wanted, io, json)) {
    await json?.endFile(report.told);
    if (!json) sayFile(report, io);
    addCounts(total, report.counts);
    exits.push(exit);
  }
  if (json) await json.end(total);
  else saySummary(total, wanted.profiles, io);
  return worstExit(exits);
}

function readArguments(args: Arguments): Wanted {
  const as = lastOf(args.as);
  const files = ((args.file as string[] | undefined) ?? []).map(String);
  if (as === undefined && files.includes('-')) {
    throw new TapedeckError('usage', 'What comes on stdin is a single document, so its kind must be said.', {
      hint: 'Add --as, e.g. `--as responses.stream`.',
    });
  }
  if (as !== undefined) findRoot(as);
  const profiles = (args.profile as Profile[] | undefined) ?? [];
  return {
    files,
    as,
    profiles: [...new Set(profiles.length > 0 ? profiles : DEFAULT_PROFILES)],
    pristine: lastOf(args.pristine) === 'true',
    json: lastOf(args.json) === 'true',
  };
}

/** A flag that came twice is a list; the last one counts, as everywhere. */
function lastOf(value: unknown): string | undefined {
  const last = Array.isArray(value) ? value.at(-1) : value;
  return last === undefined ? undefined : String(last);
}

interface Judged {
  report: Report;
  exit: number;
}

async function* judgeDocuments(wanted: Wanted, io: Io, json: JsonReport | undefined): AsyncGenerator<Judged> {
  const root = wanted.as!;
  // yargs drops a lone `-`; without a file the document can only come on stdin.
  const files = wanted.files.length > 0 ? wanted.files : ['-'];
  for (const file of files) {
    const report = startReport(file === '-' ? 'stdin' : file);
    await json?.file(report.told.file, false);
    const exit = await attempt(report, async () => {
      const text = await readDocument(file, io);
      report.counts.judged = 1;
      if (findRoot(root).form === 'stream') refuseOtherThanStream(text, report.told.file);
      addFindings(report, validateDocument(root, text, wanted.profiles));
    });
    yield { report, exit };
  }
}

async function* judgeCassettes(wanted: Wanted, io: Io, json: JsonReport | undefined): AsyncGenerator<Judged> {
  for (const input of await listCassettes(wanted.files, io)) {
    const report = startReport(input.name);
    report.told.exchanges = [];
    await json?.file(report.told.file, true);
    const exit = await attempt(report, () => judgeCassette(input, report, wanted, json, io));
    yield { report, exit };
  }
}

/** Fills in the report as it reads, so that a cassette which is cut off shows what came before. */
async function judgeCassette(
  input: Input,
  report: Report,
  wanted: Wanted,
  json: JsonReport | undefined,
  io: Io,
): Promise<void> {
  const cassette = await openCassette(input.path, { pristine: wanted.pristine, onRecovered: tellRecovered(io) });
  try {
    addFindings(report, findHeaderSecrets(cassette.header));
    for await (const exchange of cassette.exchanges()) {
      const described = describeExchange(exchange, report.counts.exchanges + 1);
      await json?.exchange(described);
      const findings = [...findSecrets(exchange), ...validateExchange(exchange, { profiles: wanted.profiles })];
      addExchange(report, described, isJudged(exchange), findings);
    }
    if (cassette.edited) report.told.edited = true;
  } finally {
    await cassette.close();
  }
}

function describeExchange({ id, client, outcome }: RecordedExchange, number: number): ExchangeReport {
  const { method, url } = client.request;
  const path = url.replace(/^https?:\/\/[^/]*/i, '').replace(/\?.*$/s, '');
  return { id, number, method, path, status: client.response.status, outcome };
}

/** Runs one file's work; what stops it is noted in the report and does not stop the next file. */
async function attempt(report: Report, work: () => Promise<void>): Promise<number> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    const { code, message, hint } = error;
    report.told.failed = { code, message, ...(hint !== undefined && { hint }) };
    report.counts.unreadable = 1;
    return worstExit([error.exitCode, exitOf(report)]);
  }
  return exitOf(report);
}

function exitOf({ counts }: Report): number {
  if (counts.secrets > 0) return EXIT.cassette;
  return counts.errors > 0 ? EXIT.findings : EXIT.ok;
}
