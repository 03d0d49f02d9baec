import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../src/cassette/format.ts';
import { writeCassette } from '../../src/cassette/store.ts';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { fixture, readAll, temporaryFolder } from '../helpers/cassette-files.ts';

const TOOL = fixture('cassettes/0.169.0/tool.har');

async function diff(args: string[], options: { colourLevel?: 2; cwd?: string } = {}) {
  const io = captureIo(options);
  const code = await run(['diff', ...args], io);
  return { code, out: io.out(), err: io.err() };
}

/** A copy of `tool.har` whose entries are changed. */
async function copy(change: (entries: Entry[]) => Entry[]): Promise<string> {
  const { header, entries } = await readAll(TOOL);
  const path = join(temporaryFolder(), 'copy.har');
  await writeCassette(path, header, change(entries));
  return path;
}

const summary = (out: string) => out.trimEnd().split('\n').at(-1);

describe('two cassettes', () => {
  test.each(['exact', 'shape', 'turn'])('a cassette and itself at level %s', async (match) => {
    const { code, out, err } = await diff([TOOL, TOOL, '--match', match]);
    expect({ code, err, summary: summary(out) }).toEqual({
      code: 0,
      err: '',
      summary: '3 same, 0 different, 0 only in a, 0 only in b',
    });
  });

  test('of two versions of the client, the same scenario', async () => {
    const { code, out } = await diff([fixture('cassettes/0.113.0/tool.har'), fixture('cassettes/0.122.0/tool.har')]);
    expect(code).toBe(1);
    expect(summary(out)).toBe('0 same, 3 different, 0 only in a, 0 only in b');
    expect(out).toContain('different  exchange 1 (x1)  POST /v1/responses → 200\n');
    expect(out).toMatch(/\/headers\/user-agent\n +a {2}"codex_exec\/0\.113\.0.*\n +b {2}"codex_exec\/0\.122\.0/);
    // The gateway handed the requests through, and the provider said the same to both.
    expect(out).toContain('  upstream request  as the client request\n');
    expect(out).not.toContain('response  ');
  });

  test('one field of one request changed', async () => {
    const changed = await copy((entries) =>
      entries.map((entry) => {
        const { postData } = entry.request;
        if (entry._seq !== 2 || !postData?.text) return entry;
        const { _wire: _, ...rest } = postData;
        const text = postData.text.replace('"stream":true', '"stream":false');
        return { ...entry, request: { ...entry.request, postData: { ...rest, text } } };
      }),
    );
    const { code, out } = await diff([TOOL, changed, '--json']);
    expect(code).toBe(1);
    const value = JSON.parse(out);
    expect(value).toMatchObject({
      event: 'diff',
      match: 'shape',
      a: TOOL,
      b: changed,
      equal: false,
      same: 2,
      onlyA: [],
      onlyB: [],
    });
    const place = { pointer: '/stream', a: 'true', b: 'false' };
    expect(value.different).toHaveLength(1);
    expect(value.different[0]).toMatchObject({ a: { number: 2 }, b: { number: 2 }, by: 'order' });
    expect(value.different[0].legs).toEqual([
      { leg: 'client-request', head: [], body: [place], events: [], answer: [] },
      { leg: 'upstream-request', attempt: 1, head: [], body: [place], events: [], answer: [] },
    ]);
    // The field rules of a turn do not count what was asked.
    expect((await diff([TOOL, changed, '--match', 'turn'])).code).toBe(0);
  });

  test('exchanges in another order', async () => {
    const reordered = await copy((entries) =>
      entries.map((entry) => ({ ...entry, _seq: [0, 3, 1, 2][entry._seq]! })).sort((a, b) => a._seq - b._seq),
    );
    const { code, out } = await diff([TOOL, reordered]);
    expect(code).toBe(0);
    expect(out).toContain('in another order  1 as 3\n');
    expect(summary(out)).toBe('3 same, 0 different, 0 only in a, 0 only in b');
    expect((await diff([TOOL, reordered, '--match', 'exact'])).code).toBe(1);
  });

  test('an exchange that only one of them has', async () => {
    const shorter = await copy((entries) => entries.filter(({ _seq }) => _seq !== 2));
    const { code, out } = await diff([TOOL, shorter]);
    expect(code).toBe(1);
    expect(out).toContain('only in a  exchange 2 (x2)  POST /v1/responses → 200\n');
    expect(summary(out)).toBe('2 same, 0 different, 1 only in a, 0 only in b');
    expect(summary((await diff([shorter, TOOL])).out)).toBe('2 same, 0 different, 0 only in a, 1 only in b');
  });

  test('recorded at another time, on other ports, with other ids and reads', async () => {
    const again = await copy((entries) =>
      entries.map((entry) => {
        const { response, request } = entry;
        const chunks = response.content._chunks;
        const text = chunks?.map(([, data]) => data).join('') ?? '';
        return {
          ...entry,
          startedDateTime: '2031-01-01T00:00:00.000Z',
          time: 1,
          request: { ...request, url: request.url.replace(/:\d+\//, ':1/') },
          response: {
            ...response,
            content: { ...response.content, ...(chunks ? { _chunks: [[0, text.replaceAll('resp_', 'resp_9')]] } : {}) },
          },
        } as Entry;
      }),
    );
    expect((await diff([TOOL, again])).code).toBe(0);
    expect((await diff([TOOL, again, '--match', 'exact'])).code).toBe(1);
  });
});

describe('two exchanges', () => {
  const truncated = fixture('cassettes/0.169.0/truncated.har');

  test('a stream that was cut off and the whole one', async () => {
    const { code, out } = await diff([truncated, '1', truncated, '2']);
    expect(code).toBe(1);
    expect(out).toContain('different  exchange 1 (x1)');
    expect(out).toContain('with  exchange 2 (x2)  POST /v1/responses → 200  equal requests\n');
    expect(out).toContain('/output/0/content/0/text\n        a  "The tape"\n        b  "The tape is spliced."\n');
    expect(out).toMatch(/only in b {2}event \d+ response\.completed\n/);
    expect(out).toContain('  client response  as the upstream response\n');
  });

  test('by id, and an exchange and itself', async () => {
    const { code, out } = await diff([truncated, 'x2', truncated, '2', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ equal: true, same: 1, different: [] });
  });
});

test.each([
  ['one argument', [TOOL], 2, 'It takes two cassettes, or a cassette and an exchange twice; 1 argument was given.'],
  [
    'three arguments',
    [TOOL, '1', '2'],
    2,
    'It takes two cassettes, or a cassette and an exchange twice; 3 arguments were given.',
  ],
  ['an exchange that is not there', [TOOL, '1', TOOL, '9'], 2, 'No exchange "9"'],
  ['no cassette', [TOOL, 'nowhere.har'], 5, 'There is no cassette'],
])('%s', async (_what, args, code, says) => {
  const result = await diff(args, { cwd: temporaryFolder() });
  expect(result.code).toBe(code);
  expect(result.err).toContain(says);
  expect(result.out).toBe('');
});

test('a cassette that is none', async () => {
  const path = join(temporaryFolder(), 'broken.har');
  writeFileSync(path, 'no JSON');
  expect((await diff([TOOL, path])).code).toBe(5);
});

test('colours only where they are wanted', async () => {
  const args = [fixture('cassettes/0.113.0/text.har'), fixture('cassettes/0.122.0/text.har')];
  expect((await diff(args)).out).not.toContain('\x1b');
  expect((await diff(args, { colourLevel: 2 })).out).toContain('\x1b[');
});

test('docs/replay.md names every field of the JSON', () => {
  const page = readFileSync(new URL('../../docs/replay.md', import.meta.url), 'utf8');
  for (const name of [
    'equal',
    'same',
    'different',
    'onlyA',
    'onlyB',
    'moved',
    'by',
    'outcome',
    'legs',
    'attempt',
    'only',
    'head',
    'body',
    'events',
    'answer',
    'fields',
  ]) {
    expect(page).toContain(`\`${name}\``);
  }
});
