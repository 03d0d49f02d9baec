import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createWireClient, type WireReply } from '../../../src/conformance/harness/wire-client.ts';

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** The answer of a server that says something at once, and something else again and again without end. */
async function ask(type: string, first: string, again: string, timeoutMs: number): Promise<WireReply> {
  const timers = new Set<NodeJS.Timeout>();
  const server = createServer((_request, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': type });
    response.write(first);
    timers.add(setInterval(() => response.write(again), timeoutMs / 10));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = createWireClient();
  closing.push(() => {
    for (const timer of timers) clearInterval(timer);
    client.close();
    server.closeAllConnections();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
  return client.send({ method: 'GET', url, headers: [], body: undefined, protocol: null, timeoutMs });
}

const HELLO = 'data: {"type":"hello"}\n\n';

describe('the end of an answer', () => {
  it.each([
    ['comments', 'text/event-stream', HELLO, ': keep-alive\n\n'],
    ['pings', 'text/event-stream', HELLO, 'event: ping\ndata: {"type": "ping"}\n\n'],
    ['white space', 'application/json', '', ' \n'],
    ['events', 'text/event-stream', HELLO, 'data: {"type":"more"}\n\n'],
  ])('is not waited for without end where nothing but %s come', async (_what, type, first, again) => {
    const reply = await ask(type, first, again, 100);
    await expect(reply.bytes()).rejects.toThrow('the end of the answer did not come within');
  });

  it('is waited for as long as something of the answer comes', async () => {
    const reply = await ask('text/event-stream', HELLO, 'data: {"type":"more"}\n\n', 400);
    const events = reply.events();
    events.catch(() => {});
    // More events than come within one of the times that are waited.
    for (let n = 0; n < 16; n++) await reply.nextEvent();
    reply.abort();
    expect((await events).length).toBeGreaterThanOrEqual(16);
  });
});
