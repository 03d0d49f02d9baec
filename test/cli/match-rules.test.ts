import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { fixture, readAll, temporaryFolder } from '../helpers/cassette-files.ts';

const TEXT = fixture('cassettes/0.169.0/text.har');
const RULES = { responses: [{ path: '/reasoning/effort', rule: 'ignore' }] };

let cwd: string;

beforeEach(() => {
  cwd = temporaryFolder();
});

async function tapedeck(...args: string[]) {
  const io = captureIo({ cwd });
  return { code: await run(args, io), out: io.out(), err: io.err() };
}

const put = (name: string, value: unknown) =>
  writeFileSync(join(cwd, name), typeof value === 'string' ? value : JSON.stringify(value));

/** The recorded request with another effort. */
async function otherBody(): Promise<string> {
  const { exchanges } = await readAll(TEXT);
  const body = JSON.parse(exchanges[0]!.client.request.postData!.text);
  put('request.json', { ...body, reasoning: { ...body.reasoning, effort: 'another' } });
  return join(cwd, 'request.json');
}

describe('tapedeck.rules.json', () => {
  it('says what counts for why and diff', async () => {
    const asked = await otherBody();
    const other = join(cwd, 'other.har');
    const document = JSON.parse(await readFile(TEXT, 'utf8'));
    for (const { request } of document.log.entries) {
      if (request.postData?.text) request.postData.text = await readFile(asked, 'utf8');
    }
    put('other.har', document);
    expect((await tapedeck('why', TEXT, asked)).code).toBe(3);
    expect((await tapedeck('diff', TEXT, other)).code).toBe(1);
    put('tapedeck.rules.json', RULES);
    const why = await tapedeck('why', TEXT, asked, '--verbose');
    expect(why.code).toBe(0);
    expect(why.out).toContain('/reasoning/effort  ignore');
    expect(await tapedeck('diff', TEXT, other)).toMatchObject({ code: 0 });
    expect((await tapedeck('diff', TEXT, other, '--match', 'exact')).code).toBe(1);
  });

  it.each([
    ['tapedeck.rules.json', '{', 'tapedeck.rules.json holds no field rules: it is no JSON'],
    ['tapedeck.rules.yaml', 'responses:', 'tapedeck.rules.yaml is not read.'],
    ['tapedeck.rules.yml', 'responses:', 'tapedeck.rules.yml is not read.'],
  ])('%s may be wrong', async (name, text, message) => {
    put(name, text);
    for (const args of [
      ['why', TEXT, '1'],
      ['diff', TEXT, TEXT],
      ['play', TEXT, '--', 'true'],
      ['replay', TEXT, '--against', 'http://127.0.0.1:9/v1', '--upstream-port', '9'],
    ]) {
      const { code, err } = await tapedeck(...args);
      expect(code, args.join(' ')).toBe(args.includes('--') ? 125 : 2);
      expect(err).toContain(message);
    }
  });
});
