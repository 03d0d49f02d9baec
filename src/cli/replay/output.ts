import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Chalk, type ChalkInstance } from 'chalk';
import { TapedeckError } from '../../errors.ts';
import type { ReplayReport } from '../../report/results/model.ts';
import { REPORTER_NAMES, REPORTERS, type ReporterName } from '../../report/results/reporters.ts';
import type { Arguments } from '../command.ts';
import type { Io } from '../io.ts';
import { writeOut } from '../write-out.ts';

/** Where one report goes: to a file, or to stdout. */
export interface Output {
  reporter: ReporterName;
  file?: string;
}

/** The flag that `replay` and `report merge` share. */
export const REPORTER_FLAG = {
  type: 'string',
  array: true,
  describe: `Report to write, ${REPORTER_NAMES.join(', ')}; NAME=FILE writes it to a file; repeatable`,
  defaultDescription: 'text',
} as const;

/** What `--reporter` asks for; `--json` is `--reporter json`. @throws as `parseOutputs` */
export function outputsOf(args: Arguments): Output[] {
  const named = (args.reporter as string[] | undefined) ?? [];
  return parseOutputs(args.json === true ? [...named, 'json'] : named);
}

/**
 * Reads `--reporter NAME[=FILE]`.
 * @throws TapedeckError `usage` for a name that does not exist, and for two reports in one place
 */
export function parseOutputs(values: readonly string[] | undefined): Output[] {
  const outputs = (values && values.length > 0 ? values : ['text']).map(parseOutput);
  for (const [i, { reporter, file }] of outputs.entries()) {
    const other = outputs.slice(0, i).find((one) => one.file === file);
    if (!other) continue;
    throw new TapedeckError('usage', `${other.reporter} and ${reporter} cannot both go to ${file ?? 'stdout'}.`, {
      hint: `Give ${file === undefined ? 'one of them a file' : 'each a file of its own'}, e.g. --reporter junit=junit.xml.`,
    });
  }
  return outputs;
}

function parseOutput(text: string): Output {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  const file = at < 0 ? undefined : text.slice(at + 1);
  if (!Object.hasOwn(REPORTERS, name) || file === '') {
    throw new TapedeckError('usage', `--reporter ${JSON.stringify(text)} is none of the reports.`, {
      hint: `Write NAME or NAME=FILE; the names are ${REPORTER_NAMES.join(', ')}.`,
    });
  }
  // A report is made anew with every run and may take the place of the last one; a recording may not be lost that way.
  if (file?.endsWith('.har')) throw new TapedeckError('usage', `${file} is the name of a cassette, not of a report.`);
  return { reporter: name as ReporterName, ...(file === undefined ? {} : { file }) };
}

/** Writes the reports of a `replay`. @throws TapedeckError `output-failed` */
export async function writeReports(report: ReplayReport, outputs: readonly Output[], io: Io): Promise<void> {
  return writeWith(REPORTERS, report, outputs, io);
}

/** Writes reports of any kind, as many as can be. @throws TapedeckError `output-failed` for the first that cannot */
export async function writeWith<Report>(
  reporters: Readonly<Record<ReporterName, Write<Report>>>,
  report: Report,
  outputs: readonly Output[],
  io: Io,
): Promise<void> {
  let failure: unknown;
  for (const output of outputs) {
    // One that cannot be written keeps none of the others from being written.
    await writeOne(reporters[output.reporter], report, output, io).catch((error: unknown) => {
      failure ??= error;
    });
  }
  if (failure !== undefined) throw failure;
}

type Write<Report> = (report: Report, colour: ChalkInstance) => string | Iterable<string>;

async function writeOne<Report>(write: Write<Report>, report: Report, { file }: Output, io: Io): Promise<void> {
  if (file === undefined) {
    for (const part of partsOf(write(report, io.colour))) await writeOut(io, Buffer.from(part));
    return;
  }
  const parts = partsOf(write(report, new Chalk({ level: 0 })));
  await writeFile(resolve(io.cwd, file), parts).catch((cause: Error) => {
    throw unwritable(file, cause);
  });
}

/** Says before a run, rather than after it, that a report has no place. @throws TapedeckError `output-failed` */
export async function checkOutputs(outputs: readonly Output[], { cwd }: Pick<Io, 'cwd'>): Promise<void> {
  for (const { file } of outputs) {
    if (file === undefined) continue;
    const path = resolve(cwd, file);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) throw new TapedeckError('output-failed', `${file} cannot be written: it is a folder.`);
    await access(found ? path : dirname(path), constants.W_OK).catch((cause: Error) => {
      throw unwritable(file, cause);
    });
  }
}

function unwritable(file: string, cause: Error): TapedeckError {
  return new TapedeckError('output-failed', `${file} cannot be written: ${cause.message}`, { cause });
}

function partsOf(text: string | Iterable<string>): Iterable<string> {
  return typeof text === 'string' ? [text] : text;
}
