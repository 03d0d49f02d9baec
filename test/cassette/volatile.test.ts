import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/cassette/format.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import { openCassette } from '../../src/cassette/store.ts';
import { strip, stripVolatile, VOLATILE_FIELDS, VOLATILE_HEADER_FIELDS } from '../../src/cassette/volatile.ts';
import { arrayOf, HEADER, temporaryFolder } from './support/scripted.ts';

/** Records two turns over real sockets: what a proxy would tell the recorder, with real ports, dates, times and cuts. */
async function recordSession(): Promise<{ header: unknown; entries: Entry[] }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const n of [1, 2, 3]) response.write(`event: e\ndata: {"n":${n}}\n\n`);
      response.end();
    });
  });
  const port = await listen(server);
  const path = join(temporaryFolder(), 'session.har');
  const upstream = { url: `http://127.0.0.1:${port}/v1`, protocol: 'responses' as const };
  const recordedAt = new Date().toISOString();
  const recorder = await createRecorder({ path, header: { ...HEADER, recordedAt, upstream } });
  for (const turn of [1, 2]) {
    const began = performance.now();
    const ms = () => performance.now() - began;
    const body = Buffer.from(JSON.stringify({ turn }));
    const headers = [
      'Host',
      `127.0.0.1:${port}`,
      'Content-Type',
      'application/json',
      'session-id',
      String(Math.random()),
    ];
    const tap = recorder.open({
      startedAt: Date.now(),
      seed: `${Date.now()}-${Math.random().toString(16).slice(2).padEnd(16, '0').slice(0, 16)}`,
      protocol: 'responses',
      request: { method: 'POST', url: '/v1/responses', httpVersion: '1.1', headers },
    });
    tap.clientRequest.data(ms(), body);
    tap.clientRequest.end({ by: 'client', ms: ms(), how: 'complete' });
    const answer = await fetch(`http://127.0.0.1:${port}/v1/responses`, { method: 'POST', body });
    const head = { status: 200, statusText: 'OK', httpVersion: '1.1', headers: [...answer.headers].flat() };
    const response = tap.clientResponse(ms(), head, { name: 'tapedeck' });
    for await (const chunk of answer.body!) response.data(ms(), chunk);
    const detail = `socket 127.0.0.1:${port}`;
    response.end({ by: 'upstream', ms: ms(), how: 'complete' });
    tap.close('complete', { by: 'upstream', ms: ms(), how: 'complete', detail });
  }
  await recorder.close();
  await new Promise((resolve) => server.close(resolve));
  const cassette = await openCassette(path, { pristine: true });
  const entries = await arrayOf(cassette.entries());
  await cassette.close();
  return { header: cassette.header, entries };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe('volatile fields', () => {
  it('are all that differs when the same session is recorded twice', async () => {
    const [first, second] = [await recordSession(), await recordSession()];
    expect(first.entries).not.toEqual(second.entries);
    expect(first.entries.map(stripVolatile)).toEqual(second.entries.map(stripVolatile));
    const header = (recorded: { header: unknown }) => strip(recorded.header, VOLATILE_HEADER_FIELDS);
    expect(header(first)).toEqual(header(second));
  });

  it('leave what is not volatile as it is', () => {
    const headers = [
      { name: 'Host', value: '127.0.0.1:5' },
      { name: 'Accept', value: 'a:5' },
      { name: 'X-Codex-Window-Id', value: '1' },
    ];
    const chunks = [
      [1, 'a\xc3'],
      [2, { base64: 'qQ==' }],
    ];
    const entry = {
      request: { url: 'http://[::1]:99/v1/a:7b?x=1', headers },
      response: { content: { _chunks: chunks, text: 't' }, status: 200 },
      _end: { by: 'client', ms: 3 },
    } as unknown as Entry;
    const before = structuredClone(entry);
    expect(stripVolatile(entry)).toEqual({
      request: {
        url: 'http://[::1]:*/v1/a:7b?x=1',
        headers: [
          { name: 'Host', value: '127.0.0.1:*' },
          { name: 'Accept', value: 'a:5' },
          { name: 'X-Codex-Window-Id' },
        ],
      },
      response: { content: { _chunks: [[0, { base64: 'YcODqQ==' }]], text: 't' }, status: 200 },
      _end: { by: 'client' },
    });
    expect(entry).toEqual(before);
  });

  it('have a pointer and a reason each', () => {
    for (const field of [...VOLATILE_FIELDS, ...VOLATILE_HEADER_FIELDS]) {
      expect(field.pointer).toMatch(/^(\/[\w*]+)+$/);
      expect(field.why).not.toBe('');
    }
  });
});
