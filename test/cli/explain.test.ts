import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CassetteHeader } from '../../src/cassette/format.ts';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { writeCassette } from '../../src/cassette/store.ts';
import { explainCommand } from '../../src/cli/explain.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { capturedExchange, capturedSession } from '../helpers/fixture-exchange.ts';

const HEADER: CassetteHeader = {
  format: 1,
  tool: '0.1.0',
  recordedAt: '2026-01-02T03:04:05.000Z',
  client: { name: 'codex_exec', version: '0.169.0' },
  gateway: { name: 'tapedeck' },
  upstream: { url: 'https://provider.example/v1', protocol: 'responses' },
  redacted: {},
  elided: { texts: 0, chars: 0 },
};

let folder: string;

/** Writes exchanges as a cassette, numbered in this order. */
async function write(name: string, exchanges: readonly RecordedExchange[]): Promise<string> {
  const path = join(folder, name);
  const entries = exchanges.flatMap(({ client, attempts }, i) =>
    [client, ...attempts].map((entry) => ({ ...entry, _seq: i + 1, _exchange: `e${i + 1}` })),
  );
  await writeCassette(path, HEADER, entries);
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapedeck-explain-'));
  await mkdir(join(folder, 'cassettes'));
  const truncated = capturedExchange('0.169.0', 'i-trunc-clean');
  await write('cassettes/newest.har', [
    capturedExchange('0.169.0', 'r-model-header'),
    truncated,
    capturedExchange('0.169.0', 'm-usage-chatstyle'),
  ]);
  await write('my session.har', capturedSession('0.122.0', 'i-429'));
  await write('empty.har', []);
});

afterAll(() => rm(folder, { recursive: true }));

async function explain(args: Record<string, unknown>): Promise<{ code: number; out: string }> {
  const io = captureIo({ cwd: folder });
  const code = await explainCommand.run({ _: ['explain'], ...args }, io);
  return { code, out: io.out() };
}

describe('tapedeck explain', () => {
  it('takes the first exchange that broke in the newest cassette, and lists the others that are not well', async () => {
    const { code, out } = await explain({});
    expect(code).toBe(1);
    expect(out).toContain('exchange 2 (e2)  POST /v1/responses → 200');
    expect(out).toContain('broken  The next hop ended the stream in order before response.completed');
    expect(out).toContain('Ended by the next hop (upstream), in order, as HTTP says');
    expect(out).toContain('Last event: response.output_text.delta, number 6, bytes ');
    expect(out).toContain('Codex 0.169.0 sends the same request again, up to 5 times within about 6.20 s');
    expect(out).toContain('error grammar.responses.no-terminal (upstream-response');
    expect(out).toContain('tapedeck show cassettes/newest.har 2');
    expect(out).toMatch(
      /Other exchanges\n +1 {2}warning .*\n +3 {2}broken {2}POST \/v1\/responses → 200 {2}Usage has the names/,
    );
  });

  it('explains the exchange that is named, by number or id, of the newest cassette or another', async () => {
    expect((await explain({ cassette: '3' })).out).toContain('usage.chat-names');
    expect((await explain({ cassette: 'cassettes/newest.har', exchange: 'e3' })).out).toContain('usage.chat-names');
    const warning = await explain({ cassette: '1' });
    expect(warning.code).toBe(0);
    expect(warning.out).toContain('model.rerouted');
    expect(warning.out).not.toContain('Other exchanges');
  });

  it('judges by another version when asked', async () => {
    const old = await explain({ cassette: 'my session.har' });
    expect(old.out).toContain('Codex 0.122.0 gives up at once');
    expect(old.out).toContain("tapedeck show 'my session.har' 1");
    const newer = await explain({ cassette: 'my session.har', codex: 'v0.169.0' });
    expect(newer.out).toContain('Codex 0.169.0 sends the same request again');
  });

  it('writes one JSON value', async () => {
    const { code, out } = await explain({ json: true });
    expect(code).toBe(1);
    const value = JSON.parse(out);
    expect(value).toMatchObject({
      event: 'explain',
      explained: {
        number: 2,
        exchange: 'e2',
        level: 'broken',
        causes: [{ id: 'upstream.ended-early' }],
        forecast: { action: 'retry', rule: 'codex.stream.closed', pauses: [200, 400, 800, 1600, 3200] },
        ending: { by: 'upstream', how: 'complete' },
      },
      others: [
        { number: 1, level: 'warning' },
        { number: 3, level: 'broken' },
      ],
    });
  });

  it.each([
    ['0.169.0/truncated.har', 1, 'upstream.ended-early'],
    ['0.113.0/rate-limit.har', 1, 'limit.final-429'],
    ['0.169.0/rate-limit.har', 1, 'limit.rate'],
    ['0.122.0/zstd.har', 0, 'Nothing is wrong with any of'],
    ['0.169.0/text.har', 0, 'Nothing wrong was found.'],
  ])('explains the true recording %s', async (name, exit, says) => {
    const cassette = fileURLToPath(new URL(`../../fixtures/cassettes/${name}`, import.meta.url));
    const { code, out } = await explain({ cassette });
    expect(out).toContain(says);
    expect(code).toBe(exit);
  });

  it('says so where there is nothing to explain', async () => {
    expect(await explain({ cassette: 'empty.har' })).toMatchObject({
      code: 0,
      out: expect.stringContaining('no exchange'),
    });
    expect((await explain({ cassette: 'empty.har', json: true })).out).toContain('"explained":null');
  });

  it('refuses what is no version, no exchange, no cassette', async () => {
    await expect(explain({ codex: 'new' })).rejects.toMatchObject({ code: 'usage' });
    await expect(explain({ cassette: '9' })).rejects.toMatchObject({ code: 'usage' });
    await expect(explain({ cassette: 'none.har' })).rejects.toMatchObject({ code: 'cassette-not-found' });
  });
});
