import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Lets a server listen; gives its port, and the base URL for clients: `http://HOST:PORT/v1`. Rejects with the socket's error. */
export async function listen(server: Server, host: string, port: number): Promise<{ url: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return { url: `http://${name}:${bound.port}/v1`, port: bound.port };
}
