import { readFile } from 'node:fs/promises';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateReport, schemaText } from '../../schemas/generate/generate.ts';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { fixture } from '../helpers/cassette-files.ts';

const TOOL = fixture('cassettes/0.169.0/tool.har');
const CHAT = fixture('cassettes/translated/0.169.0-chat-tool.har');

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
  ],
] as const)('the JSON of %s', (name, lines) => {
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
  });

  it('does not fit with a field more or less', async () => {
    const report = (await jsonOf(lines[0])) as Record<string, unknown>;
    expect(validate({ ...report, other: 1 })).toBe(false);
    for (const field of ['event', 'match']) expect(validate({ ...report, [field]: undefined })).toBe(false);
  });

  it('has a schema that is made from its types', async () => {
    expect(schemaText(generateReport(name).schema)).toBe(await schemaOf(name));
  });
});
