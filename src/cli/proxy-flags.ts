import { readFile } from 'node:fs/promises';
import { TapedeckError } from '../errors.ts';
import type { ProxyOptions } from '../proxy/server.ts';
import { isLoopback } from '../util/address.ts';
import type { Protocol } from '../util/types.ts';
import type { Arguments } from './command.ts';
import { FLAGS } from './flags.ts';
import { keyFromEnv, readPort } from './gateway-flags.ts';
import { type Io, remark } from './io.ts';

/** What the proxy of `record` and that of `proxy` can do. */
export const PROXY_FLAGS = {
  'api-key': FLAGS['api-key'],
  'upstream-key-env': FLAGS['upstream-key-env'],
  'upstream-protocol': FLAGS['upstream-protocol'],
  map: FLAGS.map,
  dialect: FLAGS.dialect,
  'on-loss': FLAGS['on-loss'],
  ca: FLAGS.ca,
  websocket: FLAGS.websocket,
  'codex-home': FLAGS['codex-home'],
} as const;

/** Turns the flags that `record` and `proxy` share into options of the proxy; throws `usage` for what cannot be. */
export async function proxyOptions(args: Arguments, io: Io, upstream: string): Promise<ProxyOptions> {
  const keyName = args['upstream-key-env'] as string | undefined;
  const clientKey = args['api-key'] as string | undefined;
  const ca = args.ca as string | undefined;
  const port = readPort('--port', args.port as number)!;
  if (clientKey !== undefined && !/^[\x21-\x7e]+$/.test(clientKey)) {
    throw new TapedeckError('usage', '--api-key is empty, or holds what no header may.', {
      hint: 'Give letters, digits and signs without spaces.',
    });
  }
  return {
    upstream,
    host: args.host as string,
    port,
    webSocket: args.websocket !== false,
    requestCoding: args['request-coding'] as 'pass' | 'decode',
    ...translationOf(args, io),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(keyName === undefined ? {} : { upstreamKey: keyFromEnv('--upstream-key-env', keyName, io.env) }),
    ...(ca === undefined ? {} : { ca: await readAuthorities(ca) }),
  };
}

/**
 * Warns where others can reach the proxy, which puts the provider's key into whatever they ask.
 * @param advice what to do beside listening on this machine alone
 */
export function warnOfOpenKey({ host, upstreamKey, clientKey }: ProxyOptions, advice: string, io: Io): void {
  if (upstreamKey === undefined || clientKey !== undefined || isLoopback(host ?? '127.0.0.1')) return;
  const warning = `Everybody who can reach ${host} can spend the key of --upstream-key-env.`;
  remark(io, `${io.errorColour.yellow('warning')}  ${warning} Listen on 127.0.0.1${advice}.`);
}

/** What to do where clients can be asked for a key. */
export const KEY_ADVICE = ', or let in those alone who show a key: --api-key KEY';

/** Nothing is translated unless a flag asks for it. */
function translationOf(args: Arguments, io: Io): Pick<ProxyOptions, 'translation'> {
  const protocol = args['upstream-protocol'] as Protocol | 'auto' | undefined;
  const map = args.map as string[] | undefined;
  const dialect = args.dialect as string | undefined;
  if (protocol === undefined && map === undefined) {
    if (dialect === undefined) return {};
    throw new TapedeckError('usage', '--dialect does nothing without --upstream-protocol.', {
      hint: 'Name what the provider speaks, or auto.',
    });
  }
  return {
    translation: {
      protocol: protocol ?? 'auto',
      onLoss: args['on-loss'] as 'ignore' | 'warn' | 'reject',
      onFound: (found) => remark(io, `The provider speaks ${found}.`),
      ...(map === undefined ? {} : { map }),
      ...(dialect === undefined ? {} : { dialect }),
    },
  };
}

async function readAuthorities(path: string): Promise<string> {
  const pem = await readFile(path, 'utf8').catch((cause: Error) => {
    throw new TapedeckError('usage', `--ca ${path} cannot be read: ${cause.message}`, { cause });
  });
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new TapedeckError('usage', `--ca ${path} holds no PEM certificate.`, {
    hint: 'Convert it with `openssl x509 -in FILE -out ca.pem -outform PEM`.',
  });
}

/** The user's own patterns of secrets, from `--redact`; throws `usage` for one that is no regular expression. */
export function redactPatterns(args: Arguments): RegExp[] {
  return ((args.redact as string[] | undefined) ?? []).map(toPattern);
}

function toPattern(source: string): RegExp {
  try {
    return new RegExp(source, 'g');
  } catch (cause) {
    throw new TapedeckError('usage', `--redact ${JSON.stringify(source)} is not a regular expression.`, { cause });
  }
}
