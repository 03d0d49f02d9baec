import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MessageTap, Recorder } from '../../src/cassette/tap.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/server.ts';

const BLOCK = Buffer.alloc(256 * 1024, 'tapedeck keeps a large body apart from the others. ');
const BLOCKS = 256;
const BYTES = BLOCK.length * BLOCKS;
const SHA256 = (() => {
  const hash = createHash('sha256');
  for (let i = 0; i < BLOCKS; i += 1) hash.update(BLOCK);
  return hash.digest('hex');
})();
/** What all socket buffers on the way hold together is below this; a proxy that reads on would take it all. */
const MOST_HELD = BYTES / 2;

let server: Server;
let proxy: RunningProxy;
let recorder: ReturnType<typeof hashingRecorder> | undefined;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  server = createServer((incoming, response) => answer(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await proxy.close(0);
  server.close();
});

const start = async (recording: boolean) => {
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  recorder = recording ? hashingRecorder() : undefined;
  proxy = await startProxy({ upstream, ...(recorder ? { recorder } : {}) });
};

/** Writes all blocks, and calls `onStall` when nothing is taken any more, with the bytes that were. */
function pump(target: Writable, onStall: (written: number) => void): void {
  let written = 0;
  let stalled = false;
  const next = (): void => {
    while (written < BLOCKS) {
      written += 1;
      if (target.write(BLOCK)) continue;
      const timer = setTimeout(() => {
        if (!stalled) onStall(written * BLOCK.length);
        stalled = true;
      }, 100);
      target.once('drain', () => {
        clearTimeout(timer);
        next();
      });
      return;
    }
    target.end();
  };
  next();
}

async function digest(stream: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** A recorder that keeps of each leg what its bytes come to. */
function hashingRecorder(): Recorder & { over: Promise<Record<string, string>> } {
  const legs: Record<string, string> = {};
  let finish: (seen: Record<string, string>) => void = () => {};
  const tap = (leg: string): MessageTap => {
    const hash = createHash('sha256');
    return {
      data: (_ms, chunk) => hash.update(chunk),
      end: ({ how }) => {
        legs[leg] = how === 'complete' ? hash.digest('hex') : how;
      },
    };
  };
  return {
    over: new Promise((resolve) => {
      finish = resolve;
    }),
    room: () => undefined,
    open: () => ({
      clientRequest: tap('client-request'),
      attempt: () => ({
        request: () => tap('upstream-request'),
        informational: () => {},
        response: () => tap('upstream-response'),
        close: () => {},
      }),
      informational: () => {},
      clientResponse: () => tap('client-response'),
      losses: () => {},
      webSocketClose: () => {},
      close: () => finish(legs),
    }),
    close: () => Promise.reject(new Error('nothing is written')),
  };
}

describe.each([
  ['off', false],
  ['on', true],
])('64 MiB with recording %s', (_what, recording) => {
  test('go up to an upstream that does not read at first, and the client is held back meanwhile', async () => {
    await start(recording);
    let incoming: IncomingMessage | undefined;
    answer = (got, response) => {
      incoming = got;
      got.pause();
      waitForStall.then(async () => response.end(await digest(got)));
    };
    let held = 0;
    const client = request({ port: proxy.port, method: 'POST', path: '/v1/large', agent: false });
    client.setHeader('content-length', BYTES);
    client.setHeader('content-type', 'application/octet-stream');
    const waitForStall = new Promise<void>((resolve) => {
      pump(client, (written) => {
        held = written;
        resolve();
      });
    });
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    expect(text).toBe(SHA256);
    expect(incoming?.headers['content-length']).toBe(String(BYTES));
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(MOST_HELD);
    if (recorder) expect(await recorder.over).toMatchObject({ 'client-request': SHA256, 'upstream-request': SHA256 });
  });

  test('come down to a client that does not read at first, and the upstream is held back meanwhile', async () => {
    await start(recording);
    let held = 0;
    let stalled: () => void = () => {};
    const waitForStall = new Promise<void>((resolve) => {
      stalled = resolve;
    });
    answer = (_got, response) => {
      response.writeHead(200, { 'content-length': BYTES, 'content-type': 'application/octet-stream' });
      pump(response, (written) => {
        held = written;
        stalled();
      });
    };
    const client = request({ port: proxy.port, path: '/v1/large', agent: false }).end();
    const [response] = (await once(client, 'response')) as [IncomingMessage];
    response.pause();
    await waitForStall;
    expect(await digest(response)).toBe(SHA256);
    expect(response.headers['content-length']).toBe(String(BYTES));
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(MOST_HELD);
    if (recorder) expect(await recorder.over).toMatchObject({ 'client-response': SHA256, 'upstream-response': SHA256 });
  });
});
