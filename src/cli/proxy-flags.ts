import { readFile } from 'node:fs/promises';
import { TapedeckError } from '../errors.ts';
import type { ProxyOptions } from '../proxy/server.ts';
import type { Protocol } from '../util/types.ts';
import type { Arguments } from './command.ts';
import { type Io, remark } from './io.ts';

/** Turns the flags that `record` and `proxy` share into options of the proxy; throws `usage` for what cannot be. */
export async function proxyOptions(args: Arguments, io: Io, upstream: string): Promise<ProxyOptions> {
  const keyName = args['upstream-key-env'] as string | undefined;
  const clientKey = args['api-key'] as string | undefined;
  const ca = args.ca as string | undefined;
  const port = args.port as number;
  if (clientKey !== undefined && !/^[\x21-\x7e]+$/.test(clientKey)) {
    throw new TapedeckError('usage', '--api-key is empty, or holds what no header may.', {
      hint: 'Give letters, digits and signs without spaces.',
    });
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new TapedeckError('usage', `--port ${port} is not a port.`, { hint: 'Give a number from 0 to 65535.' });
  }
  return {
    upstream,
    host: args.host as string,
    port,
    webSocket: args.websocket !== false,
    requestCoding: args['request-coding'] as 'pass' | 'decode',
    ...translationOf(args, io),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(keyName === undefined ? {} : { upstreamKey: keyFrom(io.env, keyName) }),
    ...(ca === undefined ? {} : { ca: await readAuthorities(ca) }),
  };
}

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

function keyFrom(env: NodeJS.ProcessEnv, name: string): string {
  const key = env[name];
  if (key) return key;
  throw new TapedeckError('usage', `The environment variable ${JSON.stringify(name)} is not set.`, {
    hint: '--upstream-key-env takes the name of a variable that holds the key, never the key itself.',
  });
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
