import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { hostInThread } from '../../src/cassette/engine-host.ts';
import { createRecorder } from '../../src/cassette/recorder.ts';
import { encodeBody } from '../../src/decode/body.ts';
import {
  bytesOf,
  complete,
  HEADER,
  JSON_TYPE,
  openExchange,
  playExchange,
  readAll,
  recordAll,
  type ScriptedExchange,
  SSE_TYPE,
  temporaryFolder,
} from './support/scripted.ts';

const KEY = ['sk', '-proj-', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'].join('');

async function scripts(): Promise<ScriptedExchange[]> {
  const coded = await encodeBody(bytesOf(`{"input":"${KEY}"}`), ['zstd']);
  const events = Array.from({ length: 60 }, (_, n) => `data: {"n":${n}}\n\n`);
  const turn = { request: { body: ['{"a":"\u00e9\u4e2d"}'] }, response: { headers: SSE_TYPE, body: events } };
  return [
    { ...turn, attempts: [{ response: turn.response }] },
    {
      request: { headers: [...JSON_TYPE, 'content-encoding', 'zstd', 'Authorization', `Bearer ${KEY}`], body: [coded] },
    },
    {
      request: { body: [Uint8Array.of(0xff, 0), 'mine-4711'] },
      response: { body: ['{}'], trailers: ['x-t', '\u00fc'] },
    },
    // More than one block of the tape, and a text that is wider than a byte.
    { target: '/v1/\u4e2d', response: { headers: ['content-type', 'text/plain'], body: ['x'.repeat(700_000), 'y'] } },
    { request: { body: ['{'], how: 'closed' } },
  ];
}

describe('a recording in a thread of its own', () => {
  it('is byte for byte that of the thread of the traffic', async () => {
    const list = await scripts();
    const redactPatterns = [/mine-\d+/];
    const here = await recordAll(list, { redactPatterns, ownThread: false });
    const there = await recordAll(list, { redactPatterns, ownThread: true });
    expect(await readFile(there.path)).toEqual(await readFile(here.path));
    expect({ ...there.summary, path: '' }).toEqual({ ...here.summary, path: '' });
    expect(await readFile(there.path, 'utf8')).not.toContain(KEY);
    expect(existsSync(`${there.path}.part`)).toBe(false);
  }, 30_000);

  it('has what ended on the disk while it goes on', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const recorder = await createRecorder({ path, header: HEADER, ownThread: true });
    playExchange(recorder, { request: { body: ['{"n":1}'] } });
    const running = openExchange(recorder);
    running.clientRequest.data(1, bytesOf('{"n":2'));
    let text = '';
    while (!text.includes('"t":"close"') || !text.includes('{"n":2')) text = await readFile(`${path}.part`, 'utf8');
    running.close('client-aborted', complete(3));
    expect((await recorder.close()).outcomes).toEqual({ complete: 1, 'client-aborted': 1 });
  }, 30_000);

  it('leaves nothing when it is given up', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const recorder = await createRecorder({ path, header: HEADER, ownThread: true });
    await recorder.discard();
    expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
  }, 30_000);

  it('says that the journal is gone, and traffic goes on', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const heard: string[] = [];
    const onFailure = (message: string) => void heard.push(message);
    const recorder = await createRecorder({ path, header: HEADER, ownThread: true, onFailure });
    await rm(`${path}.part`);
    while (heard.length === 0) {
      playExchange(recorder, { request: { body: ['{}'] } });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(recorder.room()).toBeUndefined();
    const summary = await recorder.close();
    expect(heard).toEqual([expect.stringContaining('deleted')]);
    expect(summary.failed).toBe(heard[0]);
    expect((await readAll(path)).exchanges).toHaveLength(summary.exchanges);
  }, 30_000);
});

describe('a thread that ends by itself', () => {
  const record = (part: string) =>
    writeFile(
      part,
      `${JSON.stringify({ tapedeckJournal: 2, owner: { pid: 1, started: null, machine: '' }, force: false, header: HEADER })}\n` +
        '{"x":1,"t":"open","start":{"startedAt":1,"seed":"1-0","protocol":null},"legs":[{"leg":"client-request","ms":0,"request":{"method":"GET","url":"http://h/","httpVersion":"1.1","headers":[]}}]}\n',
    );
  /** Says that it is there, and fails at the first message it gets. */
  const failing = () =>
    new Worker(
      `const { parentPort } = require('node:worker_threads');
       parentPort.on('message', () => { throw new Error('out of luck'); });
       parentPort.postMessage({ did: 'start' });`,
      { eval: true },
    );
  const hosted = async (path: string, heard: string[]) => {
    const place = { path, part: `${path}.part`, force: false };
    await record(place.part);
    const setup = { place, upstreamUrl: HEADER.upstream.url, redactPatterns: [] };
    return hostInThread(setup, (message) => void heard.push(message), failing());
  };

  it('is a failure like that of a disk: said once, nothing waits, and what was written is kept', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const heard: string[] = [];
    const host = await hosted(path, heard);
    expect(await host.play(new Uint8Array(8), false)).toBe(0);
    expect(await host.play(new Uint8Array(8), true)).toBe(0);
    expect(heard).toEqual([expect.stringContaining('out of luck')]);
    expect(await host.finish()).toMatchObject({ path, exchanges: 1, failed: heard[0] });
    expect(existsSync(`${path}.part`)).toBe(false);
  }, 30_000);

  it('leaves the journal to the next command when finishing was what ended it', async () => {
    const path = join(temporaryFolder(), 'x.har');
    const heard: string[] = [];
    const host = await hosted(path, heard);
    expect(await host.finish()).toMatchObject({ path: `${path}.part`, bytes: 0, failed: heard[0] });
    expect(heard).toHaveLength(1);
    expect(existsSync(`${path}.part`)).toBe(true);
  }, 30_000);

  it('is told where it cannot even start', async () => {
    const setup = { place: { path: 'x', part: 'x.part', force: false }, upstreamUrl: '', redactPatterns: [] };
    const broken = new Worker('throw new Error("no thread")', { eval: true });
    await expect(hostInThread(setup, () => undefined, broken)).rejects.toThrow('no thread');
  });
});
