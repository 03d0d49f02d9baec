import { Socket } from 'node:net';
import { isLoopback } from '../../util/address.ts';
import { guardNames } from './offline-names.ts';

/** A guard that is on duty. */
export interface NetworkGuard {
  /**
   * `HOST:PORT` of every connection outside loopback that was asked for and not made, and `HOST` of every name that was asked for by
   * itself, in order.
   */
  readonly denied: string[];
  /** Ends the guard; connections are made as before when no other guard is left. */
  end(): void;
}

export interface GuardOptions {
  /** Names and addresses outside loopback that connections may go to. */
  allow?: readonly string[];
}

type Connect = Socket['connect'];

/** The guards on duty, each with the hosts that it lets through. */
const guards = new Map<NetworkGuard, ReadonlySet<string>>();
let original: Connect | undefined;
let restoreNames = () => {};

/**
 * Denies connections outside loopback until `end`: they fail with `ENETUNREACH` before a name is looked up. It stands at
 * `net.Socket`, which TCP, TLS, HTTP, HTTP/2 and every undici of this thread use, and at `node:dns`; loopback and Unix sockets work
 * as before. Child processes, worker threads and UDP are not seen.
 */
export function guardNetwork({ allow = [] }: GuardOptions = {}): NetworkGuard {
  const guard: NetworkGuard = {
    denied: [],
    end() {
      if (guards.delete(guard) && guards.size === 0) restore();
    },
  };
  if (original === undefined) {
    original = Socket.prototype.connect;
    Socket.prototype.connect = guardedConnect as Connect;
  }
  if (guards.size === 0) restoreNames = guardNames(refusalOf);
  guards.set(guard, new Set(allow.map(plainHost)));
  return guard;
}

/** Whoever patched `connect` after us keeps the patch, and ours below it lets everything through. */
function restore(): void {
  restoreNames();
  if (Socket.prototype.connect !== (guardedConnect as Connect)) return;
  Socket.prototype.connect = original!;
  original = undefined;
}

function guardedConnect(this: Socket, ...args: unknown[]): Socket {
  const target = targetOf(args);
  const error = target && refusalOf(target.host, target.port);
  if (error === undefined) return Reflect.apply(original!, this, args);
  process.nextTick(() => this.destroy(error));
  return this;
}

/** Counts what is denied. @param port undefined: the name alone is asked for */
function refusalOf(host: string, port?: unknown): Error | undefined {
  const name = plainHost(host);
  if (isHere(name)) return undefined;
  const denying = [...guards].filter(([, allowed]) => !allowed.has(name));
  if (denying.length === 0) return undefined;
  const shown = port === undefined ? name : `${name.includes(':') ? `[${name}]` : name}:${port}`;
  for (const [{ denied }] of denying) denied.push(shown);
  const what = port === undefined ? `looking up ${shown}` : `a connection to ${shown}`;
  const message = `Tapedeck: ${what} was denied, because a replay runs without the network.`;
  return Object.assign(new Error(message), port === undefined ? NAME_DENIED : CONNECTION_DENIED);
}

const CONNECTION_DENIED = { code: 'ENETUNREACH', syscall: 'connect' };
const NAME_DENIED = { code: 'EAI_AGAIN', syscall: 'getaddrinfo' };

/** In lower case and without brackets. */
function plainHost(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$/g, '');
}

/** Where a connection is to go, from any form of arguments that `connect` takes; undefined for a path. */
function targetOf(args: unknown[]): { host: string; port: unknown } | undefined {
  // Node hands its own calls on as one list.
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  if (typeof first === 'object' && first !== null) {
    const { host, port, path } = first as { host?: string; port?: unknown; path?: string };
    return path === undefined || path === null || port !== undefined ? { host: host || 'localhost', port } : undefined;
  }
  if (typeof first === 'string' && !/^\d+$/.test(first)) return undefined;
  return { host: typeof second === 'string' ? second : 'localhost', port: first };
}

/** Who connects to the unspecified address gets this machine. @param host as `plainHost` writes it */
function isHere(host: string): boolean {
  return isLoopback(host) || host === '0.0.0.0' || host === '::';
}
