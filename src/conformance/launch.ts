import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { TapedeckError } from '../errors.ts';
import { type ProcessEnd, type ProcessGroup, startProcessGroup } from './process-group.ts';

export interface LaunchOptions {
  /** A command line for the shell. `{upstream}`, `{upstream_root}` and `{port}` are filled in. */
  command: string;
  /** Base URL of the upstream that the gateway is to use, with `/v1`; `{upstream_root}` is the same without. */
  upstream: string;
  /** Where the gateway will listen; a free port when absent, which needs `{port}` in the command. */
  port?: number;
  /** 127.0.0.1 when absent. */
  host?: string;
  /** Milliseconds that it has to answer; a minute when absent. */
  timeoutMs?: number;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  /** `env` is the whole environment. */
  onlyEnv?: boolean;
  cwd?: string;
  /** Stops the gateway, also after it was launched. */
  signal?: AbortSignal;
}

export interface LaunchedGateway {
  /** Base URL with `/v1`. */
  url: string;
  /** The same without `/v1`. */
  root: string;
  port: number;
  /** The end of what it has written to stdout and stderr. */
  output(): string;
  /** Resolves when the command ends, whether by itself or by `stop`. */
  exited: Promise<ProcessEnd>;
  /** Ends the command and all that it started: SIGTERM, then SIGKILL after five seconds. May be called again. */
  stop(): Promise<void>;
}

/** Asked for until it is answered, with whatever status. A gateway may pass this on: an upstream should take no notice of it. */
export const READY_PATH = '/tapedeck-ready';

/** Python gateways take 10 to 30 s on a busy machine. */
const TIMEOUT_MS = 60_000;

/** Between two questions: short at first, for programs that start in an instant. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 250;

/** A server that listens and does not answer is asked again. */
const ANSWER_MS = 2_000;

const SHOWN_LINES = 20;

/**
 * Starts a gateway by its command line and waits until it answers HTTP. The environment is kept, but for NO_PROXY, which gets the
 * loopback names.
 * @throws TapedeckError `usage` when nothing tells the gateway or us its port, `port-unavailable` when the port is taken,
 * `gateway-unreachable` with its last lines when it ends or does not answer; the reason of `signal` when that aborts
 */
export async function launchGateway(options: LaunchOptions): Promise<LaunchedGateway> {
  const { host = '127.0.0.1', signal } = options;
  if (options.port === undefined && !options.command.includes('{port}')) {
    throw new TapedeckError('usage', 'The command that starts the gateway has no {port}.', {
      hint: 'Write {port} where the gateway is told its port, or say which port it listens on.',
    });
  }
  const port = await reservePort(options.port ?? 0, host);
  signal?.throwIfAborted();
  const command = fillIn(options.command, options.upstream, port);
  const group = startProcessGroup(command, { env: environment(options), cwd: options.cwd ?? process.cwd() });
  const stopOnAbort = () => void group.stop();
  signal?.addEventListener('abort', stopOnAbort, { once: true });
  void group.exited.then(() => signal?.removeEventListener('abort', stopOnAbort));
  try {
    await waitForAnswer(group, { host, port, command, timeoutMs: options.timeoutMs ?? TIMEOUT_MS, signal });
  } catch (error) {
    await group.stop();
    throw error instanceof TapedeckError ? withOutput(error, group) : error;
  }
  const root = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { url: `${root}/v1`, root, port, output: group.output, exited: group.exited, stop: group.stop };
}

function fillIn(command: string, upstream: string, port: number): string {
  const base = upstream.replace(/\/+$/, '');
  return command
    .replaceAll('{upstream}', base)
    .replaceAll('{upstream_root}', base.replace(/\/v1$/, ''))
    .replaceAll('{port}', String(port));
}

/** A gateway that takes HTTP_PROXY from its environment would look for our upstream beyond that proxy. */
function environment({ env: added = {}, onlyEnv }: LaunchOptions): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = onlyEnv ? added : { ...process.env, ...added };
  const noProxy = [env.NO_PROXY ?? env.no_proxy, '127.0.0.1,localhost'].filter(Boolean).join(',');
  return { ...env, NO_PROXY: noProxy, no_proxy: noProxy };
}

/** A port that nobody listens on: else a stranger would answer in the gateway's place. */
export async function reservePort(port: number, host: string): Promise<number> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new TapedeckError('port-unavailable', `The gateway cannot listen on ${host}:${port}: ${code}.`, {
      hint: 'End the program that holds the port, or let a free one be chosen.',
      cause,
    });
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : port;
}

interface Awaited {
  host: string;
  port: number;
  command: string;
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

async function waitForAnswer(group: ProcessGroup, { host, port, command, timeoutMs, signal }: Awaited): Promise<void> {
  let ended: ProcessEnd | undefined;
  const over = new AbortController();
  const stop = () => over.abort();
  void group.exited.then((end) => {
    ended = end;
    stop();
  });
  signal?.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, timeoutMs);
  try {
    for (let wait = FIRST_PAUSE_MS; !over.signal.aborted; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      if (await answers(host, port, over.signal)) break;
      await pause(wait, undefined, { signal: over.signal }).catch(() => {});
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
  signal?.throwIfAborted();
  if (ended) throw unreachable(`The gateway ended ${wordsOf(ended)} before it answered: ${command}`);
  if (over.signal.aborted)
    throw unreachable(`The gateway did not answer on ${host}:${port} within ${timeoutMs} ms: ${command}`);
}

/** Whether a server there speaks HTTP, whatever it says. */
function answers(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host, port, path: READY_PATH, agent: false, timeout: ANSWER_MS, signal }, (response) => {
      response.destroy();
      resolve(true);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

function wordsOf({ code, signal }: ProcessEnd): string {
  if (signal !== null) return `by ${signal}`;
  return code === null ? 'at once' : `with exit code ${code}`;
}

function unreachable(message: string): TapedeckError {
  return new TapedeckError('gateway-unreachable', message);
}

/**
 * Does something while a gateway runs that was launched for it, and stops it. What it said last is told where it is not there any more.
 * @param gateway undefined: it was not launched
 */
export async function whileRunning<T>(gateway: LaunchedGateway | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isLost = error instanceof TapedeckError && error.code === 'gateway-unreachable';
    await gateway?.stop();
    throw isLost && gateway ? withOutput(error, gateway) : error;
  } finally {
    await gateway?.stop();
  }
}

/** Watches a gateway that was launched; gives a function that says whether it has ended since, though nobody stopped it, and how. */
export function watchForEnd(gateway: LaunchedGateway): () => string | undefined {
  let ended: ProcessEnd | undefined;
  void gateway.exited.then((end) => {
    ended = end;
  });
  return () => ended && `The gateway ended by itself, ${wordsOf(ended)}.\n${lastWords(gateway)}`;
}

/** The same error with the last lines of the output, which are complete once the gateway was stopped. */
function withOutput(error: TapedeckError, group: Pick<ProcessGroup, 'output'>): TapedeckError {
  const hint =
    error.hint ?? 'Run the command by itself; it must stay in the foreground and listen on the port that it is given.';
  return new TapedeckError(error.code, `${error.message}\n${lastWords(group)}`, { hint });
}

function lastWords(group: Pick<ProcessGroup, 'output'>): string {
  const lines = group.output().trimEnd().split('\n').slice(-SHOWN_LINES);
  return lines.join('').trim() === ''
    ? 'It wrote nothing.'
    : `It wrote:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
