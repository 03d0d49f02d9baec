import { Socket } from 'node:net';

/** A guard that is on duty. */
export interface NetworkGuard {
  /** `HOST:PORT` of every connection outside loopback that was asked for and not made, in order. */
  readonly denied: string[];
  /** Ends the guard; connections are made as before when no other guard is left. */
  end(): void;
}

type Connect = Socket['connect'];

const guards = new Set<NetworkGuard>();
let original: Connect | undefined;

/**
 * Denies connections outside loopback until `end`: they fail with `ENETUNREACH` before a name is looked up. It stands at
 * `net.Socket`, which TCP, TLS, HTTP, HTTP/2 and every undici of this thread use; loopback and Unix sockets work as before.
 * Child processes, worker threads and UDP are not seen.
 */
export function guardNetwork(): NetworkGuard {
  const guard: NetworkGuard = {
    denied: [],
    end() {
      guards.delete(guard);
      if (guards.size === 0) restore();
    },
  };
  if (original === undefined) {
    original = Socket.prototype.connect;
    Socket.prototype.connect = guardedConnect as Connect;
  }
  guards.add(guard);
  return guard;
}

/** Whoever patched `connect` after us keeps the patch, and ours below it lets everything through. */
function restore(): void {
  if (Socket.prototype.connect !== (guardedConnect as Connect)) return;
  Socket.prototype.connect = original!;
  original = undefined;
}

function guardedConnect(this: Socket, ...args: unknown[]): Socket {
  const target = targetOf(args);
  if (guards.size === 0 || target === undefined || isLoopback(target.host)) {
    return Reflect.apply(original!, this, args);
  }
  const name = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  for (const { denied } of guards) denied.push(name);
  const message = `Tapedeck: a connection to ${name} was denied, because a replay runs without the network.`;
  process.nextTick(() => this.destroy(Object.assign(new Error(message), { code: 'ENETUNREACH', syscall: 'connect' })));
  return this;
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

/** RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3, RFC 6761 section 6.3. */
function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return /^(?:::ffff:)?127(?:\.\d{1,3}){3}$|^::1$|^(?:.+\.)?localhost\.?$|^0\.0\.0\.0$|^::$/.test(name);
}
