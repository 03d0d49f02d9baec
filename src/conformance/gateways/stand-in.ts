import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { runOrFail } from '../install-package.ts';

export interface StandInOptions {
  /** Names that it answers to, at port 443. */
  hosts: readonly string[];
  /** Base URL of the provider that stands behind all of them. */
  upstream: string;
  /** Private folder for its key and its certificate. */
  folder: string;
  env: NodeJS.ProcessEnv;
}

/** A provider in the place of hosts whose names are built into a gateway. */
export interface StandIn {
  /** URL of the HTTP proxy that the gateway has to use. */
  proxy: string;
  /** PEM file of the certificate that the gateway has to trust. */
  certificate: string;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
}

/** What it answers to plain HTTP, as a login server that renews a token does: the key that the descriptions name for the provider. */
const LOGIN = JSON.stringify({ access_token: 'tapedeck-made-up-upstream' });

/**
 * Starts an HTTP proxy that ends TLS for `hosts` with a certificate of its own, and passes the bytes inside on to the provider as they are;
 * paths stay what they were. Every other host is refused with 403, so nothing gets out.
 * @throws TapedeckError `input-invalid` when there is no `openssl` that makes a certificate
 */
export async function startStandIn({ hosts, upstream, folder, env }: StandInOptions): Promise<StandIn> {
  const certificate = join(folder, 'stand-in.crt');
  const secureContext = await makeCertificate(certificate, hosts, folder, env);
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(LOGIN));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('connect', ({ url = '' }, socket: Duplex, head: Buffer) => {
    if (!hosts.some((host) => url === `${host}:443`)) {
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    socket.unshift(head);
    joinToProvider(socket as Socket, new URL(upstream), secureContext);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    proxy: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Bytes both ways, and a connection that is reset on one side is reset on the other. */
function joinToProvider(socket: Socket, { hostname, port }: URL, secureContext: SecureContext): void {
  const inside = new TLSSocket(socket, { isServer: true, secureContext });
  const provider = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.setNoDelay(true);
  inside.pipe(provider).pipe(inside);
  const reset = (from: Socket, to: Socket) => from.on('error', () => to.resetAndDestroy());
  reset(provider, socket);
  reset(inside, provider);
  reset(socket, provider);
  provider.once('close', () => inside.end());
  socket.once('close', () => provider.destroy());
}

/** A key and a certificate that vouches for itself, for two days. Node.js makes keys and no certificates. */
async function makeCertificate(
  certificate: string,
  hosts: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<SecureContext> {
  const key = join(folder, 'stand-in.key');
  const names = `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}`;
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', key, '-out', certificate];
  await runOrFail('openssl', ['req', ...kind, ...files, '-subj', '/CN=tapedeck', '-addext', names], folder, env);
  return createSecureContext({ key: await readFile(key), cert: await readFile(certificate) });
}
