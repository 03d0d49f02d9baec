import { TapedeckError } from '../../errors.ts';
import type { RunMode, RunOptions } from '../../report/conformance/model.ts';
import { parseBaseUrl } from '../../route/base-url.ts';
import { quoteForShell } from '../../util/shell.ts';
import type { Arguments } from '../command.ts';
import { headerWithoutValue, readCredentials, readPort, readPositive, requireUpstream } from '../gateway-flags.ts';
import type { Io } from '../io.ts';

/** What a command line asks for, but for which checks and which reports. */
export interface Settings {
  mode: RunMode;
  /** Base URL of the gateway; absent: where it is launched. */
  url?: string;
  launch?: { command: string; seconds?: number };
  /** A gateway that there is a description of, to be installed and started. */
  preset?: { name: string; version?: string; bin?: string };
  upstream: { host?: string; port?: number };
  options: RunOptions;
  key?: string;
  headers: Record<string, string>;
  /** Tokens. */
  budget?: number;
  timeoutMs: number;
  concurrency: number;
  bail: boolean;
  /** Folder for evidence, as it was given. */
  out?: string;
  /** The command line that tries one check in the same way. */
  reproduce(check: string): string;
}

/** The model of hermetic runs: a name that Codex knows, for gateways that pass every name on. */
const DEFAULT_MODEL = 'gpt-5.5';

/** A provider may think for minutes, and counts requests; ours does neither. */
const PACE: Record<RunMode, { timeout: number; concurrency: number }> = {
  basic: { timeout: 10, concurrency: 8 },
  hermetic: { timeout: 10, concurrency: 8 },
  live: { timeout: 120, concurrency: 2 },
};

/** Some hundred short answers. */
const DEFAULT_BUDGET = 200_000;

/** @throws TapedeckError `usage` for what makes no sense */
export function readSettings(args: Arguments, io: Io): Settings {
  const mode = modeOf(args);
  const url = urlOf(args);
  if (url === undefined && !isStarted(args)) {
    throw new TapedeckError('usage', 'There is no gateway to try.', {
      hint: 'Give its base URL, e.g. http://127.0.0.1:4000/v1, or start it with --launch COMMAND or --gateway NAME.',
    });
  }
  const port = readPort('--upstream-port', args['upstream-port'] as number | undefined);
  if (mode === 'hermetic' && !isStarted(args) && !port) {
    throw new TapedeckError('usage', 'The gateway has to be told where its provider is.', {
      hint: "Give --upstream-port PORT, and set the base URL of the gateway's provider to http://127.0.0.1:PORT/v1; or start the gateway with --launch.",
    });
  }
  const host = args['upstream-host'] as string | undefined;
  const { key, headers } = readCredentials(args, io);
  return {
    mode,
    ...(url === undefined ? {} : { url }),
    ...launchOf(args),
    ...presetOf(args),
    upstream: { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) },
    options: runOptionsOf(args, mode),
    ...(key === undefined ? {} : { key }),
    headers: Object.fromEntries(headers),
    ...(mode === 'live' ? { budget: readPositive('--budget', args.budget) ?? DEFAULT_BUDGET } : {}),
    timeoutMs: (readPositive('--timeout', args.timeout) ?? PACE[mode].timeout) * 1000,
    concurrency: Math.ceil(readPositive('--concurrency', args.concurrency) ?? PACE[mode].concurrency),
    bail: args.bail as boolean,
    ...(typeof args.out === 'string' && args.out !== '' ? { out: args.out } : {}),
    reproduce: (check) => ['tapedeck conformance', ...flagsOf(args, mode), '--filter', check].join(' '),
  };
}

/** Whether we start the gateway. */
function isStarted({ launch, gateway }: Arguments): boolean {
  return launch !== undefined || gateway !== undefined;
}

/** What belongs to one way to run alone. */
const OF_MODE: Record<'hermetic' | 'live', readonly string[]> = {
  hermetic: ['upstream-port', 'upstream-host', 'codex', 'codex-bin', 'client'],
  live: ['budget'],
};

function modeOf(args: Arguments): RunMode {
  const hermetic = args.hermetic === true || isStarted(args);
  if (hermetic && args.live === true) {
    throw new TapedeckError('usage', '--live uses the real provider, --hermetic, --launch and --gateway play it.', {
      hint: 'Leave one of them out.',
    });
  }
  const mode = hermetic ? 'hermetic' : args.live === true ? 'live' : 'basic';
  for (const [other, names] of Object.entries(OF_MODE)) {
    const stray = other === mode ? undefined : names.find((name) => args[name] !== undefined);
    if (stray === undefined) continue;
    throw new TapedeckError('usage', `--${stray} does nothing without --${other}.`, { hint: `Add --${other}.` });
  }
  if (mode === 'live' && modelsOf(args).length === 0) {
    throw new TapedeckError('usage', 'A live run needs the name of a model.', { hint: 'Give it with --model NAME.' });
  }
  return mode;
}

/** As for `record` and `proxy`: without a path it is `/v1`, and an endpoint at its end is cut. */
function urlOf(args: Arguments): string | undefined {
  if (args.url === undefined) return undefined;
  const { origin, basePath, query } = parseBaseUrl(String(args.url));
  if (query === '') return origin + basePath;
  throw new TapedeckError('usage', 'The base URL of a gateway under test has no query.', {
    hint: 'Give what the gateway wants with --header, or name a URL without it.',
  });
}

function launchOf(args: Arguments): Pick<Settings, 'launch'> {
  const command = args.launch as string | undefined;
  const seconds = readPositive('--launch-timeout', args['launch-timeout']);
  if (command !== undefined) {
    requireUpstream(command, '--upstream-port', args['upstream-port']);
    return { launch: { command, ...(seconds === undefined ? {} : { seconds }) } };
  }
  if (seconds === undefined) return {};
  throw new TapedeckError('usage', '--launch-timeout does nothing without --launch.', { hint: 'Add --launch.' });
}

function presetOf(args: Arguments): Pick<Settings, 'preset'> {
  const { gateway: name, 'gateway-version': version, bin } = args as Record<string, string | undefined>;
  if (name === undefined) {
    const stray = version === undefined ? (bin === undefined ? undefined : 'bin') : 'gateway-version';
    if (stray === undefined) return {};
    throw new TapedeckError('usage', `--${stray} does nothing without --gateway.`, { hint: 'Add --gateway NAME.' });
  }
  if (args.launch !== undefined || args.url !== undefined) {
    throw new TapedeckError('usage', '--gateway starts a gateway of its own.', {
      hint: 'Leave the URL and --launch out, or --gateway.',
    });
  }
  return { preset: { name, ...(version === undefined ? {} : { version }), ...(bin === undefined ? {} : { bin }) } };
}

function modelsOf(args: Arguments): string[] {
  return [...new Set((args.model as string[] | undefined) ?? [])];
}

function runOptionsOf(args: Arguments, mode: RunMode): RunOptions {
  const models = modelsOf(args);
  return {
    models: models.length === 0 && mode === 'hermetic' && args.gateway === undefined ? [DEFAULT_MODEL] : models,
    strictness: args['upstream-strictness'] as 'on' | 'off',
    ...selectionOf(args),
    seed: args.seed as string,
  };
}

/** Which checks a command line asks for. */
export function selectionOf(args: Arguments): Pick<RunOptions, 'filter' | 'exclude' | 'level' | 'profiles'> {
  const { filter, exclude } = args as { filter?: string; exclude?: string };
  return {
    level: args.level as RunOptions['level'],
    ...(filter === undefined ? {} : { filter }),
    ...(exclude === undefined ? {} : { exclude }),
    profiles: [...new Set((args.profile as string[] | undefined) ?? [])].sort(),
  };
}

const REPEATED = [
  'launch',
  'gateway',
  'gateway-version',
  'bin',
  'upstream-port',
  'upstream-host',
  'launch-timeout',
  'key-env',
  'timeout',
] as const;

function flagsOf(args: Arguments, mode: RunMode): string[] {
  const named = (name: string, value: unknown) => [`--${name}`, quoteForShell(String(value))];
  return [
    ...(args.url === undefined ? [] : [quoteForShell(String(args.url))]),
    ...(mode === 'basic' || isStarted(args) ? [] : [`--${mode}`]),
    ...REPEATED.flatMap((name) => (args[name] === undefined ? [] : named(name, args[name]))),
    ...(args['upstream-strictness'] === 'off' ? ['--upstream-strictness off'] : []),
    ...(args.seed === 'tapedeck' ? [] : named('seed', args.seed)),
    ...modelsOf(args).flatMap((model) => named('model', model)),
    ...((args.header as string[] | undefined) ?? []).flatMap((text) => named('header', headerWithoutValue(text))),
    ...['codex', 'codex-bin', 'client'].flatMap((name) =>
      ((args[name] as string[] | undefined) ?? []).flatMap((text) => named(name, text)),
    ),
  ];
}
