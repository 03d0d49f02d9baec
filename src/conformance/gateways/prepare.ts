import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TapedeckError } from '../../errors.ts';
import { runProcess } from '../codex.ts';
import { binaryCache } from '../install-package.ts';
import { type LaunchedGateway, launchGateway, reservePort } from '../launch.ts';
import { type DocumentedChoice, type GatewayDescription, readDescription } from './description.ts';
import { fillInAll, fillInCommand, fillInFile, type Values } from './fill-in.ts';
import { type InstalledGateway, installGateway } from './install.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

export interface PrepareOptions {
  /** `$TAPEDECK_CACHE`, else `~/.cache/tapedeck`, when absent. */
  cacheDir?: string;
  /** The one of the description when absent. */
  version?: string;
  /** A program of the user's in the place of one from a registry. */
  bin?: string;
  /** For what installs it; the gateway itself gets an environment of its own. */
  env?: NodeJS.ProcessEnv;
  onProgress?(what: string): void;
}

/** A gateway that is installed and can be started. */
export interface PreparedGateway {
  name: string;
  version: string;
  models: readonly string[];
  key: string | undefined;
  choices: readonly DocumentedChoice[];
  /** Starts it in front of a provider, whose base URL ends with `/v1`. Throws as `launchGateway` does. */
  launch(upstream: string, options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<RunningGateway>;
}

/** One that listens; `stop` also takes its private folder away. */
export interface RunningGateway extends LaunchedGateway {
  /** Headers that every request needs. */
  headers: Record<string, string>;
}

/** Python programs import for half a minute on a busy machine. */
const START_TIMEOUT_MS = 120_000;
const SETUP_TIMEOUT_MS = 60_000;

/**
 * Installs a gateway that there is a description of, unless the cache has it.
 * @throws TapedeckError `usage`, `command-not-found`, `input-invalid`
 */
export async function prepareGateway(name: string, options: PrepareOptions = {}): Promise<PreparedGateway> {
  const description = await readDescription(name);
  const { version = description.version, bin, env = process.env, onProgress } = options;
  const installed = await installGateway(description, {
    version,
    env,
    cacheDir: options.cacheDir ?? binaryCache(env),
    ...(bin === undefined ? {} : { bin }),
    ...(onProgress ? { onProgress } : {}),
  });
  return {
    name,
    version,
    models: description.models,
    key: description.key,
    choices: description.choices ?? [],
    launch: (upstream, launching = {}) => start({ description, installed, version, upstream, env }, launching),
  };
}

interface Start {
  description: GatewayDescription;
  installed: InstalledGateway;
  version: string;
  upstream: string;
  env: NodeJS.ProcessEnv;
}

async function start(
  { description, installed, version, upstream, env }: Start,
  launching: { timeoutMs?: number; signal?: AbortSignal },
): Promise<RunningGateway> {
  const home = await mkdtemp(join(tmpdir(), 'tapedeck-gateway-'));
  let standIn: StandIn | undefined;
  const clear = async () => {
    await standIn?.close();
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    if (description.hosts) standIn = await startStandIn({ hosts: description.hosts, upstream, folder: home, env });
    const port = await reservePort(0, '127.0.0.1');
    const port2 = await reservePort(0, '127.0.0.1');
    const places = { upstream, upstream_root: upstream.replace(/\/v1$/, '') };
    const behind = standIn ? { proxy: standIn.proxy, certificate: standIn.certificate } : {};
    const values: Values = { ...installed, ...places, ...behind, version, home, port, port2 };
    await furnish(description, home, values);
    const own = environment(description, home, values, env);
    for (const command of description.setup ?? []) await runSetup(fillInCommand(command, values), home, own);
    const gateway = await launchGateway({
      ...{ timeoutMs: START_TIMEOUT_MS, ...launching },
      ...{ command: fillInCommand(description.command, values), upstream, port, env: own, onlyEnv: true, cwd: home },
    });
    const stop = async () => {
      await gateway.stop();
      await clear();
    };
    return { ...gateway, stop, headers: fillInAll(description.headers ?? {}, values) };
  } catch (error) {
    await clear();
    throw error;
  }
}

async function furnish({ files = {}, folders = [] }: GatewayDescription, home: string, values: Values): Promise<void> {
  for (const folder of ['.codex', ...folders]) await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files)) {
    const path = join(home, name);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, fillInFile(content, values), { mode: 0o600 });
  }
}

/** Several gateways edit Codex's configuration, and several take keys and base URLs from wherever they find them. */
function environment(
  { env = {} }: GatewayDescription,
  home: string,
  values: Values,
  ours: NodeJS.ProcessEnv,
): Record<string, string> {
  const own = {
    PATH: ours.PATH ?? '',
    HOME: home,
    CODEX_HOME: join(home, '.codex'),
    XDG_CONFIG_HOME: join(home, '.config'),
  };
  return { ...own, NO_COLOR: '1', ...fillInAll(env, values) };
}

async function runSetup(command: string, cwd: string, env: Record<string, string>): Promise<void> {
  const result = await runProcess('/bin/sh', ['-c', command], { cwd, env, timeoutMs: SETUP_TIMEOUT_MS });
  if (result.code === 0) return;
  const said = (result.stderr || result.stdout).trim().split('\n').slice(-5).join('\n  ');
  throw new TapedeckError('gateway-unreachable', `\`${command}\` ended with ${result.code}:\n  ${said}`);
}
