import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HarHeader } from '../../src/cassette/format.ts';
import { curlLines } from '../../src/report/curl.ts';
import { type MadeBody, type MadeEntry, makeEntry, makeLeg } from '../helpers/made-legs.ts';
import { assertProperty } from '../helpers/properties.ts';

function curl(made: MadeEntry, body?: MadeBody): string {
  return curlLines(makeLeg('client-request', makeEntry(made), body))?.join('\n') ?? '';
}

describe('curlLines', () => {
  it('is a command with headers, placeholders as variables, and the body as it is', () => {
    const requestHeaders = {
      Host: '127.0.0.1:8787',
      authorization: 'Bearer [redacted:authorization#1]',
      'chatgpt-account-id': '[redacted:account#2]',
      'Content-Length': '17',
      'content-type': 'application/json',
      'x-empty': '',
      'x-quote': "it's",
    };
    expect(curl({ requestHeaders, requestText: '{"input":"$(id)"}' })).toBe(
      `# Set TAPEDECK_KEY to the value that the recording does not hold.
# Set TAPEDECK_ACCOUNT to the value that the recording does not hold.
curl -sS -N --globoff --path-as-is -X 'POST' \\
  --url 'http://127.0.0.1:8787/v1/responses' \\
  -H 'authorization: Bearer '"$TAPEDECK_KEY" \\
  -H 'chatgpt-account-id: '"$TAPEDECK_ACCOUNT" \\
  -H 'content-type: application/json' \\
  -H 'x-empty;' \\
  -H 'x-quote: it'\\''s' \\
  -H 'expect:' \\
  --data-binary @- <<'TAPEDECK_BODY'
{"input":"$(id)"}
TAPEDECK_BODY`,
    );
  });

  it('decodes a coded body and says so', () => {
    const text = curl(
      { requestHeaders: { 'content-encoding': 'zstd', 'content-type': 'application/json' }, requestText: '' },
      { text: '{}', wire: new Uint8Array(11), facts: { encodings: ['zstd'], bytes: 12_300 } },
    );
    expect(text).toContain('# The client sent the body as zstd (12.3 KB); here it is decoded.\n');
    expect(text).not.toContain('content-encoding');
    expect(text).toContain('\n{}\nTAPEDECK_BODY');
  });

  it('sends what cannot be decoded as it crossed the wire', () => {
    const text = curl(
      { requestHeaders: { 'content-encoding': 'zstd' }, requestText: '' },
      { wire: new Uint8Array([1, 2, 3]), facts: { encodings: ['zstd'], bytes: 3, undecodable: 'no' } },
    );
    expect(text).toContain("-H 'content-encoding: zstd'");
    expect(text).toMatch(/^base64 -d <<'TAPEDECK_BODY' \| curl /m);
    expect(text).toContain('\nAQID\nTAPEDECK_BODY');
  });

  it('has nothing to send when neither form of the body is there', () => {
    expect(curlLines(makeLeg('client-request', makeEntry(), { wire: null }))).toBeUndefined();
  });

  it('says what is missing from the body', () => {
    const text = curl({ over: {}, requestText: '' }, { text: '"[elided:sha256=00;chars=9]"', wire: null, redacted: 1 });
    expect(text).toContain(
      '# 1 value of the body is a placeholder of redaction.\n# Long texts of the body were elided.\n',
    );
  });

  it('knows requests without a body, heads, and targets in origin form', () => {
    const made = { url: '/v1/models', requestHeaders: { host: 'gw.example:81' } };
    expect(curl({ ...made, method: 'GET' })).toBe(
      "curl -sS -N --globoff --path-as-is -X 'GET' \\\n  --url 'http://gw.example:81/v1/models'",
    );
    expect(curl({ ...made, method: 'HEAD' })).toContain('--head');
  });

  it('puts a variable into a URL as well', () => {
    expect(curl({ url: 'http://h/v1?key=%5Bredacted%3Aapi-key%231%5D&a=b', requestHeaders: {} })).toContain(
      `--url 'http://h/v1?key='"$TAPEDECK_KEY"'&a=b'`,
    );
  });

  it('takes another word when the body has the usual one', () => {
    expect(curl({ requestText: '[\nTAPEDECK_BODY\n]' })).toMatch(
      /<<'TAPEDECK_BODY_2'\n\[\nTAPEDECK_BODY\n\]\nTAPEDECK_BODY_2$/,
    );
  });
});

describe('in a shell', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tapedeck-curl-'));
    // Stands in for curl: writes its arguments and its input, and nothing else happens.
    const program = `#!${process.execPath}
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk));
process.stdin.on('end', () => {
  process.stdout.write(JSON.stringify({ args: process.argv.slice(2), body: Buffer.concat(chunks).toString('base64') }));
});
`;
    writeFileSync(join(folder, 'curl'), program);
    chmodSync(join(folder, 'curl'), 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function runInShell(lines: readonly string[]): { args: string[]; body: Buffer } {
    const out = execFileSync('/bin/sh', ['-s'], {
      input: `${lines.join('\n')}\n`,
      env: { PATH: `${folder}${delimiter}${process.env.PATH}`, TAPEDECK_KEY: 'k$(e)y' },
      cwd: folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const { args, body } = JSON.parse(out.toString('utf8')) as { args: string[]; body: string };
    return { args, body: Buffer.from(body, 'base64') };
  }

  it.each(['Té', 'TAPEDECK_BODYé', '{\n"a":\nTA\u{1f600}}'])(
    'a line that begins as the last one does keeps its characters: %j',
    (text) => {
      const leg = makeLeg('client-request', makeEntry({ requestText: text, requestType: 'application/json' }), {
        text,
      });
      expect(runInShell(curlLines(leg) ?? []).body.toString('utf8')).toBe(text);
    },
  );

  const nasty = fc.string({
    unit: fc.constantFrom(
      "'",
      '"',
      '`',
      '$',
      '(',
      ')',
      '\\',
      '\n',
      '\r',
      ';',
      '&',
      '|',
      '<',
      '>',
      '#',
      '!',
      ' ',
      '\t',
      '\x1b',
      'a',
      'é',
      '*',
      '~',
      '-',
      '@',
      '{',
      '}',
      'TAPEDECK_BODY',
      '$(id)',
      "'\\''",
      '[redacted:x#1]',
    ),
    maxLength: 12,
  });

  it('never runs a word of the recording, and gives curl just what was recorded', () => {
    assertProperty(
      fc.property(
        nasty,
        fc.array(fc.record({ name: fc.oneof(fc.constant('x-a'), nasty), value: nasty }), { maxLength: 3 }),
        fc.oneof(
          nasty.map((text) => JSON.stringify(text)),
          nasty,
        ),
        nasty,
        fc.constantFrom('application/json', 'text/plain'),
        (path, headers: HarHeader[], text, coding, requestType) => {
          const url = `http://h/${path.replaceAll('[redacted:x#1]', '')}`;
          const entry = makeEntry({
            url,
            method: coding || 'POST',
            requestHeaders: headers,
            requestType,
            requestText: text,
          });
          const leg = makeLeg('client-request', entry, {
            text,
            facts: { encodings: [coding], bytes: coding as never },
          });
          const { args, body } = runInShell(curlLines(leg) ?? []);
          expect(args[args.indexOf('--url') + 1]).toBe(url.replace(/[\x00-\x1f]/g, encodeURIComponent));
          const withKey = (value: string): string => value.replaceAll('[redacted:x#1]', 'k$(e)y');
          const sent = args.filter((_, i) => args[i - 1] === '-H' && args[i]?.startsWith('x-a'));
          const wanted = headers
            .filter(({ name }) => name === 'x-a')
            .map(({ value }) => value.replace(/[\x00-\x1f]+/g, ' '))
            .map((value) => (value.trim() === '' ? 'x-a;' : `x-a: ${withKey(value)}`));
          expect(sent).toEqual(wanted);
          const isExact = requestType !== 'application/json' || body.toString('utf8') === text;
          expect(isExact ? body.toString('utf8') : body.toString('utf8').replace(/\n$/, '')).toBe(text);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('carries binary bodies to the byte', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => i % 256);
    const leg = makeLeg('client-request', makeEntry({ requestText: '' }), { decoded: bytes });
    expect(new Uint8Array(runInShell(curlLines(leg) ?? []).body)).toEqual(bytes);
  });
});
