import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateReport, schemaText } from '../../schemas/generate/generate.ts';
import type { Entry } from '../../src/cassette/format.ts';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { fixture } from '../helpers/cassette-files.ts';

const TOOL = fixture('cassettes/0.169.0/tool.har');
const CHAT = fixture('cassettes/translated/0.169.0-chat-tool.har');

const folder = mkdtempSync(join(tmpdir(), 'tapedeck-schemas-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A cassette as one that was recorded around a gateway: what it did, nothing to be compared, a request of its own, no request. */
function aroundCassette(): string {
  const document = JSON.parse(readFileSync(CHAT, 'utf8'));
  const { _tapedeck: header, entries } = document.log;
  Object.assign(header, { gateway: { name: 'theirs' }, around: { url: 'http://127.0.0.1:4000', joined: true } });
  const exchange = (id: string): Entry[] => entries.filter((entry: Entry) => entry._exchange === id);
  const [first, second, third] = ['x1', 'x2', 'x3'].map(exchange);
  first!.at(-1)!._join = { by: 'session', certainty: 'certain' };
  second!.at(-1)!._join = { by: 'order', certainty: 'guess' };
  third![0]!._join = { by: 'none', certainty: 'certain' };
  const alone: Entry = { ...structuredClone(third![0]!), _exchange: 'x9', _seq: 9, _unasked: true };
  document.log.entries = [...first!, ...second!, third![0]!, alone];
  const path = join(folder, 'around.har');
  writeFileSync(path, JSON.stringify(document));
  return path;
}

/** What a command writes with `--json`. */
async function jsonOf(args: readonly string[]): Promise<unknown> {
  const io = captureIo({ stdin: '{"model":"gpt-5.5","input":[]}' });
  await run([...args, '--json'], io);
  return JSON.parse(io.out());
}

async function schemaOf(name: string): Promise<string> {
  return readFile(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8');
}

describe.each([
  [
    'why',
    [
      ['why', TOOL, TOOL, '2'],
      ['why', TOOL, TOOL, '3', '--match', 'exact', '--alone'],
      ['why', TOOL, '3', '--as', 'upstream'],
      ['why', TOOL, fixture('cassettes/0.122.0/tool.har'), '1'],
      ['why', TOOL, CHAT, '1', '--as', 'upstream', '--match', 'turn'],
      ['why', TOOL, '-', '--path', '/v1/nothing?a=b'],
      ['why', TOOL, '-', '--method', 'PUT'],
    ],
    ['event', 'match'],
  ],
  [
    'diff',
    [
      ['diff', TOOL, TOOL],
      ['diff', TOOL, fixture('cassettes/0.122.0/tool.har')],
      ['diff', TOOL, CHAT, '--match', 'exact'],
      ['diff', TOOL, '1', CHAT, '3'],
      [
        'diff',
        fixture('cassettes/0.169.0/truncated.har'),
        fixture('cassettes/0.169.0/rate-limit.har'),
        '--match',
        'turn',
      ],
      ['diff', CHAT, fixture('cassettes/translated/0.169.0-messages-tool.har')],
    ],
    ['event', 'match'],
  ],
  [
    'explain',
    [
      ['explain', aroundCassette()],
      ['explain', aroundCassette(), '4'],
      ['explain', fixture('cassettes/0.169.0/truncated.har')],
      ['explain', fixture('cassettes/0.169.0/rate-limit.har'), '1', '--codex', '0.122.0'],
    ],
    ['event', 'cassette', 'hops'],
  ],
] as const)('the JSON of %s', (name, lines, required) => {
  let validate: ValidateFunction;

  beforeAll(async () => {
    validate = new Ajv2020({ strict: true, allErrors: true }).compile(JSON.parse(await schemaOf(name)));
  });

  it(`fits schemas/${name}.schema.json`, async () => {
    for (const line of lines) {
      const report = await jsonOf(line);
      validate(report);
      expect(validate.errors ?? [], line.join(' ')).toEqual([]);
    }
  }, 60_000);

  it('does not fit with a field more or less', async () => {
    const report = (await jsonOf(lines[0])) as Record<string, unknown>;
    expect(validate({ ...report, other: 1 })).toBe(false);
    for (const field of required) expect(validate({ ...report, [field]: undefined })).toBe(false);
  });

  it('has a schema that is made from its types', async () => {
    expect(schemaText(generateReport(name).schema)).toBe(await schemaOf(name));
  }, 60_000);
});
