import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACCEPTED_CREDENTIALS } from '../../src/cassette/redact/credentials.ts';
import { createRedactor, scanForSecrets } from '../../src/cassette/redact.ts';
import { assertProperty } from '../helpers/properties.ts';
import { holds, KEYS, OPAQUE, redactBody, toBytes, toText } from './redact-kit.ts';

const named = (place: 'headers' | 'query' | 'fields') =>
  ACCEPTED_CREDENTIALS.flatMap((rule) => (rule[place] ?? []).map((name) => [name, rule.kind] as const));

describe('headers', () => {
  it.each(named('headers'))('%s is replaced, whatever its case', (name, kind) => {
    const value = kind === 'cookie' ? `session=${OPAQUE}; Path=/` : OPAQUE;
    const [, lower] = createRedactor().headers([name, value]);
    const [, upper] = createRedactor().headers([name.toUpperCase(), value]);
    expect(lower).toBe(kind === 'cookie' ? lower : `[redacted:${kind}#1]`);
    expect(upper).toBe(lower);
    expect(lower).toMatch(new RegExp(`\\[redacted:${kind}#1\\]`));
    expect(lower).not.toContain(OPAQUE);
  });

  it.each([
    ['Authorization', `Bearer ${OPAQUE}`, 'Bearer [redacted:authorization#1]'],
    ['authorization', OPAQUE, '[redacted:authorization#1]'],
    ['Authorization', 'Bearer dummy', 'Bearer [redacted:authorization#1]'],
    ['Authorization', '', ''],
    ['Proxy-Authorization', 'Basic dXNlcjpwYXNz', 'Basic [redacted:authorization#1]'],
    ['Cookie', 'a=1; b=2', 'a=[redacted:cookie#1]; b=[redacted:cookie#2]'],
    ['Set-Cookie', '__cf_bm=x; path=/; Secure', '__cf_bm=[redacted:cookie#1]; path=/; Secure'],
    ['x-my-gateway-token', OPAQUE, '[redacted:credential#1]'],
    ['X-Session-Cookie', `Bearer ${OPAQUE}`, 'Bearer [redacted:credential#1]'],
    ['referer', `http://h/p?api_key=${OPAQUE}&a=b`, 'http://h/p?api_key=%5Bredacted%3Aapi-key%231%5D&a=b'],
    ['x-note', `use ${KEYS.project} now`, 'use [redacted:api-key#1] now'],
  ])('%s: %s', (name, value, expected) => {
    expect(createRedactor().headers([name, value])).toEqual([name, expected]);
  });

  it('keeps what only sounds like a credential', () => {
    const kept = [
      ...['x-codex-turn-metadata', '{"session_id":"01a1fa19-9146-7243-b7b6-da899abe66d3"}'],
      ...['session-id', '01a1fa19-9146-7243-b7b6-da899abe66d3', 'thread-id', '01a1fa19-9146-7243-b7b6-da899abe66d3'],
      ...['x-client-request-id', '01a1fa19-9146-7243-b7b6-da899abe66d3', 'x-codex-turn-state', 'b3BhcXVlIHN0YXRlIDEy'],
      ...['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
      ...['x-ratelimit-remaining-tokens', '149984', 'anthropic-ratelimit-tokens-reset', '2026-11-20T12:00:00Z'],
      ...['www-authenticate', 'Bearer realm="api", error="invalid_token"', 'x-max-tokens', '4096'],
      ...['content-type', 'application/json', 'x-author', 'someone'],
    ];
    expect(createRedactor().headers(kept)).toEqual(kept);
  });

  it('learns the values of all headers before it searches any of them', () => {
    const [, trace, , auth] = createRedactor().headers([
      'x-trace',
      `sent ${OPAQUE}`,
      'authorization',
      `Bearer ${OPAQUE}`,
    ]);
    expect([trace, auth]).toEqual(['sent [redacted:authorization#1]', 'Bearer [redacted:authorization#1]']);
  });
});

describe('addresses', () => {
  it.each(named('query'))('parameter %s', (name, kind) => {
    const url = createRedactor().url(`/v1/responses?a=1&${name}=${OPAQUE}&z=2`);
    expect(url).toBe(`/v1/responses?a=1&${name}=%5Bredacted%3A${kind}%231%5D&z=2`);
    expect(new URL(url, 'http://h').searchParams.get(name)).toBe(`[redacted:${kind}#1]`);
  });

  it.each([
    ['http://user:secretword@host/v1', 'http://%5Bredacted%3Aurl-credentials%231%5D@host/v1'],
    [`/v1/${KEYS.github}/models`, '/v1/%5Bredacted%3Agithub-token%231%5D/models'],
    ['/v1/models?key=page2&code=200', '/v1/models?key=page2&code=200'],
    ['/v1/responses', '/v1/responses'],
    ['https://host:8080/v1?api-version=2026-01-01', 'https://host:8080/v1?api-version=2026-01-01'],
  ])('%s', (url, expected) => {
    const redactor = createRedactor();
    expect(redactor.url(url)).toBe(expected);
    expect(redactor.url(expected)).toBe(expected);
  });

  it('finds a percent-encoded credential of the headers', () => {
    const redactor = createRedactor();
    const value = `${OPAQUE}+/=`;
    redactor.headers(['authorization', `Bearer ${value}`]);
    expect(redactor.url(`/x?note=${encodeURIComponent(value)}`)).toBe('/x?note=%5Bredacted%3Aauthorization%231%5D');
  });
});

describe('bodies', () => {
  it.each(Object.entries(KEYS))('a %s key in user text, tool output and arguments', (_, key) => {
    const body = JSON.stringify({
      input: [
        { type: 'message', content: [{ type: 'input_text', text: `my key is ${key}\nthanks` }] },
        { type: 'function_call', arguments: JSON.stringify({ cmd: `echo "${key}"`, env: JSON.stringify({ K: key }) }) },
        { type: 'function_call_output', output: `Output:\n${key}\n` },
      ],
    });
    const redacted = redactBody(body);
    expect(holds(redacted, key)).toBe(false);
    const parsed = JSON.parse(redacted);
    expect(parsed.input[0].content[0].text).toMatch(/^my key is \[redacted:[a-z-]+#1\]\nthanks$/);
    const args = JSON.parse(parsed.input[1].arguments);
    expect(args.cmd).toMatch(/^echo "\[redacted:[a-z-]+#1\]"$/);
    expect(JSON.parse(args.env).K).toMatch(/^\[redacted:[a-z-]+#1\]$/);
    expect(parsed.input[2].output).toMatch(/^Output:\n\[redacted:[a-z-]+#1\]\n$/);
  });

  it.each(named('fields'))('field %s, plain, camel case and in nested JSON', (name, kind) => {
    const camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const inner = { [name]: OPAQUE, [`my_${name}`]: OPAQUE, [camel]: [OPAQUE] };
    const redacted = redactBody(
      JSON.stringify({ ...inner, arguments: JSON.stringify({ ...inner, deeper: JSON.stringify(inner) }) }),
    );
    const value = `[redacted:${kind}#1]`;
    const expected = { [name]: value, [`my_${name}`]: value, [camel]: [value] };
    const parsed = JSON.parse(redacted);
    expect(parsed).toMatchObject(expected);
    expect(JSON.parse(parsed.arguments)).toMatchObject(expected);
    expect(JSON.parse(JSON.parse(parsed.arguments).deeper)).toEqual(expected);
  });

  it.each([
    ['number', '{"password": 123456, "a": 1}', '{"password": "[redacted:password#1]", "a": 1}'],
    ['nested number', '{"x":"{\\"password\\":-1.5e3}"}', '{"x":"{\\"password\\":\\"[redacted:password#1]\\"}"}'],
    ['null and true', '{"password":null,"secret":true}', '{"password":null,"secret":true}'],
    ['object', '{"password":{"type":"string"}}', '{"password":{"type":"string"}}'],
    ['escapes in the value', '{"password":"a\\"b\\\\","b":1}', '{"password":"[redacted:password#1]","b":1}'],
    ['schema words', '{"api_key":"string","secret":"{{SECRET}}"}', '{"api_key":"string","secret":"{{SECRET}}"}'],
    ['blanks', '{ "api_key" :\n "q" }', '{ "api_key" :\n "[redacted:api-key#1]" }'],
    ['scheme', '{"authorization":"Bearer q1"}', '{"authorization":"Bearer [redacted:authorization#1]"}'],
    ['unfinished', '{"password":"abc', '{"password":"[redacted:password#1]'],
    ['header pair', `{"name":"X-Api-Key","value":"${OPAQUE}"}`, '{"name":"X-Api-Key","value":"[redacted:api-key#1]"}'],
    ['header line', `curl -H 'x-api-key: ${OPAQUE}9876'`, "curl -H 'x-api-key: [redacted:api-key#1]'"],
    ['assignment', `export MY_TOKEN=${OPAQUE}9876 &&`, 'export MY_TOKEN=[redacted:assignment#1] &&'],
    ['toml', `api_key = "${OPAQUE}9876"`, 'api_key = "[redacted:api-key#1]"'],
    [
      'bearer in text',
      `-H "Authorization: Bearer ${OPAQUE}9876"`,
      '-H "Authorization: Bearer [redacted:authorization#1]"',
    ],
    ['address', 'git clone https://me:pass123@host/x', 'git clone https://[redacted:url-credentials#1]@host/x'],
    ['query in text', `see http://h/?access_token=${OPAQUE}#x`, 'see http://h/?access_token=[redacted:query#1]#x'],
  ])('%s', (_, text, expected) => {
    expect(redactBody(text)).toBe(expected);
    expect(redactBody(expected)).toBe(expected);
  });

  it.each([
    ['hyphen', (key: string) => key.replaceAll('-', '\\u002d')],
    [
      'every character',
      (key: string) => [...key].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    ],
    ['slash', (key: string) => `\\/${key}\\/`],
    ['twice', (key: string) => key.replaceAll('-', '\\\\u002d')],
    ['after an escaped line feed', (key: string) => `\\n${key}\\n`],
    ['after a twice escaped line feed', (key: string) => `\\\\n${key}\\\\n`],
    ['percent', (key: string) => key.replaceAll('-', '%2D')],
  ])('a key with escapes: %s', (_, write) => {
    const redacted = redactBody(`{"text":"x ${write(KEYS.project)} y"}`);
    expect(redacted).toContain('[redacted:api-key#1]');
    expect(holds(redacted, KEYS.project)).toBe(false);
    expect(JSON.parse(redacted).text).toMatch(/^x .* y$/s);
  });

  it('searches everywhere for what stood in the place of a credential', () => {
    const redactor = createRedactor();
    redactor.headers(['authorization', `Bearer ${OPAQUE}`]);
    const text = JSON.stringify({ a: `x${OPAQUE}y`, b: JSON.stringify({ c: OPAQUE }) });
    const redacted = redactBody(text, 'application/json', redactor);
    expect(redacted).toBe(text.replaceAll(OPAQUE, '[redacted:authorization#1]'));
    expect(redactor.counts()).toEqual({ authorization: 3 });
  });

  it.each([0, 1, 2])('finds the base64 of a known credential %i bytes into its group of three', (shift) => {
    const redactor = createRedactor();
    redactor.headers(['x-api-key', OPAQUE]);
    const coded = Buffer.from(`${'x'.repeat(shift)}${OPAQUE}:more`).toString('base64');
    const redacted = redactBody(`{"data":"${coded}"}`, 'application/json', redactor);
    expect(redacted).toContain('[redacted:api-key#1]');
    expect(holds(redacted, OPAQUE.slice(0, -1))).toBe(false);
    expect(holds(redacted, OPAQUE.slice(1))).toBe(false);
  });

  it('knows user and password of basic authentication', () => {
    const redactor = createRedactor();
    redactor.headers(['authorization', `Basic ${Buffer.from(`me:${OPAQUE}`).toString('base64')}`]);
    expect(redactBody(`log: ${OPAQUE}!`, 'text/plain', redactor)).toBe('log: [redacted:authorization#2]!');
  });

  it('learns the tokens of an answer', () => {
    const redactor = createRedactor();
    redactBody(`{"access_token":"${OPAQUE}"}`, 'application/json', redactor);
    expect(redactBody(`got ${OPAQUE}`, 'text/plain', redactor)).toBe('got [redacted:token#1]');
  });

  it('finds the rest of a body that shows a credential only at its end', () => {
    expect(redactBody(`{"a":"it is ${OPAQUE}","access_token":"${OPAQUE}"}`)).toBe(
      '{"a":"it is [redacted:token#1]","access_token":"[redacted:token#1]"}',
    );
  });

  it('does not search for dummies', () => {
    const redactor = createRedactor();
    redactor.headers(['authorization', 'Bearer anything', 'x-api-key', 'short']);
    expect(redactBody('anything short', 'text/plain', redactor)).toBe('anything short');
  });

  it('replaces form fields', () => {
    const form = `grant_type=refresh_token&refresh_token=${OPAQUE}%2B&client_id=app`;
    expect(redactBody(form, 'application/x-www-form-urlencoded')).toBe(
      'grant_type=refresh_token&refresh_token=%5Bredacted%3Atoken%231%5D&client_id=app',
    );
  });

  it('numbers values, not places, and not by what they are', () => {
    const two = (first: string, second: string) => redactBody(`${first} ${second} ${first}`, 'text/plain');
    expect(two(KEYS.project, KEYS.plain)).toBe('[redacted:api-key#1] [redacted:api-key#2] [redacted:api-key#1]');
    expect(two(KEYS.plain, KEYS.project)).toBe('[redacted:api-key#1] [redacted:api-key#2] [redacted:api-key#1]');
  });

  it('gives the same array back when there is nothing to replace', () => {
    const bytes = toBytes('{"max_tokens":12,"prompt_cache_key":"01a1fa19-9146-7243-b7b6-da899abe66d3"}');
    expect(createRedactor().body(bytes, 'application/json')).toEqual({ bytes, count: 0 });
    expect(createRedactor().body(bytes, 'application/json').bytes).toBe(bytes);
  });

  it('keeps bytes that are no text', () => {
    const bytes = Buffer.concat([
      Buffer.from([0, 255, 254, 128, 10]),
      toBytes(KEYS.project),
      Buffer.from([0xc3, 0x28, 0xff]),
    ]);
    const { bytes: out, count } = createRedactor().body(bytes, 'application/octet-stream');
    expect(count).toBe(1);
    expect(Buffer.from(out).toString('latin1')).toBe(
      bytes.toString('latin1').replace(KEYS.project, '[redacted:api-key#1]'),
    );
  });

  it.each([
    'a task-specific risk-free ask-me desk-job',
    'sk-learn-tutorial-for-absolute-beginners and sk-... and sk-proj-xxxxxxxxxxxx',
    '{"token":"Hello","logprob":-0.1,"key":"Enter","max_output_tokens":10000,"total_tokens":12}',
    '{"encrypted_content":"gAAAAABm1-sk-abcdefghijklmnop_0123456789=="}',
    '{"required":["api_key","password"],"properties":{"api_key":{"type":"string"}}}',
    'const apiKey = process.env.OPENAI_API_KEY_NUMBER_2; token: string | undefined',
    'https://example.com:8080/a@b and git@github.com:org/repo.git and mailto:a@b.c',
    'Authorization: Bearer $TAPEDECK_KEY and Bearer token-based-authentication',
    '{"call_id":"call_000211abcdef0123","item_id":"fc_000210abcdef0123","id":"msg_98e6e725-50e7-5a30-aa04-d492ef8bab94"}',
    'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAACAAAAAAVVCAYAAACPMyu0AADg',
  ])('no false alarm: %s', (text) => {
    expect(redactBody(text, 'text/plain')).toBe(text);
    expect(scanForSecrets(text)).toEqual([]);
  });
});

describe("users' patterns", () => {
  it.each([
    [/internal-\d+/, 'see internal-42, internal-7', 'see [redacted:custom#1], [redacted:custom#2]'],
    [/caf[éè]s?/, 'two cafés', 'two [redacted:custom#1]'],
    [/^Ü.$/m, 'a\nÜß\nb', 'a\n[redacted:custom#1]\nb'],
    [/\p{Lu}{3}/u, 'abc ÄÖÜ', 'abc [redacted:custom#1]'],
    [/PROJECT x/i, '"project X"', '"[redacted:custom#1]"'],
    [/.+/, '[redacted:api-key#1]', '[redacted:api-key#1]'],
    [/x*/, 'abc', 'abc'],
    [/secret.*/, '{"a":"my secret \\"x\\", y","b":"z"}', '{"a":"my [redacted:custom#1]","b":"z"}'],
    [
      /b.*/,
      '{"a":"b","bc":1,"d":"ab"}',
      '{"a":"[redacted:custom#1]","[redacted:custom#2]":1,"d":"a[redacted:custom#1]"}',
    ],
    [/\d{6}/, '{"a":1234567,"b":"123456"}', '{"a":"[redacted:custom#1]","b":"[redacted:custom#2]"}'],
    [/".*"/, 'say "this" or "that"', 'say [redacted:custom#1]'],
  ])('%s', (pattern, text, expected) => {
    const redactor = createRedactor({ patterns: [pattern] });
    expect(redactBody(text, 'text/plain', redactor)).toBe(expected);
  });

  it('sees characters behind JSON escapes', () => {
    const redactor = createRedactor({ patterns: [/grün/] });
    expect(redactBody('{"a":"gr\\u00fcn"}', 'application/json', redactor)).toBe('{"a":"[redacted:custom#1]"}');
  });
});

describe('properties', () => {
  const clean = fc
    .string({ unit: fc.constantFrom(...'abc sk-"\\/:{}[],=%&?#@nu0\n\r\té漢😀_') })
    .filter((text) => !/bearer|key|token/.test(text));

  it('leaves every byte outside of a secret alone', () => {
    assertProperty(
      fc.property(clean, clean, (before, after) => {
        const text = `${before} ${KEYS.google} ${after}`;
        expect(redactBody(text, 'text/plain')).toBe(text.replace(KEYS.google, '[redacted:google-key#1]'));
      }),
      { numRuns: 300 },
    );
  });

  it('is idempotent', () => {
    const part = fc.oneof(
      clean,
      fc.constantFrom<string>(...Object.values(KEYS), `"api_key":"${OPAQUE}"`, `Bearer ${OPAQUE}1234`),
    );
    assertProperty(
      fc.property(fc.array(part), (parts) => {
        const once = redactBody(parts.join(' '), 'text/plain');
        expect(redactBody(once, 'text/plain')).toBe(once);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps JSON valid', () => {
    const leaf = fc.oneof(clean, fc.integer(), fc.constantFrom<string>(...Object.values(KEYS)));
    const name = fc.constantFrom('password', 'api_key', 'text', 'arguments', 'access_token', 'a');
    const document = fc.letrec((tie) => ({
      node: fc.oneof({ maxDepth: 4 }, leaf, fc.dictionary(name, tie('node')), fc.array(tie('node')), tie('nested')),
      nested: tie('node').map((node) => JSON.stringify(node)),
    })).node;
    assertProperty(
      fc.property(document, (value) => {
        const redacted = redactBody(JSON.stringify(value));
        expect(() => JSON.parse(redacted)).not.toThrow();
        for (const key of Object.values(KEYS)) expect(holds(redacted, key)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('scanForSecrets', () => {
  it.each(Object.entries(KEYS))('finds a %s key and does not show it', (_, key) => {
    const [hit, ...more] = scanForSecrets(`{"é":"${JSON.stringify(key).slice(1, -1)}"}`);
    expect(more).toEqual([]);
    expect(hit?.offset).toBe(6);
    expect(hit?.preview).not.toContain(key.slice(0, 8));
    expect(hit?.preview).toContain(`${key.length} characters`);
  });

  it('finds credentials in the headers of a cassette, and passes over placeholders and dummies', () => {
    const entry = (value: string) => JSON.stringify({ headers: [{ name: 'Authorization', value }] }, null, 2);
    expect(scanForSecrets(entry(`Bearer ${OPAQUE}`))).toMatchObject([{ kind: 'authorization' }]);
    expect(scanForSecrets(JSON.stringify({ name: 'cookie', value: `sid=${OPAQUE}` }))).toMatchObject([
      { kind: 'cookie' },
    ]);
    for (const value of ['Bearer [redacted:authorization#1]', 'Bearer dummy', 'Bearer $TAPEDECK_KEY', 'sk-...']) {
      expect(scanForSecrets(entry(value))).toEqual([]);
    }
  });

  it('finds nothing in what the redactor wrote', () => {
    const redactor = createRedactor();
    const headers = redactor.headers(['authorization', `Bearer ${OPAQUE}`, 'cookie', `sid=${OPAQUE}1`]);
    const url = redactor.url(`http://u:p@h/v1?api_key=${OPAQUE}`);
    const body = toText(redactor.body(toBytes(JSON.stringify({ text: Object.values(KEYS).join('\n') })), '').bytes);
    const pairs = [0, 2].map((i) => ({ name: headers[i], value: headers[i + 1] }));
    expect(scanForSecrets(JSON.stringify({ url, headers: pairs, body }))).toEqual([]);
  });

  it('finds a key that is spread over deltas', () => {
    const event = (delta: string) =>
      `data: ${JSON.stringify({ type: 'response.output_text.delta', output_index: 0, delta })}\n\n`;
    const text = event('key: sk-pr') + event(KEYS.project.slice(5));
    expect(scanForSecrets(text)).toMatchObject([{ kind: 'api-key', offset: text.indexOf('sk-pr') }]);
  });
});
