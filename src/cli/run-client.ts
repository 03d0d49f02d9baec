import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { TapedeckError } from '../errors.ts';
import { overrideCodex } from './codex-overrides.ts';
import { type Io, remark } from './io.ts';

export interface ClientOptions {
  /** The command and its arguments; `{url}` and `{port}` are replaced in each. */
  command: readonly string[];
  /** Base URL with `/v1`. */
  url: string;
  port: number;
  io: Io;
  /** `isolated`: a temporary CODEX_HOME that points here; `own`: the user's, with overrides; else a folder. */
  codexHome: string;
  env: NodeJS.ProcessEnv;
}

/** A key that no provider accepts, for clients that refuse to start without one. */
const DUMMY_KEY = 'tapedeck-no-key';

/**
 * Runs a client against a tapedeck: terminal and signals passed through, environment set for the clients we know.
 * `auth.json` is never copied: an isolated home has no login.
 * @returns the client's own exit code, 128 + n when signal n ended it
 * @throws TapedeckError `command-not-found`, `command-not-runnable`; `output-failed` when its home cannot be made
 */
export async function runClient(options: ClientOptions): Promise<number> {
  const isolated = options.codexHome === 'isolated';
  const home = isolated ? await writeIsolatedHome(options.url, options.env) : undefined;
  try {
    const command = options.command.map((part) => fill(part, options));
    const codexHome = home ?? (options.codexHome === 'own' ? undefined : options.codexHome);
    const args = isolated ? command.slice(1) : await argumentsOf(command, options, codexHome);
    const env = clientEnvironment(options.env, options.url, isolated);
    if (codexHome !== undefined) env.CODEX_HOME = codexHome;
    return await spawnClient(command[0] ?? '', args, env, options.io);
  } finally {
    if (home) await rm(home, { recursive: true, force: true });
  }
}

function fill(part: string, { url, port }: ClientOptions): string {
  return part.replaceAll('{url}', url).replaceAll('{port}', String(port));
}

/**
 * Environment in which OpenAI, Anthropic and Codex clients reach `url`. A key of the user's own is kept; where there is
 * none, a dummy stands in. CODEX_API_KEY is set only for an isolated home: it would beat the user's ChatGPT login
 * (measured with Codex 0.122.0 and 0.169.0).
 */
export function clientEnvironment(env: NodeJS.ProcessEnv, url: string, isolated: boolean): NodeJS.ProcessEnv {
  const root = url.replace(/\/v1$/, '');
  const openaiKey = env.OPENAI_API_KEY || DUMMY_KEY;
  const anthropicKey = env.ANTHROPIC_API_KEY || DUMMY_KEY;
  const noProxy = [env.NO_PROXY ?? env.no_proxy, '127.0.0.1,localhost'].filter(Boolean).join(',');
  return {
    ...env,
    OPENAI_BASE_URL: url,
    OPENAI_API_BASE: url,
    OPENAI_API_KEY: openaiKey,
    ANTHROPIC_BASE_URL: root,
    ...(env.ANTHROPIC_AUTH_TOKEN ? {} : { ANTHROPIC_API_KEY: anthropicKey }),
    ...(isolated ? { CODEX_API_KEY: env.CODEX_API_KEY || openaiKey } : {}),
    NO_PROXY: noProxy,
    no_proxy: noProxy,
  };
}

/** Not below the system's temporary folder: Codex (0.169.0) refuses to set up its helper programs in a home there. */
async function writeIsolatedHome(url: string, env: NodeJS.ProcessEnv): Promise<string> {
  const cache = env.XDG_CACHE_HOME || (env.HOME ? join(env.HOME, '.cache') : tmpdir());
  const parent = join(cache, 'tapedeck');
  try {
    await mkdir(parent, { recursive: true });
    const home = await mkdtemp(join(parent, 'codex-home-'));
    await writeFile(join(home, 'config.toml'), codexConfig(url));
    return home;
  } catch (cause) {
    throw new TapedeckError('output-failed', `A home for the client cannot be made: ${(cause as Error).message}`, {
      hint: 'Set XDG_CACHE_HOME to a folder that you own, or use --codex-home own.',
      cause,
    });
  }
}

/** A `config.toml` that sends Codex to `url` by a provider of its own; the key is read from OPENAI_API_KEY. */
export function codexConfig(url: string): string {
  return [
    'model_provider = "tapedeck"',
    '',
    '[model_providers.tapedeck]',
    'name = "Tapedeck"',
    `base_url = ${JSON.stringify(url)}`,
    'env_key = "OPENAI_API_KEY"',
    'wire_api = "responses"',
    '',
  ].join('\n');
}

/** The arguments of the command; a Codex with a home of its own is sent here by overrides. */
async function argumentsOf(
  [name = '', ...args]: readonly string[],
  { url, env, io }: ClientOptions,
  home: string | undefined,
): Promise<string[]> {
  if (!/^codex(\.exe|\.js)?$/.test(basename(name))) return args;
  const codex = await overrideCodex(args, url, home ?? env.CODEX_HOME ?? join(env.HOME ?? '', '.codex'));
  if (codex.elsewhere !== undefined) {
    const warning = `Codex takes the built-in provider ${codex.elsewhere}, which cannot be sent here: nothing of it will be seen.`;
    remark(io, `${io.errorColour.yellow('warning')}  ${warning} Define a provider with this base URL: ${url}`);
  }
  return codex.args;
}

const PASSED_SIGNALS = ['SIGTERM', 'SIGHUP'] as const;
const SIGNAL_NUMBERS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

function spawnError(command: string, cause: NodeJS.ErrnoException): Error {
  if (cause.code === 'ENOENT') {
    const hint = 'Check its name, and that its folder is on the PATH.';
    return new TapedeckError('command-not-found', `${command}: command not found`, { hint, cause });
  }
  if (cause.code === 'EACCES') {
    const hint = 'Name a file that may be executed.';
    return new TapedeckError('command-not-runnable', `${command}: not executable`, { hint, cause });
  }
  return cause;
}

function spawnClient(command: string, args: string[], env: NodeJS.ProcessEnv, io: Io): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd: io.cwd, stdio: 'inherit' });
    const pass = (signal: NodeJS.Signals) => child.kill(signal);
    // A terminal sends SIGINT to the whole foreground group: the client has it already and decides; we outlive it.
    const onInterrupt = io.stdin.isTTY ? () => {} : pass;
    process.on('SIGINT', onInterrupt);
    for (const signal of PASSED_SIGNALS) process.on(signal, pass);
    const release = () => {
      process.off('SIGINT', onInterrupt);
      for (const signal of PASSED_SIGNALS) process.off(signal, pass);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      release();
      reject(spawnError(command, error));
    });
    child.once('exit', (code, signal) => {
      release();
      resolve(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0));
    });
  });
}
