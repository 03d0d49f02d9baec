import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { rootCertificates } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import type { RawHeaders } from '../util/types.ts';
import { parseHead, type SentHead } from './sent-head.ts';

export interface UpstreamSocketOptions {
  /** PEM text of certificate authorities to trust besides the system's. */
  ca?: string;
  /** Milliseconds until the upgrade must have been answered, connecting included. */
  upgradeMs: number;
  /** Bytes of one message. */
  messageBytes: number;
  /** Milliseconds for a closing handshake. */
  closeMs: number;
}

/** One upgrade; `headers` are without those of the hop (`Connection`, `Upgrade`, `Sec-WebSocket-*`, `Host`). */
export interface UpgradeRequest {
  /** `http://…` or `https://…`; ws or wss is spoken there. */
  origin: string;
  /** Path and query. */
  path: string;
  headers: RawHeaders;
  /** Subprotocols, in the client's order. */
  protocols: readonly string[];
}

/** Head of the upstream's answer, as it was read. */
export interface UpgradeHead {
  status: number;
  statusText: string;
  httpVersion: string;
  headers: RawHeaders;
}

export type UpgradeResult =
  /** The socket is paused, so that no message is lost before somebody listens. */
  | { kind: 'accepted'; socket: WebSocket; transport: Socket; head: UpgradeHead }
  | { kind: 'answered'; head: UpgradeHead; body: Buffer }
  | { kind: 'failed'; error: Error };

/** Told in this order, each once; nothing after `abort`. */
export interface UpgradeWatcher {
  sent(head: SentHead): void;
  done(result: UpgradeResult): void;
}

/** Kept of the body of a refusal: an error document, or the beginning of a web page. */
const REFUSAL_BYTES = 64 * 1024;

/** Asks the upstream for a WebSocket. Never throws; what goes wrong is told as a result. */
export function openUpstreamSocket(
  request: UpgradeRequest,
  options: UpstreamSocketOptions,
  watcher: UpgradeWatcher,
): { abort(): void } {
  let over = false;
  let socket: WebSocket | undefined;
  let late = (): UpgradeResult => ({ kind: 'failed', error: upgradeTimeout() });
  const finish = (result: UpgradeResult) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    watcher.done(result);
    if (result.kind !== 'accepted') socket?.terminate();
  };
  const timer = setTimeout(() => finish(late()), options.upgradeMs);
  try {
    const { origin, path, protocols } = request;
    socket = new WebSocket(
      origin.replace(/^http/, 'ws') + path,
      [...protocols],
      clientOptions(request, options, watcher),
    );
  } catch (error) {
    // Header values or subprotocols that may not be written.
    finish({ kind: 'failed', error: error as Error });
    return { abort: () => {} };
  }
  let accepted: { head: UpgradeHead; transport: Socket } | undefined;
  socket.on('upgrade', (response) => {
    accepted = { head: headOf(response), transport: response.socket };
  });
  socket.on('open', () => {
    if (over || !socket || !accepted) return;
    socket.pause();
    finish({ kind: 'accepted', socket, ...accepted });
  });
  socket.on('unexpected-response', (_request, response) => {
    const body: Buffer[] = [];
    let bytes = 0;
    const head = headOf(response);
    const answered = (): UpgradeResult => ({ kind: 'answered', head, body: Buffer.concat(body) });
    late = answered;
    response.on('data', (chunk: Buffer) => {
      body.push(chunk);
      bytes += chunk.length;
      if (bytes >= REFUSAL_BYTES) finish(answered());
    });
    response.on('error', () => {});
    response.on('close', () => finish(answered()));
  });
  socket.on('error', (error) => finish({ kind: 'failed', error }));
  return {
    abort() {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket?.terminate();
    },
  };
}

function clientOptions(request: UpgradeRequest, options: UpstreamSocketOptions, watcher: UpgradeWatcher) {
  const own: ClientOptions & { closeTimeout: number } = {
    ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
    headers: headerObject(request.headers),
    maxPayload: options.messageBytes,
    closeTimeout: options.closeMs,
    finishRequest(sent: ClientRequest) {
      sent.end();
      // `_header` is node's own buffer of the head; there is no public way to see the fields that node and ws add.
      watcher.sent(parseHead((sent as ClientRequest & { _header: string | null })._header ?? ''));
    },
  };
  return own;
}

function upgradeTimeout(): Error {
  return Object.assign(new Error('the upgrade was not answered in time'), { code: 'UPGRADE_TIMEOUT' });
}

function headOf(response: IncomingMessage): UpgradeHead {
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? '',
    httpVersion: response.httpVersion,
    headers: response.rawHeaders,
  };
}

/** Lines of one name, in whatever case, as one list: node's request keeps the order and the case of the first. */
function headerObject(raw: RawHeaders): Record<string, string> {
  const byName = new Map<string, [name: string, values: string[]]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!;
    const known = byName.get(name.toLowerCase());
    if (known) known[1].push(raw[i + 1]!);
    else byName.set(name.toLowerCase(), [name, [raw[i + 1]!]]);
  }
  // The types of `ws` know no lists; node's request, which gets them, does.
  return Object.fromEntries(byName.values()) as unknown as Record<string, string>;
}
