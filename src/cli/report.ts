import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TapedeckError } from '../errors.ts';
import { fieldsOf } from '../report/fields.ts';
import { mergeReports } from '../report/results/merge.ts';
import { exitOfReport, type ReplayReport } from '../report/results/model.ts';
import type { Command } from './command.ts';
import { FLAGS } from './flags.ts';
import type { Io } from './io.ts';
import { outputsOf, REPORTER_FLAG, writeReports } from './replay/output.ts';

/** `tapedeck report merge`: the JSON reports of a matrix of jobs as one. */
export const reportCommand: Command = {
  usage: 'report <operation> <file..>',
  summary: 'Join the JSON reports of the parts of a `replay`, or write one in other formats',
  flags: { reporter: REPORTER_FLAG, json: { ...FLAGS.json, describe: 'The same as --reporter json' } },
  examples: [
    ['$0 report merge part-*.json', 'What one run over everything would have said, and its exit code'],
    ['$0 report merge all.json --reporter html=replay.html', 'The same report in another format'],
  ],
  extend: (yargs) =>
    yargs
      .positional('operation', { type: 'string', choices: ['merge'], describe: 'What to do', demandOption: true })
      .positional('file', { type: 'string', array: true, describe: 'JSON reports of `replay`', demandOption: true }),
  async run(args, io) {
    const outputs = outputsOf(args);
    const files = (args.file as string[]).map(String);
    const reports = await Promise.all(files.map(async (name) => ({ name, report: await readReport(name, io) })));
    const report = mergeReports(reports);
    await writeReports(report, outputs, io);
    return exitOfReport(report);
  },
};

/** As far as the reports go into it. */
function isReport(value: unknown): value is ReplayReport {
  const { tapedeckReplay, options, receipt, cassettes } = fieldsOf(value);
  const isWhole = [options, receipt].every((part) => Object.keys(fieldsOf(part)).length > 0);
  return tapedeckReplay === 1 && isWhole && Array.isArray(cassettes) && cassettes.every(isCassetteResult);
}

function isCassetteResult(value: unknown): boolean {
  const { cassette, exchanges } = fieldsOf(value);
  if (typeof cassette !== 'string' || !Array.isArray(exchanges)) return false;
  return exchanges.every((exchange) => Array.isArray(fieldsOf(exchange).results));
}

async function readReport(name: string, { cwd }: Io): Promise<ReplayReport> {
  try {
    const report: unknown = JSON.parse(await readFile(resolve(cwd, name), 'utf8'));
    if (!isReport(report)) throw new Error('it is of another kind');
    return report;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TapedeckError('input-invalid', `${name} is no JSON report of \`replay\`: ${why}`, {
      hint: 'Write one with `tapedeck replay --reporter json=FILE`.',
      cause,
    });
  }
}
