import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FORMAT_VERSION } from '../../src/cassette/format.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import { ACCEPTED_CREDENTIALS } from '../../src/cassette/redact/credentials.ts';
import { decodeBody, encodeBody } from '../../src/decode/body.ts';
import { LIMITS } from '../../src/decode/limits.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/server.ts';

// Put together, so that nobody takes it for a real one. The middle is what must not be found anywhere.
const MIDDLE = 'Zq7Rk2Wm9Xt4Lp8Vb3Nc6Hd1';
const KEY = `sk-${'proj'}-${MIDDLE}Jf5Gs0Ty`;

let folder: string;
let upstream: Server;
let coded = false;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  upstream = createServer((request, response) => {
    request.resume().on('end', () => {
      const body = answer();
      response.writeHead(200, `OK ${KEY}`, {
        'content-type': 'text/event-stream',
        'x-echo': KEY,
        'set-cookie': `session=${KEY}; Path=/`,
        ...(coded ? { 'content-encoding': 'gzip' } : {}),
      });
      if (coded) return response.end(gzipSync(body));
      // In small writes, so that the key stands across reads as well.
      for (let at = 0; at < body.length; at += 7) response.write(body.slice(at, at + 7));
      response.end();
    });
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
});
afterEach(async () => {
  upstream.close();
  await rm(folder, { recursive: true, force: true });
});

/** A stream that tells the key in one delta, in two, and in as many as it has characters. */
function answer(): string {
  const delta = (text: string) =>
    `data: ${JSON.stringify({ type: 'response.output_text.delta', item_id: 'm', output_index: 0, content_index: 0, delta: text })}\n\n`;
  const parts = [`whole ${KEY} `, KEY.slice(0, 9), `${KEY.slice(9)} `, ...KEY, ' done'];
  const completed = {
    type: 'response.completed',
    response: { id: 'r', output: [{ type: 'message', content: [{ type: 'output_text', text: `all ${KEY}` }] }] },
  };
  return `${parts.map(delta).join('')}data: ${JSON.stringify(completed)}\n\n`;
}

const BODY = JSON.stringify({
  model: 'm',
  api_key: KEY,
  metadata: { note: `key ${KEY}` },
  input: [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: `use ${KEY} please` }] },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: JSON.stringify({ env: { OPENAI_API_KEY: KEY } }) },
    { type: 'function_call_output', call_id: 'c', output: `Output:\nOPENAI_API_KEY=${KEY}\n` },
  ],
});

async function record(send: (proxy: RunningProxy) => Promise<void>): Promise<void> {
  const path = join(folder, 'x.har');
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
  const recorder = await createRecorder({
    path,
    header: {
      format: FORMAT_VERSION,
      tool: '0',
      recordedAt: new Date().toISOString(),
      gateway: { name: 'tapedeck' },
      upstream: { url, protocol: null },
    },
  });
  const proxy = await startProxy({ upstream: url, recorder });
  await send(proxy);
  await assertNoKey();
  await proxy.close();
  await recorder.close();
  await assertNoKey();
}

/** Looks in everything that was written: as it stands, and in all that can be decoded out of it. */
async function assertNoKey(): Promise<void> {
  for (const name of await readdir(folder)) {
    const text = await readFile(join(folder, name), 'latin1');
    expect(text.length).toBeGreaterThan(0);
    expect(text).not.toContain(MIDDLE);
    for (const [base64] of text.matchAll(/[A-Za-z0-9+/]{24,}={0,2}/g)) {
      const bytes = Buffer.from(base64, 'base64');
      expect(bytes.toString('latin1')).not.toContain(MIDDLE);
      for (const coding of ['zstd', 'gzip', 'br', 'deflate']) {
        const decoded = await decodeBody(bytes, coding, LIMITS.request);
        if (decoded.ok) expect(Buffer.from(decoded.bytes).toString('latin1')).not.toContain(MIDDLE);
      }
    }
    // Deltas told apart in the file must not add up to it either.
    const deltas = [...text.matchAll(/\\"delta\\":\\"(.*?)\\"/g)].map((match) => match[1]).join('');
    expect(deltas).not.toContain(MIDDLE);
  }
}

const headerNames = ACCEPTED_CREDENTIALS.flatMap((rule) => ('headers' in rule ? (rule.headers as string[]) : []));

test.each(['plain', 'zstd', 'gzip', 'br'])(
  'a key everywhere at once, body %s: nothing of it is written',
  async (coding) => {
    coded = coding === 'gzip';
    await record(async (proxy) => {
      const bytes = Buffer.from(BODY);
      const body = coding === 'plain' ? bytes : Buffer.from(await encodeBody(bytes, [coding]));
      const headers: Record<string, string> = { 'content-type': 'application/json', 'x-custom-note': `it is ${KEY}` };
      if (coding !== 'plain') headers['content-encoding'] = coding;
      headers.authorization = `Bearer ${KEY}`;
      for (const name of ['x-api-key', 'api-key', 'x-goog-api-key', 'cookie', 'x-my-gateway-token', ...headerNames])
        headers[name] ??= KEY;
      const response = await fetch(`${proxy.url}/responses?api_key=${KEY}&x=${KEY}`, { method: 'POST', headers, body });
      expect(await response.text()).toContain(MIDDLE);
    });
  },
);
