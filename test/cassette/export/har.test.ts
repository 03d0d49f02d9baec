import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportHar, type HarOptions } from '../../../src/cassette/export/har.ts';
import type { CassetteHeader } from '../../../src/cassette/format.ts';
import { openSource } from '../../../src/cassette/import/detect.ts';
import { importSource } from '../../../src/cassette/import/run.ts';
import type { RecordedExchange } from '../../../src/cassette/legs.ts';
import { collect, fixture, HEADER, readAll, temporaryFolder, viewsOf } from '../../helpers/cassette-files.ts';
import { makeEntry, makeExchange } from '../../helpers/made-legs.ts';

const { har: validateHar } = createRequire(import.meta.url)('har-validator/lib/promise.js') as {
  har(document: unknown): Promise<unknown>;
};

const VERSIONS = ['0.113.0', '0.122.0', '0.169.0'];
const CASSETTES = VERSIONS.flatMap((version) =>
  readdirSync(fixture(`cassettes/${version}`)).map((name) => `cassettes/${version}/${name}`),
);

async function exportText(
  header: CassetteHeader,
  exchanges: RecordedExchange[],
  options: Partial<HarOptions> = {},
): Promise<string> {
  const pieces = exportHar(header, exchanges, { plain: true, side: 'both', tool: '1.2.3', ...options });
  return Buffer.concat(await collect(pieces)).toString('utf8');
}

describe.each(CASSETTES)('%s', (name) => {
  it('comes back from plain HAR with the same heads and decoded bodies', async () => {
    const { header, exchanges } = await readAll(fixture(name));
    const folder = temporaryFolder();
    const [plain, path] = [join(folder, 'plain.har'), join(folder, 'again.har')];
    await writeFile(plain, await exportText(header, exchanges, { side: 'client' }));
    const options = {
      path,
      force: false,
      tool: '1',
      patterns: [],
      headers: [],
      gateway: undefined,
      protocolOf: () => null,
    };
    await importSource(await openSource(plain), options);
    const again = await readAll(path, { pristine: true });
    const clientLegs = exchanges.map((exchange) => viewsOf({ ...exchange, attempts: [] }));
    expect(again.exchanges.map(viewsOf)).toEqual(clientLegs);
  });

  it('fits the schema of HAR 1.2, and has no field of ours when it is plain', async () => {
    const { header, exchanges } = await readAll(fixture(name));
    const plain = await exportText(header, exchanges);
    expect(plain).not.toMatch(/^\s*"_/m);
    await expect(validateHar(JSON.parse(plain))).resolves.toBeDefined();
    await expect(validateHar(JSON.parse(await exportText(header, exchanges, { plain: false })))).resolves.toBeDefined();
  });

  it('stays a cassette with the same legs when our fields are kept', async () => {
    const { header, exchanges } = await readAll(fixture(name));
    const path = join(temporaryFolder(), 'full.har');
    await writeFile(path, await exportText(header, exchanges, { plain: false }));
    const again = await readAll(path, { pristine: true });
    expect(again.header).toEqual(header);
    expect(again.exchanges.map(viewsOf)).toEqual(exchanges.map(viewsOf));
  });
});

describe('an exported HAR file', () => {
  const client = makeEntry({
    requestText: '{}',
    response: [
      [1, 'data: 1\n\n'],
      [2, 'data: 2\n\n'],
    ],
  });
  const upstream = makeEntry({ attempt: 1 });
  upstream.request.postData = { mimeType: 'application/json', text: '', _sameAs: 'client' };
  upstream.response.content = { size: 18, mimeType: 'text/event-stream', _sameAs: 'client' };
  const { exchange } = makeExchange(client, [upstream]);

  it('has streams and bodies that were the same as text on both sides', async () => {
    const { entries } = JSON.parse(await exportText(HEADER, [exchange])).log;
    expect(entries.map((entry: { response: { content: object } }) => entry.response.content)).toEqual(
      Array(2).fill({ size: 18, mimeType: 'text/event-stream', text: 'data: 1\n\ndata: 2\n\n' }),
    );
    expect(entries.map((entry: { request: { postData: object } }) => entry.request.postData)).toEqual(
      Array(2).fill({ mimeType: 'application/json', text: '{}' }),
    );
  });

  it.each(['client', 'upstream'] as const)('may hold the %s side alone', async (side) => {
    const { entries } = JSON.parse(await exportText(HEADER, [exchange], { side })).log;
    expect(entries).toHaveLength(1);
    expect(entries[0].request.url).toBe((side === 'client' ? client : upstream).request.url);
  });

  it('has bytes as base64, also for those who read it as a cassette', async () => {
    const image = makeEntry({ responseType: 'image/png' });
    const base64 = Buffer.from([1, 2, 255]).toString('base64');
    image.response.content = { size: 3, mimeType: 'image/png', _wire: { encodings: [], bytes: 3, base64 } };
    const one = makeExchange(image).exchange;
    const { content } = JSON.parse(await exportText(HEADER, [one])).log.entries[0].response;
    expect(content).toEqual({ size: 3, mimeType: 'image/png', text: base64, encoding: 'base64' });
    const path = join(temporaryFolder(), 'full.har');
    await writeFile(path, await exportText(HEADER, [one], { plain: false }));
    expect((await readAll(path)).exchanges.map(viewsOf)).toEqual([viewsOf(one)]);
  });

  it('keeps the messages of WebSockets', async () => {
    const messages = [{ type: 'send' as const, time: 1, opcode: 1, data: '{"_x":1}' }];
    const socket = makeExchange({ ...makeEntry(), _webSocketMessages: messages }).exchange;
    expect(JSON.parse(await exportText(HEADER, [socket])).log.entries[0]._webSocketMessages).toEqual(messages);
  });

  it('may be empty', async () => {
    for (const plain of [true, false]) {
      expect(JSON.parse(await exportText(HEADER, [], { plain })).log.entries).toEqual([]);
    }
  });
});
