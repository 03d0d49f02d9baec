import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { CassetteHeader, Entry } from '../../src/cassette/format.ts';
import { legsOf, type RecordedExchange } from '../../src/cassette/legs.ts';
import { openCassette } from '../../src/cassette/store.ts';

/** A file below fixtures/. */
export function fixture(path: string): string {
  return fileURLToPath(new URL(`../../fixtures/${path}`, import.meta.url));
}

/** A folder that lives as long as the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tapedeck-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** All that a cassette holds. */
export async function readAll(
  path: string,
  options: { pristine?: boolean } = {},
): Promise<{ header: CassetteHeader; entries: Entry[]; exchanges: RecordedExchange[] }> {
  const cassette = await openCassette(path, options);
  try {
    return {
      header: cassette.header,
      entries: await collect(cassette.entries()),
      exchanges: await collect(cassette.exchanges()),
    };
  } finally {
    await cassette.close();
  }
}

/** All values of an iterable. */
export async function collect<T>(values: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const value of values) list.push(value);
  return list;
}

/** What readers see of an exchange: heads and decoded bodies of its legs. */
export function viewsOf(exchange: RecordedExchange): object[] {
  return legsOf(exchange).map(({ name, entry, body }) => {
    const { method, url, headers } = entry.request;
    const head = name.endsWith('request')
      ? { method, url, headers }
      : { status: entry.response.status, headers: entry.response.headers };
    return { name, ...head, decoded: body?.decoded && Buffer.from(body.decoded).toString('latin1') };
  });
}

export const HEADER: CassetteHeader = {
  format: 1,
  tool: '0.1.0',
  recordedAt: '2026-01-02T03:04:05.000Z',
  gateway: { name: 'tapedeck' },
  upstream: { url: 'https://provider.example/v1', protocol: 'responses' },
  redacted: {},
  elided: { texts: 0, chars: 0 },
};
