import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { lostOn } from '../../../src/conformance/clients/lost.ts';
import { createObserver } from '../../../src/conformance/clients/observer.ts';
import { openSocket } from '../../../src/conformance/harness/socket-client.ts';
import { startProxy } from '../../../src/proxy/server.ts';

const closed: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closed.splice(0).reverse()) await close();
});

/** The status with which an upgrade is answered through a tap, and what the tap saw. */
async function upgradeThrough(refuse: (transport: Duplex) => void, asTheyAre: boolean) {
  const gateway = createServer();
  gateway.on('upgrade', (_request, transport) => refuse(transport));
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  closed.push(() => void gateway.close());
  const observer = createObserver();
  const tap = await startProxy({
    upstream: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/v1`,
    recorder: observer,
    refusalsAsTheyAre: asTheyAre,
  });
  closed.push(() => tap.close(0));
  const { status } = await openSocket(new URL(`${tap.url}/responses`), ['authorization', 'Bearer made-up'], 10_000);
  return { status, exchanges: observer.exchanges };
}

const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nNope';

describe('an upgrade that a gateway refuses', () => {
  it('reaches a real client as it is', async () => {
    const { status, exchanges } = await upgradeThrough((transport) => transport.end(NOT_FOUND), true);
    expect(status).toBe(404);
    expect(exchanges[0]?.response).toMatchObject({ status: 404 });
    expect(lostOn(exchanges)).toEqual({ attempts: 1, ms: 0 });
  });

  it('has no answer where the gateway gives none', async () => {
    const { status, exchanges } = await upgradeThrough((transport) => transport.destroy(), true);
    expect(status).toBe(0);
    expect(exchanges[0]?.response).toBeUndefined();
  });

  it('is told as 426 by a proxy that is no tap', async () => {
    const { status } = await upgradeThrough((transport) => transport.end(NOT_FOUND), false);
    expect(status).toBe(426);
  });
});
