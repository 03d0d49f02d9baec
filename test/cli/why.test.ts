import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeCassette } from '../../src/cassette/store.ts';
import { run } from '../../src/cli/main.ts';
import { captureIo } from '../helpers/capture-io.ts';
import { fixture, HEADER, readAll, temporaryFolder } from '../helpers/cassette-files.ts';
import { recorded } from '../helpers/recorded.ts';

const TOOL = fixture('cassettes/0.169.0/tool.har');

async function why(args: string[], options: { cwd?: string; stdin?: string; colourLevel?: 2 } = {}) {
  const io = captureIo(options);
  const code = await run(['why', ...args], io);
  return { code, out: io.out(), err: io.err() };
}

/** The body of the first request of `tool.har`, changed. */
async function bodyOf(change: (text: string) => string): Promise<string> {
  const { exchanges } = await readAll(TOOL);
  return change(exchanges[0]!.client.request.postData!.text);
}

async function bodyFile(change: (text: string) => string): Promise<string> {
  const path = join(temporaryFolder(), 'request.json');
  writeFileSync(path, await bodyOf(change));
  return path;
}

const elsewhere = (text: string) => text.replace(/<cwd>[^<]*/, '<cwd>/home/me/project');

describe('a body', () => {
  test('that was sent elsewhere matches, and --verbose says what was taken away', async () => {
    const file = await bodyFile(elsewhere);
    const short = await why([TOOL, file]);
    expect(short).toMatchObject({ code: 0, err: '' });
    expect(short.out).toMatch(/^key {6}POST \/responses {2}body [0-9a-f]{64}\n/);
    expect(short.out).toContain('match    exchange 1 (x1) answers: 200, complete; the only equal recording\n');
    expect(short.out).toContain('not counted: 1 place (1 scrub); --verbose lists them');
    const { out } = await why([TOOL, file, '--verbose']);
    expect(out).toContain('  /input/1/content/0/text  scrub place current-date timezone\n');
    expect(out).toMatch(/asked +….*<cwd>\/home\/me\/project<\/cwd>/);
  });

  test('that differs in one value misses, and the value and its rule are named', async () => {
    const { code, out } = await why([TOOL, await bodyFile((text) => text.replace('its letters', 'its vowels'))]);
    expect(code).toBe(3);
    expect(out).toContain('miss     no recording is equal\n');
    expect(out).toContain(
      'closest  exchange 1 (x1): 1 value differs\n  /input/2/content/0/text  scrub (nothing replaced)\n',
    );
    expect(out).toContain('    recorded  …"apedeck, then count its letters."\n');
    expect(out).toContain('    asked     …"apedeck, then count its vowels."\n');
    expect(out.match(/closest {2}exchange/g)).toHaveLength(3);
  });

  test('on stdin, with its method and path', async () => {
    const stdin = await bodyOf(elsewhere);
    const other = await why([TOOL, '-', '--path', '/v1/chat/completions', '--method', 'put'], { stdin });
    expect(other.code).toBe(3);
    expect(other.out).toContain('key      PUT /chat/completions');
    expect(other.out).toContain('cassette has POST /responses (3)');
    expect((await why([TOOL, '-', '--match', 'exact'], { stdin })).code).toBe(3);
    expect((await why([TOOL, '-', '--match', 'turn'], { stdin })).code).toBe(0);
  });

  test('with a secret matches a cassette whose secrets were redacted', async () => {
    const { exchanges } = await readAll(TOOL);
    const [first] = exchanges;
    const { request } = first!.client;
    const secret = `sk-${'proj-'}${'a1B2c3D4'.repeat(5)}`;
    const asked = (text: string) => JSON.stringify({ input: `use ${text}` });
    const postData = { ...request.postData!, text: asked('[redacted:api-key#1]') };
    const { _wire: _, ...plain } = postData;
    const path = join(temporaryFolder(), 'redacted.har');
    const entry = { ...first!.client, request: { ...request, postData: plain } };
    await writeCassette(path, { ...HEADER, redacted: { 'api-key': 1 } }, [entry]);
    expect(await why([path, '-'], { stdin: asked(secret) })).toMatchObject({ code: 0, err: '' });
  });
});

describe('an exchange', () => {
  test('of another version of the client: what it sends otherwise', async () => {
    const { code, out } = await why([TOOL, fixture('cassettes/0.122.0/tool.har'), '2', '--json']);
    expect(code).toBe(3);
    const value = JSON.parse(out);
    expect(value).toMatchObject({
      event: 'why',
      verdict: 'unknown',
      match: 'shape',
      request: { exchange: 2, method: 'POST' },
      key: { route: 'POST /responses', query: '' },
      equal: [],
    });
    expect(value.closest).toHaveLength(3);
    for (const { counts, differing } of value.closest) {
      expect(differing).toBeGreaterThanOrEqual(counts.length);
      for (const one of counts) expect(Object.keys(one)).toEqual(['in', 'pointer', 'recorded', 'asked', 'rule', 'by']);
    }
  });

  test('of the cassette itself is answered by itself', async () => {
    const { code, out } = await why([TOOL, '3']);
    expect(code).toBe(0);
    expect(out).toContain('match    exchange 3 (x3) answers: 200, complete; the only equal recording\n');
  });

  test('after others like it: the order, and the end of it', async () => {
    const own = fixture('cassettes/0.169.0/truncated.har');
    expect((await why([own, own, '2'])).out).toContain('exchange 2 (x2) answers: 200, complete; number 2 of 2 equal');
    expect((await why([own, own, '2'])).out).toContain('equal    1 served, 2 next\n');
    expect((await why([own, own, '2', '--alone'])).out).toContain('exchange 1 (x1) answers');

    const { exchanges } = await readAll(own);
    const path = join(temporaryFolder(), 'once.har');
    await writeCassette(path, HEADER, [exchanges[0]!.client, ...exchanges[0]!.attempts]);
    const missed = await why([path, own, '2']);
    expect(missed.code).toBe(3);
    expect(missed.out).toContain('miss     1 equal recording, and it was served before\n');
    const repeated = await why([path, own, '2', '--repeat', 'last']);
    expect(repeated.code).toBe(0);
    expect(repeated.out).toContain('exchange 1 (x1) answers, once more');
  });

  test('as its upstream saw it', async () => {
    const { code, out } = await why([TOOL, '2', '--as', 'upstream', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ answer: { number: 2, attempt: 1 } });
  });
});

describe('what cannot be done', () => {
  test.each([
    ['a file that is not there', [TOOL, 'nowhere.json'], 2, 'nowhere.json cannot be read'],
    ['a cassette without an exchange', [TOOL, TOOL], 2, 'Say which exchange is meant.'],
    ['an exchange that is not there', [TOOL, '9'], 2, 'No exchange "9"'],
    ['the path of an exchange', [TOOL, '1', '--path', '/x'], 2, '--path and --method are for a request'],
    ['an unknown level', [TOOL, '1', '--match', 'some'], 2, 'match: "some" is none of exact, shape, turn.'],
    ['no request', [TOOL], 2, 'An argument is missing.'],
    ['no cassette', ['nowhere.har', '1'], 5, 'There is no cassette'],
    ['no cassette of the request', [TOOL, 'nowhere.har', '1'], 5, 'There is no cassette'],
  ])('%s', async (_what, args, code, says) => {
    const result = await why(args, { cwd: temporaryFolder() });
    expect(result.code).toBe(code);
    expect(result.err).toContain(says);
    expect(result.out).toBe('');
  });

  test('a cassette that is no cassette', async () => {
    const path = join(temporaryFolder(), 'broken.har');
    writeFileSync(path, '{"log":{"entries":[');
    expect((await why([path, '1'])).code).toBe(5);
    expect((await why([TOOL, path, '1'])).code).toBe(5);
  });
});

test('asks as play does: the path and query of the upstream count on the client side', async () => {
  const path = join(temporaryFolder(), 'azure.har');
  const { client } = recorded({ body: { a: 1 }, url: '/api/v1/responses?api-version=2' });
  const upstream = { url: 'https://provider.example/api/v1?api-version=1', protocol: 'responses' } as const;
  await writeCassette(path, { ...HEADER, upstream }, [client]);
  expect((await why([path, '1'])).out).toMatch(/^key {6}POST \/api\/v1\/responses\?api-version=2 /);
  expect(await why([path, '-'], { stdin: '{"a":1}' })).toMatchObject({ code: 3 });
});

test('colours only where they are wanted, and no control characters of the recording', async () => {
  const file = await bodyFile((text) => text.replace('its letters', '\\u009bits\\u202e'));
  const plain = await why([TOOL, file]);
  expect(plain.out).not.toMatch(/[\x1b\x9b\u202e]/);
  expect((await why([TOOL, file], { colourLevel: 2 })).out).toContain('\x1b[');
});

test('docs/matching.md shows what the command prints', async () => {
  const page = readFileSync(new URL('../../docs/matching.md', import.meta.url), 'utf8');
  const { out } = await why([TOOL, await bodyFile((text) => elsewhere(text).replace('its letters', 'its vowels'))]);
  const [, example] = /\$ tapedeck why session\.har request\.json\n([^`]*)```/.exec(page)!;
  // The key of a body depends on the recording that the cassette is made of.
  const keyless = (text: string) => text.replace(/body [0-9a-f]{64}/, 'body');
  expect(keyless(out).startsWith(keyless(example!))).toBe(true);
  for (const name of ['verdict', 'request', 'key', 'equal', 'answer', 'closest', 'routes', 'counts', 'passes']) {
    expect(page).toContain(`\`${name}\``);
  }
});
