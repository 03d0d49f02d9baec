import { connect } from 'node:http2';
import { errors } from 'undici';
import type { Upstream, UpstreamOptions } from './client.ts';
import { type Connection, Http2Stream } from './http2-stream.ts';

export type Http2Options = Omit<UpstreamOptions, 'ca'> & { ca: string[] | undefined };

/** Streams of one connection at most, whatever the upstream allows. */
const MAX_STREAMS = 100;
/** What an upstream may send of one response before any of it is read. */
const STREAM_WINDOW = 256 * 1024;
/** All streams of a connection together: clients that do not read must not hold up those that do. */
const CONNECTION_WINDOW = MAX_STREAMS * STREAM_WINDOW;
/**
 * Megabytes that node may hold for a connection before it refuses streams (its default is 10). Bodies are bounded one by one: up by
 * the limit of a request, down by the windows.
 */
const SESSION_MEGABYTES = 1024;
/** As many header lines as node takes over HTTP/1.1. */
const MAX_HEADER_LINES = 2000;

/**
 * An upstream over HTTP/2, on node's own client. undici's takes a stream that was reset with CANCEL for complete, ends what
 * still runs on a connection when a GOAWAY announces its end, and tells no interim responses.
 * @param onRefused told when an upstream does not speak HTTP/2 (any more)
 */
export function createHttp2Upstream(options: Http2Options, onRefused: (origin: string) => void): Upstream {
  const connections = new Map<string, Set<Connection>>();

  const take = (origin: string, fresh: boolean): Connection => {
    const known = connections.get(origin) ?? new Set();
    connections.set(origin, known);
    let connection = fresh ? undefined : [...known].find(hasRoom);
    if (!connection) {
      const opened = open(origin, options);
      known.add(opened);
      opened.session.on('close', () => known.delete(opened));
      connection = opened;
    }
    connection.streams += 1;
    return connection;
  };

  return {
    send(request, handler) {
      const connection = take(request.origin, request.fresh === true);
      const stream = new Http2Stream(connection, handler, options);
      connection.ready
        .then(() => stream.send(request))
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL') onRefused(request.origin);
          connection.streams -= 1;
          handler.onError(error);
        });
    },
    async close() {
      for (const known of connections.values()) for (const { session } of known) session.destroy();
    },
  };
}

function hasRoom({ session, streams }: Connection): boolean {
  if (session.closed || session.destroyed) return false;
  const allowed = session.connecting ? MAX_STREAMS : (session.remoteSettings.maxConcurrentStreams ?? MAX_STREAMS);
  return streams < Math.min(MAX_STREAMS, allowed);
}

function open(origin: string, options: Http2Options): Connection {
  const session = connect(origin, {
    ...(options.ca ? { ca: options.ca } : {}),
    maxHeaderListPairs: MAX_HEADER_LINES,
    maxSessionMemory: SESSION_MEGABYTES,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: options.headBytes },
  });
  const connection: Connection = {
    session,
    ready: new Promise((resolve, reject) => {
      const timer = setTimeout(() => session.destroy(new errors.ConnectTimeoutError()), options.connectMs);
      session.once('connect', () => {
        clearTimeout(timer);
        session.setLocalWindowSize(CONNECTION_WINDOW);
        resolve();
      });
      session.once('error', reject);
      session.once('close', () => {
        clearTimeout(timer);
        reject(new errors.SocketError('closed'));
      });
    }),
    streams: 0,
    answered: false,
    goaway: undefined,
  };
  // What ends a connection is told by its streams.
  session.on('error', () => {});
  session.on('goaway', (code) => {
    connection.goaway = code;
  });
  session.setTimeout(options.keepAliveMs, () => {
    if (connection.streams === 0) session.close();
  });
  return connection;
}
