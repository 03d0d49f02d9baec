import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../../src/cassette/import/detect.ts';
import { importSource } from '../../../src/cassette/import/run.ts';
import { legOf, type RecordedExchange } from '../../../src/cassette/legs.ts';
import { fixture, readAll, temporaryFolder, viewsOf } from '../../helpers/cassette-files.ts';

async function importAll(source: string, options: { patterns?: RegExp[]; gateway?: { name: string } } = {}) {
  const path = join(temporaryFolder(), 'imported.har');
  const summary = await importSource(await openSource(source), {
    path,
    force: false,
    tool: '1.2.3',
    patterns: options.patterns ?? [],
    headers: [],
    gateway: options.gateway,
    protocolOf: (_, url) => (url.includes('/responses') ? 'responses' : null),
  });
  return { summary, ...(await readAll(path, { pristine: true })) };
}

async function dumpFolder(files: Record<string, unknown>): Promise<string> {
  const folder = join(temporaryFolder(), 'dump');
  await mkdir(folder);
  for (const [name, value] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  }
  return folder;
}

describe('a dump of codex responses-api-proxy', () => {
  it('becomes exchanges with what the files hold', async () => {
    const { summary, header, exchanges } = await importAll(fixture('import/codex-dump'));
    expect(summary).toMatchObject({ format: 'codex-dump', exchanges: 2, outcomes: { complete: 2 } });
    expect(header).toMatchObject({
      tool: '1.2.3',
      recordedAt: '2026-11-20T17:48:25.305Z',
      client: { name: 'codex_exec', version: '0.169.0' },
      gateway: { name: 'codex responses-api-proxy' },
      upstream: { url: 'http://127.0.0.1:37081/v1', protocol: 'responses' },
    });
    const [turn, probe] = exchanges;
    expect(turn!.client.request.headers).toContainEqual({ name: 'authorization', value: '[redacted:authorization#1]' });
    expect(legOf(probe!, 'client-request')?.body).toMatchObject({
      text: '{"model":"gpt-4.1-mini","input":"hi"}',
      facts: undefined,
    });
    expect(legOf(turn!, 'client-response')?.body?.text).toMatch(/^event: response\.created\n.*\n\n$/s);
    expect(turn!.client.response.content._chunks).toBeUndefined();
  });

  it('says what it lacks', async () => {
    const { summary } = await importAll(fixture('import/codex-dump'));
    expect(summary.lacks).toEqual({ 'header-case': 2, times: 2, 'upstream-side': 2, 'chunk-times': 2 });
  });

  it('keeps the length of a body that was longer than its JSON is', async () => {
    const { exchanges } = await importAll(fixture('import/codex-dump'));
    expect(exchanges[0]!.client.request).toMatchObject({
      bodySize: 39629,
      postData: { _wire: { encodings: [], bytes: 39629 } },
    });
  });

  it('keeps numbers and members as they stand in the file', async () => {
    const body = '{"n":12.0,"big":12345678901234567890,"n":1e3}';
    const { exchanges } = await importAll(
      await dumpFolder({
        '000001-1700000000000-request.json': `{"method": "POST", "url": "/v1/responses", "headers": [], "body": ${body}}`,
      }),
    );
    expect(legOf(exchanges[0]!, 'client-request')?.body?.text).toBe(body);
    expect(exchanges[0]!.client.request.url).toBe('http://localhost/v1/responses');
  });

  it('does not take lossy text for a body', async () => {
    const headers = [
      { name: 'content-encoding', value: 'zstd' },
      { name: 'content-length', value: '9' },
    ];
    const { summary, exchanges } = await importAll(
      await dumpFolder({
        '000001-1700000000000-request.json': {
          method: 'POST',
          url: '/v1/responses',
          headers,
          body: '(\ufffd/\ufffd\u0004',
        },
        '000001-1700000000000-response.json': { status: 400, headers: [], body: { error: 'x' } },
      }),
    );
    expect(summary.lacks).toMatchObject({ 'lossy-bytes': 1 });
    const leg = legOf(exchanges[0]!, 'client-request');
    expect(leg?.body).toMatchObject({ text: undefined, decoded: undefined, wire: undefined });
    expect(leg?.body?.facts).toMatchObject({ encodings: ['zstd'], bytes: 9 });
  });

  it('has exchanges without a response, in the order of their time', async () => {
    const request = { method: 'POST', url: '/v1/responses', headers: [], body: {} };
    const { summary, entries } = await importAll(
      await dumpFolder({
        '000001-1700000002000-request.json': { ...request, url: '/second' },
        '000002-1700000001000-request.json': { ...request, url: '/first' },
      }),
    );
    expect(entries.map((entry) => [entry.request.url, entry.response.status])).toEqual([
      ['http://localhost/first', 0],
      ['http://localhost/second', 0],
    ]);
    expect(summary).toMatchObject({ outcomes: { 'upstream-error': 2 }, lacks: { response: 2 } });
  });

  it('refuses a file that is cut off', async () => {
    const folder = await dumpFolder({ '000001-1700000000000-request.json': '{"method":' });
    await expect(importAll(folder)).rejects.toMatchObject({ code: 'input-invalid' });
  });
});

describe('recordings of mitmproxy', () => {
  it('are the same from a flow file and from a HAR file of the same traffic', async () => {
    const flows = await importAll(fixture('import/mitmproxy.flows'));
    const har = await importAll(fixture('import/mitmproxy.har'));
    expect(har.exchanges.map(viewsOf)).toEqual(flows.exchanges.map(viewsOf));
    expect(har.entries.map((entry) => entry._webSocketMessages)).toEqual(
      flows.entries.map((entry) => entry._webSocketMessages),
    );
    expect(har.summary.lacks).toMatchObject({ 'wire-bytes': 2 });
    expect(flows.summary.lacks).not.toHaveProperty('wire-bytes');
  });

  it('keep bytes, case and times where a flow file has them', async () => {
    const { exchanges } = await importAll(fixture('import/mitmproxy.flows'));
    const [plain, coded] = exchanges;
    const body = legOf(coded!, 'client-request')!.body!;
    expect(body.text).toBe(legOf(plain!, 'client-request')!.body!.text);
    expect(body.facts?.zstd).toHaveLength(1);
    expect(body.wire?.subarray(0, 4)).toEqual(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
    expect(plain!.client.request.headers[0]!.name).toBe('Content-Type');
    expect(plain!.client.response._headMs).toBeGreaterThan(0);
    expect(plain!.client._end).toMatchObject({ by: 'upstream', how: 'complete' });
  });

  it('end as mitmproxy saw them end', async () => {
    const { entries } = await importAll(fixture('import/mitmproxy.flows'));
    expect(entries.map((entry) => entry._outcome)).toEqual([
      ...Array(5).fill('complete'),
      'upstream-aborted',
      'upstream-error',
      ...Array(2).fill('complete'),
    ]);
  });

  it('have an exchange for each response.create of a connection', async () => {
    const { exchanges } = await importAll(fixture('import/mitmproxy.har'));
    const [first, second] = exchanges.slice(-2).map(({ client }) => client);
    expect(first!._connection).toBe(second!._connection);
    const inputs = [first, second].map((entry) => JSON.parse(entry!._webSocketMessages![0]!.data).input);
    expect(inputs).toEqual(['one', 'two']);
    expect([first!._protocol, second!._protocol]).toEqual(['responses', 'responses']);
    expect(Date.parse(second!.startedDateTime)).toBeGreaterThanOrEqual(Date.parse(first!.startedDateTime));
  });
});

describe("a HAR file of Chromium's developer tools", () => {
  const facts = ({ client }: RecordedExchange) => ({
    url: client.request.url,
    method: client.request.method,
    // Chromium sorts them; all are there.
    requestHeaders: client.request.headers.map(({ name, value }) => `${name}: ${value}`).sort(),
    responseHeaders: client.response.headers.map(({ name, value }) => `${name}: ${value}`).sort(),
    status: [client.response.status, client.response.statusText, client.response.httpVersion],
    sizes: [client.request.bodySize, client.response.bodySize, client.response.content.mimeType],
    outcome: client._outcome,
    messages: client._webSocketMessages?.map(({ type, opcode, data }) => ({ type, opcode, data })),
  });
  const bodies = (exchange: RecordedExchange) =>
    (['client-request', 'client-response'] as const).map((name) => {
      const decoded = legOf(exchange, name)?.body?.decoded;
      return decoded && Buffer.from(decoded).toString('latin1');
    });

  it('is imported to the cassette that was recorded of the same traffic, but for what it lacks', async () => {
    const { exchanges, summary } = await importAll(fixture('import/chromium.har'));
    const recording = await readAll(fixture('import/chromium.recorded.har'), { pristine: true });
    const broken = 5;
    expect(exchanges.map(facts)).toEqual(recording.exchanges.map(facts));
    const recorded = recording.exchanges.map(bodies);
    expect(recorded[broken]![1]).toContain('response.output_text.delta');
    recorded[broken]![1] = undefined;
    expect(exchanges.map(bodies)).toEqual(recorded);
    expect(summary.lacks).toEqual({ 'upstream-side': 7, 'chunk-times': 2, 'wire-bytes': 1, 'response-body': 1 });
    expect(summary.outcomes).toEqual({ complete: 7, 'upstream-aborted': 1 });
  });
});

describe('what cannot be imported', () => {
  it.each([
    ['PK\u0003\u0004…', 'ZIP archive', 'as HAR'],
    ['data: {}\n\n', 'event stream', 'validate --as'],
    ['{"log": {"_tapedeck": {}, "entries": []}}', 'a cassette already', 'tapedeck edit'],
    ['{"method": "POST", "headers": []}', 'one file of a dump', 'folder'],
    ['{"a": 1}', 'no HAR file', 'HAR files'],
    ['{"log":', 'not JSON', 'cut off'],
    ['hello', 'no format', 'mitmproxy'],
    ['7:version;', 'no flow file', 'mitmdump'],
    ['18:7:version;2:18#1:x;}', 'no flow file', 'mitmdump'],
  ])('%j is told as what it is, with a way out', async (content, message, hint) => {
    const path = join(temporaryFolder(), 'file');
    await writeFile(path, content);
    const error = await openSource(path).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'input-invalid' });
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  it('is an empty folder, and a path that does not exist', async () => {
    const folder = temporaryFolder();
    await expect(openSource(folder)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('holds no file'),
    });
    await expect(openSource(join(folder, 'no'))).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('no file'),
    });
  });
});
