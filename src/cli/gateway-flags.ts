import type { LaunchOptions } from '../conformance/launch.ts';
import { TapedeckError } from '../errors.ts';
import { addressOf } from '../util/address.ts';
import type { Io } from './io.ts';

/** The key that an environment variable holds. @throws TapedeckError `usage` when it is not set */
export function keyFromEnv(flag: string, name: string, env: NodeJS.ProcessEnv): string {
  const key = env[name];
  if (key) return key;
  throw new TapedeckError('usage', `The environment variable ${JSON.stringify(name)} is not set.`, {
    hint: `${flag} takes the name of a variable that holds the key, never the key itself.`,
  });
}

/** The key of `--key-env` and the headers of `--header`. @throws TapedeckError `usage` */
export function readCredentials(
  args: Readonly<Record<string, unknown>>,
  { env }: Pick<Io, 'env'>,
): { key?: string; headers: [string, string][] } {
  const name = args['key-env'] as string | undefined;
  const headers = ((args.header as string[] | undefined) ?? []).map(parseHeader);
  return { headers, ...(name === undefined ? {} : { key: keyFromEnv('--key-env', name, env) }) };
}

/** Name and value of `NAME: VALUE`; a name is a token (RFC 9110, section 5.1). @throws TapedeckError `usage` */
export function parseHeader(text: string): [name: string, value: string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n\0]*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value.trim()];
  throw new TapedeckError('usage', `--header ${JSON.stringify(text)} is no header.`, { hint: 'Write "NAME: VALUE".' });
}

/** A header as a command line may repeat it: its value may be a secret and is left to the reader. */
export function headerWithoutValue(text: string): string {
  return text.replace(/:.*$/s, ': …');
}

/** A port from 0 to 65535. @throws TapedeckError `usage` */
export function readPort(flag: string, port: number | undefined): number | undefined {
  if (port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535)) return port;
  throw new TapedeckError('usage', `${flag} ${port} is not a port.`, { hint: 'Give a number from 0 to 65535.' });
}

/** A number above 0. @throws TapedeckError `usage` */
export function readPositive(flag: string, value: unknown): number | undefined {
  if (value === undefined || (typeof value === 'number' && value > 0 && Number.isFinite(value))) return value;
  throw new TapedeckError('usage', `${flag} ${value} is no number above 0.`);
}

/**
 * Refuses to start a gateway that nobody tells where its provider is.
 * @param flag names the port of the provider, for a gateway that has it in a configuration of its own
 * @throws TapedeckError `usage`
 */
export function requireUpstream(command: string, flag: string, port: unknown): void {
  if (port !== undefined || /\{upstream(?:_root)?\}/.test(command)) return;
  throw new TapedeckError('usage', 'The command that starts the gateway does not tell it where its provider is.', {
    hint: `Write {upstream} (or {upstream_root}, without /v1) where it is told the base URL of its provider, or give the port that stands in its configuration with ${flag}.`,
  });
}

/**
 * How the gateway of `--launch` is started: in the working directory, at the port of the URL where one is named.
 * @param seconds of `--launch-timeout`
 */
export function launchPlan(
  { command, url, seconds }: { command: string; url?: string | undefined; seconds?: number | undefined },
  { cwd }: Pick<Io, 'cwd'>,
): Omit<LaunchOptions, 'upstream'> {
  return {
    command,
    cwd,
    ...(seconds === undefined ? {} : { timeoutMs: seconds * 1000 }),
    ...(url === undefined ? {} : addressOf(new URL(url))),
  };
}
