import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProxy, startProxy } from '../../src/proxy/server.ts';
import { concatBytes } from '../../src/util/bytes.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { BATTERY } from '../decode/battery/cases.ts';

const CODES = { 400: 'coding_corrupt', 413: 'body_too_large', 415: 'coding_unknown' } as const;

/** A request as the upstream got it. */
interface Seen {
  coding: string | undefined;
  sha256: string;
}

let server: Server;
let seen: Seen[] = [];
const proxies = new Map<string, RunningProxy>();

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await readAll(request);
    seen.push({ coding: request.headers['content-encoding'], sha256: sha256Hex(body) });
    response.end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  for (const requestCoding of ['decode', 'pass'] as const) {
    proxies.set(requestCoding, await startProxy({ upstream, requestCoding }));
  }
});
afterAll(async () => {
  for (const proxy of proxies.values()) await proxy.close(0);
  server.close();
});

/** `decode`: the upstream gets the decoded bytes, or the client the documented status. `pass`: the same bytes go up. */
describe('through the proxy', () => {
  it.each(BATTERY.map((entry) => [entry.id, entry] as const))('%s', async (_id, { coding, bodies, answer }) => {
    for (const body of sample(await bodies())) {
      seen = [];
      const { status, text } = await send('decode', body, coding);
      expect(status).toBe('status' in answer ? answer.status : 200);
      if ('status' in answer) expect(JSON.parse(text)).toMatchObject({ error: { code: CODES[answer.status] } });
      expect(seen).toEqual('status' in answer ? [] : [{ coding: undefined, sha256: answer.sha256 }]);

      seen = [];
      expect((await send('pass', body, coding)).status).toBe(200);
      expect(seen).toEqual([{ coding: coding?.trim(), sha256: sha256Hex(body) }]);
    }
  });
});

/** Of a case with many bodies: the first, one in the middle and the last. */
function sample(bodies: readonly Uint8Array[]): Uint8Array[] {
  const places = new Set([0, bodies.length >> 1, bodies.length - 1]);
  return [...places].map((place) => bodies[place]!);
}

async function send(way: string, body: Uint8Array, coding: string | undefined) {
  const request = httpRequest({
    port: proxies.get(way)!.port,
    method: 'POST',
    path: '/v1/responses',
    agent: false,
    // Without bytes, a length of 0 would say that there is no body; chunked says that there is an empty one.
    headers: {
      ...(body.length === 0 ? { 'transfer-encoding': 'chunked' } : { 'content-length': body.length }),
      ...(coding === undefined ? {} : { 'content-encoding': coding }),
    },
  });
  request.end(body);
  const [response] = await once(request, 'response');
  const text = Buffer.from(await readAll(response)).toString();
  return { status: response.statusCode as number, text };
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return concatBytes(chunks);
}
