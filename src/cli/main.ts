import yargs from 'yargs';
import { EXIT, TapedeckError } from '../errors.ts';
import { VERSION } from '../util/version.ts';
import type { Arguments, Command } from './command.ts';
import { type Io, remark, sayJson } from './io.ts';

/** Commands by name, loaded when they are asked for, so that start-up stays short. */
const COMMANDS: Record<string, () => Promise<Command>> = {};

/** Runs one command line and answers with the exit code; never throws. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.ok;
  const parser = yargs([...argv])
    .scriptName('tapedeck')
    .usage('$0 <command>\n\nRecord, validate, explain and replay what crosses the wire between coding agents,\nLLM gateways and providers.')
    .parserConfiguration({ 'populate--': true, 'duplicate-arguments-array': false, 'camel-case-expansion': false })
    .version(VERSION)
    .help()
    .alias('h', 'help')
    .wrap(Math.min(110, io.stdout.columns ?? 100))
    .strict()
    .demandCommand(1, 'Name a command; `tapedeck --help` lists them.')
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new TapedeckError('usage', message, { hint: `Run \`tapedeck ${argv[0] ?? ''} --help\`.` });
    });
  try {
    for (const command of await Promise.all(Object.values(COMMANDS).map((load) => load()))) {
      parser.command(
        command.usage,
        command.summary,
        (y) => {
          const extended = command.extend ? command.extend(y) : y;
          return extended.options(command.flags).example(command.examples);
        },
        async (args) => {
          exitCode = await command.run(args as unknown as Arguments, io);
        },
      );
    }
    await parser.parseAsync();
    return exitCode;
  } catch (error) {
    return report(error, argv.includes('--json'), io);
  }
}

function report(error: unknown, json: boolean, io: Io): number {
  const known = error instanceof TapedeckError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (json) sayJson(io, { event: 'error', code: known?.code ?? 'internal', message, hint: known?.hint });
  remark(io, `${io.errorColour.red('error')} ${message}`);
  if (known?.hint) remark(io, `${io.errorColour.dim('hint')}  ${known.hint}`);
  if (!known) {
    remark(io, error instanceof Error ? (error.stack ?? '') : '');
    remark(io, 'This is a bug in Tapedeck; please report it with the lines above.');
  }
  return known?.exitCode ?? EXIT.internal;
}
