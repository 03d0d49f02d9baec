import { TapedeckError } from '../errors.ts';

/** The flags that say where to listen. */
interface ListenFlags {
  port: string;
  host: string;
}

const LISTEN_PROBLEMS: Record<string, (flags: ListenFlags) => [message: string, hint: string]> = {
  EADDRINUSE: ({ port }) => [
    'is already in use',
    port === '--port'
      ? 'Choose another with --port, or leave --port out to take a free one.'
      : `End the program that holds the port, or choose another with ${port}; the gateway has to be told, too.`,
  ],
  EACCES: ({ port }) => ['may not be used by this user', `Choose one above 1023 with ${port}.`],
  EADDRNOTAVAIL: ({ host }) => [
    'is not an address of this machine',
    `Give ${host} an address of this machine, such as 127.0.0.1.`,
  ],
};

/** The error of a port or an address that cannot be listened on. */
export function listenError(
  cause: NodeJS.ErrnoException,
  host: string,
  port: number,
  flags: ListenFlags = { port: '--port', host: '--host' },
): TapedeckError {
  const [what, hint] = LISTEN_PROBLEMS[cause.code ?? '']?.(flags) ?? [
    `cannot be listened on (${cause.message})`,
    `Check ${flags.host}.`,
  ];
  return new TapedeckError('port-unavailable', `${host}:${port} ${what}.`, { hint, cause });
}
