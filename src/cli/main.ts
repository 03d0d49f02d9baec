import yargs from 'yargs';
import { EXIT, TapedeckError } from '../errors.ts';
import { VERSION } from '../util/version.ts';
import type { Arguments, Command } from './command.ts';
import { COMMANDS, type ListedCommand } from './commands.ts';
import { type Io, remark, say, sayJson } from './io.ts';

/** The command that the line names is loaded; of the others the help shows no more than a line. */
function commandsFor(argv: readonly string[]): Promise<(Command | ListedCommand)[]> {
  const end = argv.indexOf('--');
  const named = (end < 0 ? argv : argv.slice(0, end)).find((word) => Object.hasOwn(COMMANDS, word));
  if (named !== undefined) return Promise.all([COMMANDS[named]!.load()]);
  return Promise.resolve(Object.values(COMMANDS));
}

/** Runs one command line and answers with the exit code; never throws. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.ok;
  const parser = yargs()
    .scriptName('tapedeck')
    .usage(
      '$0 <command>\n\nRecord, validate, explain and replay what crosses the wire between coding agents,\nLLM gateways and providers.',
    )
    .parserConfiguration({
      'populate--': true,
      'camel-case-expansion': false,
      // `--profile strict session.har`: one value a flag, and the flag may come again.
      'greedy-arrays': false,
      'duplicate-arguments-array': true,
    })
    .version(VERSION)
    .help()
    .alias('h', 'help')
    .wrap(Math.min(110, io.stdout.columns ?? 100))
    .strict()
    .demandCommand(1, 'Name a command; `tapedeck --help` lists them.')
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? usageError(message, argv);
    });
  keepNoHelp(parser);
  try {
    const commands = await commandsFor(argv);
    for (const command of commands) {
      if ('load' in command) {
        parser.command(command.usage, command.summary);
        continue;
      }
      parser.command(
        command.usage,
        command.summary,
        (y) => {
          const extended = command.extend ? command.extend(y) : y;
          if (command.takesCommand) extended.usage(`$0 ${command.usage} [-- COMMAND…]\n\n${command.summary}`);
          return extended.options(command.flags);
        },
        async (args) => {
          const checked = checkArguments(args as unknown as Arguments, command);
          exitCode = await command.run({ ...checked, ...behindDashes(argv) }, io);
        },
      );
    }
    // The callback gets what yargs would write to the real stdout: help and the version.
    await parser.parseAsync(argv.map(hideDash), {}, (_error, args, output) => {
      if (output) say(io, 'help' in args && args.help ? [output, ...exampleLines(commands)].join('\n') : output);
    });
    return exitCode;
  } catch (error) {
    return report(error, argv, io);
  }
}

/**
 * yargs renders the help of every command that it runs, for a failure of which it would show it: we never show it, and it is a tenth of the
 * time of a start. There is no setting for it.
 */
function keepNoHelp(parser: object): void {
  const inner = (parser as { getInternalMethods?(): { getUsageInstance(): object } }).getInternalMethods?.();
  if (inner) Object.assign(inner.getUsageInstance(), { cacheHelpMessage() {} });
}

/** Each in a line of its own, as it is typed: yargs would break it to fit beside what it does. */
function exampleLines(commands: readonly (Command | ListedCommand)[]): string[] {
  const examples = commands.flatMap((command) => ('examples' in command ? command.examples : []));
  if (examples.length === 0) return [];
  const lines = examples.flatMap(([line, what]) => [`  # ${what}`, `  ${line.replaceAll('$0', 'tapedeck')}`]);
  return ['', 'Examples:', ...lines];
}

/** yargs drops a lone `-`, which stands for stdin; this stands in for it while yargs reads the line. */
const DASH = '\u0000-';

function hideDash(part: string, index: number, argv: readonly string[]): string {
  const end = argv.indexOf('--');
  return part === '-' && (end < 0 || index < end) ? DASH : part;
}

/** The command after `--` as it was given: yargs makes numbers of words that look like one (`007`). */
function behindDashes(argv: readonly string[]): Pick<Arguments, '--'> {
  const at = argv.indexOf('--');
  return at < 0 ? {} : { '--': argv.slice(at + 1) };
}

/** Puts the lone `-` back, and throws `usage` for a flag of one value that was given several times. */
function checkArguments(args: Arguments, command: Command): Arguments {
  for (const [name, value] of Object.entries(args)) {
    const flag = command.flags[name];
    if (flag && !flag.array && Array.isArray(value)) {
      const hint = 'Give it once.';
      throw new TapedeckError('usage', `--${name} was given ${value.length} times.`, { hint });
    }
    if (flag?.type === 'number' && Number.isNaN(value)) {
      throw new TapedeckError('usage', `--${name} needs a number.`, { hint: `For example --${name} 8080.` });
    }
    if (value === DASH) args[name] = '-';
    else if (Array.isArray(value)) args[name] = value.map((one) => (one === DASH ? '-' : one));
  }
  return args;
}

/** What yargs says in terms of its own, said in ours. */
function usageError(said: string, [name = '']: readonly string[]): TapedeckError {
  const message = said.startsWith('Not enough non-option arguments') ? 'An argument is missing.' : wrongChoice(said);
  const isCommand = Object.hasOwn(COMMANDS, name);
  const isWord = /^[^-]/.test(name);
  return new TapedeckError('usage', isCommand || !isWord ? message : `There is no command ${JSON.stringify(name)}.`, {
    hint: isCommand ? `Run \`tapedeck ${name} --help\`.` : 'Run `tapedeck --help` for the list of commands.',
  });
}

/** yargs tells a value that is none of the choices in three lines; other messages stay as they are. */
function wrongChoice(said: string): string {
  const found = /^Invalid values:\s+Argument: (\S+), Given: (.*), Choices: (.*)$/s.exec(said);
  if (!found) return said;
  const [, name = '', given = '', choices = ''] = found;
  return `${name}: ${given} is none of ${choices.replaceAll('"', '')}.`;
}

/** Exit codes that say of a command after `--` that it could not be run. */
const NOT_RUN: readonly number[] = [EXIT.notRunnable, EXIT.notFound];

function report(error: unknown, argv: readonly string[], io: Io): number {
  const dashes = argv.indexOf('--');
  const own = dashes < 0 ? argv : argv.slice(0, dashes);
  const known = error instanceof TapedeckError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  if (own.includes('--json'))
    sayJson(io, { event: 'error', code: known?.code ?? 'internal', message, hint: known?.hint });
  remark(io, `${io.errorColour.red('error')} ${message}`);
  if (known?.hint) remark(io, `${io.errorColour.dim('hint')}  ${known.hint}`);
  if (!known) {
    remark(io, error instanceof Error ? (error.stack ?? '') : '');
    remark(io, 'This is a bug in Tapedeck; please report it with the lines above.');
  }
  const code = known?.exitCode ?? EXIT.internal;
  // With a command any other code is the command's own.
  return own.length + 1 < argv.length && !NOT_RUN.includes(code) ? EXIT.tapedeckFailed : code;
}
