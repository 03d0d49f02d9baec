import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { concatBytes, fromUtf8 } from '../../util/bytes.ts';
import { inTime } from './stop.ts';

/** What came back for bytes that no HTTP client would write. */
export interface RawReply {
  /** Everything, heads included. */
  text: string;
  /** Status codes of the answers in it, in order. */
  statuses: number[];
}

/**
 * Writes bytes as they are and reads until the other side closes the connection: the request has to ask for that
 * (`connection: close`), or the answer to be one that closes.
 */
export async function sendRaw(url: URL, bytes: Uint8Array | string, timeoutMs: number): Promise<RawReply> {
  const secure = url.protocol === 'https:';
  const port = Number(url.port || (secure ? 443 : 80));
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = secure ? connectTls({ host, port, servername: host }) : connectPlain({ host, port });
  const chunks: Uint8Array[] = [];
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
    socket.on('error', () => resolve());
  });
  socket.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  socket.write(bytes);
  try {
    await inTime(closed, timeoutMs, 'the end of the connection');
  } finally {
    socket.destroy();
  }
  const text = fromUtf8(concatBytes(chunks));
  return { text, statuses: [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status)) };
}
