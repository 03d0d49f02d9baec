import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CassetteHeader } from '../../src/cassette/format.ts';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { writeCassette } from '../../src/cassette/store.ts';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { recorded, type SideSpec } from '../helpers/recorded.ts';
import { sseText } from '../helpers/sse-events.ts';

const HEADER: CassetteHeader = {
  format: 1,
  tool: '0.1.0',
  recordedAt: '2026-01-02T03:04:05.000Z',
  gateway: { name: 'tapedeck' },
  upstream: { url: 'https://provider.example/v1', protocol: 'responses' },
  redacted: {},
  elided: { texts: 0, chars: 0 },
};

const created = { type: 'response.created', response: { id: 'r', object: 'response' } };
const completed = { type: 'response.completed', response: { id: 'r', object: 'response', output: [] } };
const GOOD: SideSpec = {
  body: { model: 'm', input: 'x', stream: true },
  headers: ['content-type', 'text/event-stream'],
  answer: sseText([created, completed]),
};
const BAD: SideSpec = {
  ...GOOD,
  answer: sseText([created, { ...completed, response: { ...completed.response, id: undefined } }]),
};
// Made up, and put together here so that no scanner of the repository takes it for one.
const KEY = `sk-${'proj-'}Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6`;

describe('tapedeck validate', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tapedeck-validate-'));
    await write('good.har', [recorded(GOOD, [GOOD])]);
    await write('bad.har', [recorded(GOOD, [GOOD]), recorded(BAD, [BAD])]);
    await write('secret.har', [recorded({ ...GOOD, body: { model: 'm', input: `use ${KEY}` } })]);
    await writeFile(join(folder, 'broken.har'), '{"log": {"entries": [');
    await writeFile(join(folder, 'request.json'), '{"model":"m","messages":[]}');
    await writeFile(join(folder, 'stream.sse'), sseText([created, completed]));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function write(name: string, exchanges: RecordedExchange[]): Promise<void> {
    const entries = exchanges.flatMap(({ client, attempts }) => [client, ...attempts]);
    await writeCassette(join(folder, name), HEADER, entries);
  }

  async function validate(args: string[], stdin?: string | Uint8Array) {
    const io = captureIo({ cwd: folder, ...(stdin !== undefined && { stdin }) });
    const code = await run(['validate', ...args], io);
    return { code, out: io.out(), err: io.err() };
  }

  async function validateJson(args: string[], stdin?: string | Uint8Array) {
    const { code, out } = await validate([...args, '--json'], stdin);
    return { code, report: JSON.parse(out) };
  }

  it('ends with 0 when there is nothing to say', async () => {
    expect(await validate(['good.har'])).toEqual({
      code: 0,
      out: '✓ good.har  1 exchange, no findings\n1 file, no findings (tolerant + codex)\n',
      err: '',
    });
  });

  it('groups findings by exchange and ends with 1', async () => {
    const { code, out } = await validate(['bad.har']);
    expect(code).toBe(1);
    expect(out).toBe(
      [
        '✗ bad.har  2 exchanges, 1 error',
        '  #2 POST /v1/responses 200',
        `    error   upstream-response, event 2, byte ${sseText([created]).length}  /response \`id\` is missing; this ends the turn in Codex`,
        '            codex · schema.required · Codex 0.113.0 to 0.169.0 (measured) CompletedResponse',
        '1 file, 1 error (tolerant + codex)',
        '',
      ].join('\n'),
    );
  });

  it('takes the newest cassette when none is named', async () => {
    const empty = captureIo({ cwd: folder });
    expect(await run(['validate'], empty)).toBe(5);
    await mkdir(join(folder, 'cassettes'));
    await copyFile(join(folder, 'good.har'), join(folder, 'cassettes', 'good.har'));
    const { code, out } = await validate([]);
    expect(code).toBe(0);
    expect(out).toContain(join('cassettes', 'good.har'));
  });

  it('writes one JSON document', async () => {
    const { code, report } = await validateJson(['bad.har', 'good.har']);
    expect(code).toBe(1);
    expect(report).toMatchObject({
      event: 'validated',
      profiles: ['tolerant', 'codex'],
      files: [
        {
          file: 'bad.har',
          exchanges: [
            { number: 1 },
            { number: 2, method: 'POST', path: '/v1/responses', status: 200, outcome: 'complete' },
          ],
          findings: [
            { profile: 'codex', rule: 'schema.required', pointer: '/response', leg: 'upstream-response', event: 1 },
          ],
        },
        { file: 'good.har', findings: [] },
      ],
      counts: { files: 2, unreadable: 0, exchanges: 3, errors: 1, warnings: 0, secrets: 0 },
    });
    expect(report.files[0].findings[0].exchange).toBe(report.files[0].exchanges[1].id);
  });

  it('ends with 5 for a cassette with a secret, and does not repeat it', async () => {
    const { code, out } = await validate(['secret.har']);
    expect(code).toBe(5);
    expect(out).toMatch(/1 secret/);
    expect(out).toMatch(/client-request, byte \d+ {2}this looks like a credential: sk-p… \(\d+ characters\)/);
    expect(out).not.toContain(KEY);
  });

  it('judges the rest when one file is unreadable, and ends with 5', async () => {
    const { code, report } = await validateJson(['broken.har', 'missing.har', 'good.har']);
    expect(code).toBe(5);
    expect(
      report.files.map(({ file, failed }: { file: string; failed?: { code: string } }) => [file, failed?.code]),
    ).toEqual([
      ['broken.har', 'cassette-unreadable'],
      ['missing.har', 'cassette-not-found'],
      ['good.har', undefined],
    ]);
    expect(report.counts).toMatchObject({ files: 3, unreadable: 2, exchanges: 1 });
  });

  it('judges all cassettes of a folder, of a thousand as well', async () => {
    const many = join(folder, 'many');
    await mkdir(many);
    const good = await readFile(join(folder, 'good.har'));
    for (let i = 0; i < 999; i += 1) await writeFile(join(many, `${String(i).padStart(3, '0')}.har`), good);
    await writeFile(join(many, '500a.har'), 'not a cassette');
    await writeFile(join(many, 'notes.txt'), 'not looked at');
    const { code, report } = await validateJson(['many']);
    expect(code).toBe(5);
    expect(report.counts).toMatchObject({ files: 1000, unreadable: 1, exchanges: 999, errors: 0 });
    expect(report.files[501]).toMatchObject({
      file: join('many', '500a.har'),
      failed: { code: 'cassette-unreadable' },
    });
  });

  it('says when a folder holds no cassette', async () => {
    await mkdir(join(folder, 'empty'));
    const { code, err } = await validate(['empty']);
    expect(code).toBe(5);
    expect(err).toMatch(/There is no cassette in .*empty/);
  });

  it('says that a cassette was edited, and refuses it when it must be pristine', async () => {
    const text = await readFile(join(folder, 'good.har'), 'utf8');
    await writeFile(join(folder, 'edited.har'), text.replace('"model\\":\\"m', '"model\\":\\"n'));
    expect(await validate(['edited.har'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 exchange, edited'),
    });
    const { code, report } = await validateJson(['--pristine', 'edited.har']);
    expect(code).toBe(5);
    expect(report.files[0].failed.code).toBe('cassette-edited');
  });

  it('judges a single document', async () => {
    const { code, out } = await validate(['--as', 'responses.request', 'request.json']);
    expect(code).toBe(1);
    expect(out).toContain('/messages this is a Chat or Messages body; Responses takes `input`');
    expect((await validate(['--as', 'responses.stream', 'stream.sse'])).code).toBe(0);
  });

  it.each([[['--as', 'chat.request', '-']], [['--as', 'chat.request']]])(
    'reads a document from stdin: %j',
    async (args) => {
      const { code, report } = await validateJson(args, '{"model":"m"}');
      expect(code).toBe(1);
      expect(report.files).toMatchObject([{ file: 'stdin', findings: [{ rule: 'schema.required', offset: 0 }] }]);
    },
  );

  it('lists the kinds of document when it does not know one', async () => {
    const { code, err } = await validate(['--as', 'responses', 'request.json']);
    expect(code).toBe(2);
    expect(err).toMatch(/There is no document called `responses`\.[\s\S]*responses\.request, responses\.response/);
  });

  it('does not take an object that asks for nothing for a request', async () => {
    const { code, report } = await validateJson(['--as', 'responses.request'], '{"a":1}');
    expect(report.files[0].findings).toMatchObject([{ rule: 'schema.foreign-body', pointer: '', offset: 0 }]);
    expect(code).toBe(1);
    expect((await validate(['--as', 'responses.request'], '{"prompt":{"id":"p"}}')).code).toBe(0);
  });

  it.each([
    ['no event stream', 'responses.stream', 'some text\n', /stdin is no event stream/],
    ['JSON instead of a stream', 'chat.stream', '{"id":"data: x"}', /stdin is no event stream/],
    [
      'bytes that are no text',
      'responses.stream',
      Buffer.from('data: \u00e9\n\n', 'latin1'),
      /not UTF-8 from byte 6 on/,
    ],
    ['the same where JSON is due', 'models', Buffer.from([0x7b, 0xc0, 0x7d]), /not UTF-8 from byte 1 on/],
  ])('ends with 2 for %s', async (_, root, stdin, message) => {
    const { code, report } = await validateJson(['--as', root], stdin);
    expect(report.files[0].failed).toMatchObject({ code: 'input-invalid', message: expect.stringMatching(message) });
    expect(code).toBe(2);
  });

  it.each(['', ': ping\n\n', 'event: x\r\ndata: 1\r\n\r\n', '\uFEFFdata: 1\n\n', 'junk\rdata: 1\r\r'])(
    'judges %j as a stream',
    async (text) => {
      const { report } = await validateJson(['--as', 'responses.stream'], text);
      expect(report.files[0].failed).toBeUndefined();
      expect(report.files[0].findings.length).toBeGreaterThan(0);
    },
  );

  it('ends with 2 for a document that is not there', async () => {
    const { code, report } = await validateJson(['--as', 'chat.request', 'nothing.json']);
    expect(code).toBe(2);
    expect(report.files[0]).toMatchObject({ file: 'nothing.json', failed: { code: 'input-invalid' } });
  });

  it('takes profiles by flag, each with one value', async () => {
    const { code, report } = await validateJson(['--profile', 'strict', '--profile', 'codex', 'good.har']);
    expect(code).toBe(1);
    expect(report.profiles).toEqual(['strict', 'codex']);
    expect(report.files[0].findings[0]).toMatchObject({ profile: 'strict', severity: 'error' });
    expect((await validate(['--profile', 'lax', 'good.har'])).code).toBe(2);
  });

  it('does not end with 1 for warnings alone', async () => {
    const { code, report } = await validateJson(['--as', 'responses.request'], '{"input":"x","input":"y"}');
    expect(code).toBe(0);
    expect(report.counts).toMatchObject({ errors: 0, warnings: 1 });
  });

  it('shows what a terminal would obey as visible characters', async () => {
    const { out } = await validate(
      ['--as', 'chat.request', '--profile', 'strict'],
      '{"model":"m","messages":"\\u001b[31m\\u009b31m","\\u001b]0;x\\u0007":1}',
    );
    expect(out).toContain('\\u001b[31m');
    expect(out).not.toMatch(/[\x1b\x07\x9b]/);
  });
});
