import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Entry, EntryEnd } from '../../../src/cassette/format.ts';
import { FORMAT_VERSION } from '../../../src/cassette/format.ts';
import type { JournalFile } from '../../../src/cassette/journal.ts';
import type { RecordedExchange } from '../../../src/cassette/legs.ts';
import { createRecorder, type RecorderOptions } from '../../../src/cassette/recorder.ts';
import type { RecordingHeader } from '../../../src/cassette/records.ts';
import { openCassette } from '../../../src/cassette/store.ts';
import type { ExchangeTap, MessageTap, Recorder, RecordingSummary } from '../../../src/cassette/tap.ts';
import type { RawHeaders } from '../../../src/util/types.ts';

export const HEADER: RecordingHeader = {
  format: FORMAT_VERSION,
  tool: '0.0.0-test',
  recordedAt: '2025-11-21T08:00:00.000Z',
  gateway: { name: 'tapedeck', version: '0.0.0-test' },
  upstream: { url: 'http://127.0.0.1:4000/v1', protocol: 'responses' },
};

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tapedeck-'));
  folders.push(folder);
  return folder;
}

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** One message of a leg: what is sent, when, and how it ends (undefined: not at all). */
export interface Said {
  headers?: RawHeaders;
  body?: readonly (string | Uint8Array)[];
  /** Milliseconds of the head; the n-th read comes n later. */
  at?: number;
  how?: EntryEnd['how'] | 'never';
  trailers?: RawHeaders;
  /** Of a response: before its head. */
  interim?: { at: number; status: number; statusText: string; headers: RawHeaders }[];
}

export interface ScriptedExchange {
  startedAt?: number;
  method?: string;
  target?: string;
  request?: Said;
  attempts?: { request?: Said; response?: Said & { status?: number }; outcome?: 'complete' | 'upstream-aborted' }[];
  response?: (Said & { status?: number }) | undefined;
}

const PASSED = { name: 'tapedeck', version: '0.0.0-test', how: 'passthrough' };
export const JSON_TYPE: RawHeaders = ['Content-Type', 'application/json'];
export const SSE_TYPE: RawHeaders = ['Content-Type', 'text/event-stream'];

export function complete(ms: number, by: EntryEnd['by'] = 'upstream'): EntryEnd {
  return { by, ms, how: 'complete' };
}

export function bytesOf(part: string | Uint8Array): Uint8Array {
  return typeof part === 'string' ? Buffer.from(part) : part;
}

/** Opens an exchange without saying anything in it. */
export function openExchange(
  recorder: Recorder,
  headers: RawHeaders = JSON_TYPE,
  target = '/v1/responses',
): ExchangeTap {
  return recorder.open({
    startedAt: 1_763_700_000_000,
    seed: '1763700000000-0123456789abcdef',
    protocol: 'responses',
    request: { method: 'POST', url: target, httpVersion: '1.1', headers: ['Host', '127.0.0.1:5555', ...headers] },
  });
}

/** Plays a whole exchange into a recorder in one go. */
export function playExchange(recorder: Recorder, script: ScriptedExchange): void {
  const { attempts = [], request = {}, response } = script;
  const tap = recorder.open({
    startedAt: script.startedAt ?? 1_763_700_000_000,
    seed: '1763700000000-0123456789abcdef',
    protocol: 'responses',
    request: {
      method: script.method ?? 'POST',
      url: script.target ?? '/v1/responses',
      httpVersion: '1.1',
      headers: ['Host', '127.0.0.1:5555', ...(request.headers ?? JSON_TYPE)],
    },
  });
  say(tap.clientRequest, request, 'client');
  for (const attempt of attempts) {
    const up = tap.attempt();
    const sent = attempt.request ?? request;
    const url = `http://127.0.0.1:4000${script.target ?? '/v1/responses'}`;
    const head = { method: script.method ?? 'POST', url, httpVersion: '1.1', headers: sent.headers ?? JSON_TYPE };
    say(up.request(sent.at ?? 2, head, 'responses', PASSED), sent, 'client');
    const got = attempt.response;
    for (const { at, ...head } of got?.interim ?? []) up.informational(at, head);
    if (got) say(up.response(got.at ?? 10, responseHead(got)), got, 'upstream');
    up.close(attempt.outcome ?? 'complete', complete(20));
  }
  for (const { at, ...head } of response?.interim ?? []) tap.informational(at, head);
  if (response) say(tap.clientResponse(response.at ?? 10, responseHead(response), PASSED), response, 'upstream');
  tap.close('complete', complete(20));
}

function responseHead(said: Said & { status?: number }) {
  return { status: said.status ?? 200, statusText: 'OK', httpVersion: '1.1', headers: said.headers ?? JSON_TYPE };
}

function say(tap: MessageTap, said: Said, by: EntryEnd['by']): void {
  const at = said.at ?? (by === 'client' ? 1 : 10);
  const body = said.body ?? [];
  body.forEach((part, n) => {
    tap.data(at + n, bytesOf(part));
  });
  if (said.how === 'never') return;
  tap.end({ by, ms: at + body.length, how: said.how ?? 'complete' }, said.trailers);
}

/** Records exchanges and reads them back. */
export async function recordAll(
  scripts: readonly ScriptedExchange[],
  options: Partial<RecorderOptions> = {},
): Promise<{ path: string; summary: RecordingSummary; exchanges: RecordedExchange[]; entries: Entry[] }> {
  const path = options.path ?? join(temporaryFolder(), 'session.har');
  const recorder = await createRecorder({ path, header: HEADER, ...options });
  for (const script of scripts) playExchange(recorder, script);
  const summary = await recorder.close();
  return { path, summary, ...(await readAll(path)) };
}

export async function readAll(path: string): Promise<{ exchanges: RecordedExchange[]; entries: Entry[] }> {
  const cassette = await openCassette(path, { pristine: true });
  try {
    return { exchanges: await arrayOf(cassette.exchanges()), entries: await arrayOf(cassette.entries()) };
  } finally {
    await cassette.close();
  }
}

export async function arrayOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** A journal in memory that tells when something was appended, so that tests need not wait for a time. */
export class MemoryJournal implements JournalFile {
  text = '';
  /** Called before each append; what it throws is the disk's failure. */
  onAppend: (bytes: Uint8Array) => void | Promise<void> = () => undefined;
  #waiting: (() => void)[] = [];

  async append(bytes: Uint8Array): Promise<void> {
    await this.onAppend(bytes);
    this.text += Buffer.from(bytes).toString('latin1');
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when the journal holds `part`. */
  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    return Buffer.from(this.text.slice(position, position + length), 'latin1');
  }

  async deleted(): Promise<boolean> {
    return false;
  }

  async touch(): Promise<void> {}
  async close(): Promise<void> {}
}
