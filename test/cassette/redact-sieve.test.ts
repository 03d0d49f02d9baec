import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACCEPTED_CREDENTIALS, SCHEMES } from '../../src/cassette/redact/credentials.ts';
import { compileUserPattern, type FinderOptions, findSecrets } from '../../src/cassette/redact/finder.ts';
import { literalForms } from '../../src/cassette/redact/literals.ts';
import { TOKENS } from '../../src/cassette/redact/patterns.ts';
import { Sieve } from '../../src/cassette/redact/sieve.ts';
import { toUtf8Latin1 } from '../../src/cassette/redact/views.ts';
import { assertProperty } from '../helpers/properties.ts';
import { KEYS, OPAQUE } from './redact-kit.ts';

const RUNS = Number(process.env.REDACT_RUNS ?? 1500);

/** What secrets, their surroundings and their beginnings are made of. */
const HEADS = TOKENS.flatMap(({ heads }) => heads.map((head) => head.replace('\\', '')));
const NAMES = ACCEPTED_CREDENTIALS.flatMap(({ headers = [], query = [], fields = [] }) => [
  ...headers,
  ...query,
  ...fields,
]);
const RESTS = [
  OPAQUE,
  `${OPAQUE}${OPAQUE}`,
  'ABCDEFGHIJKLMNOP',
  'a1',
  'abcdefghijklmnopqrstuvwxyz',
  '12',
  KEYS.jwt.slice(3),
];
const SIGNS = [...':="\'[]{},&?/@+%\\_-. \n\t<#', '": "', '":"', '://', '=', '%20', '\\n', '\\"', '\\/', '" , "'];
const WORDS = [
  ...[
    'bearer',
    'Bearer',
    '"name"',
    '"value"',
    '"name":"',
    '","value":"',
    '-----BEGIN ',
    'RSA PRIVATE KEY-----',
    '_token',
  ],
  ...['[redacted:api-key#1]', 'user:pass@host', 'task-', 'number_', 'reads ', 'é', '😀', 'n', 's', 'u', '0', '9', 'd'],
];
const KNOWN = [`${OPAQUE}#1`, 'pa$$ "w" 0rd', 'aB3/dE5+gH7jK9mN1p', 'tab\tand\\slash9', 'plainKnown77', '!!//%%$$'];

/** How a piece may be written in a view's parent. */
const WRITINGS: ((text: string) => string)[] = [
  (text) => text,
  (text) => text,
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => JSON.stringify(JSON.stringify(text)).slice(1, -1),
  (text) => text.replaceAll('/', '\\/').replaceAll('"', '\\"'),
  (text) => text.replaceAll(/[-_:=&?/ "'@.]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (text) => text.replaceAll(/[-_:=&?/ "'@.]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`),
  (text) => text.replace(/./, (char) => `\\\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (text) => text.replace(/.$/, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`),
  (text) => text.toUpperCase(),
];

const piece = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...SIGNS) },
      { weight: 2, arbitrary: fc.constantFrom(...NAMES) },
      fc.constantFrom(...HEADS),
      { weight: 2, arbitrary: fc.constantFrom(...RESTS) },
      fc.constantFrom(...WORDS),
      fc.constantFrom(...SCHEMES),
      fc.constantFrom<string>(...Object.values(KEYS).map((key) => key.slice(0, 200))),
      fc.constantFrom(...KNOWN, ...KNOWN.map((value) => Buffer.from(`x${value}`).toString('base64'))),
    ),
    fc.constantFrom(...WRITINGS),
    fc.nat(3),
  )
  .map(([text, write, cut]) => (cut === 0 ? write(text).slice(0, 3) : write(text)));
const text = fc.array(piece, { maxLength: 9 }).map((parts) => toUtf8Latin1(parts.join('')));

const literals = KNOWN.flatMap((value) => literalForms('token', value));
const finder: FinderOptions = { users: [], literals: () => literals };

describe('the sieve', () => {
  it('passes no text in which the patterns find anything, nor one at whose end something may have begun', () => {
    assertProperty(
      fc.property(text, fc.nat(40), fc.boolean(), (whole, skip, final) => {
        const haystack = { text: whole, from: Math.min(skip < 30 ? 0 : skip, whole.length), final };
        const exact = findSecrets(haystack, { ...finder, exact: true });
        const { found, open } = findSecrets(haystack, finder);
        expect({ found, open }).toEqual({ found: exact.found, open: exact.open });
      }),
      { numRuns: RUNS },
    );
  });

  it("leaves users' patterns to be searched where it passes a text", () => {
    const users = [compileUserPattern(/a1\w/), compileUserPattern(/re(?=ads)/)];
    assertProperty(
      fc.property(text, fc.boolean(), (whole, final) => {
        const haystack = { text: whole, from: 0, final };
        const exact = findSecrets(haystack, { ...finder, users, exact: true });
        const { found, open } = findSecrets(haystack, { ...finder, users });
        expect({ found, open }).toEqual({ found: exact.found, open: exact.open });
      }),
      { numRuns: RUNS / 3 },
    );
  });

  it.each([...HEADS.map((head) => `${head}${OPAQUE}${OPAQUE}A`), ...Object.values(KEYS)])('stops at %s', (key) => {
    // A head is looked for in pairs of bytes: at even and odd places.
    const rest = /^A[KS]IA/.test(key) ? `${key.slice(0, 4)}ABCDEFGHIJKLMNOP` : key;
    for (const before of ['', ' ', '\\n', '"a":"', '\\u003c']) {
      for (const after of ['', ' ', '"']) expect(new Sieve().passes(before + rest + after)).toBe(false);
    }
  });

  it.each(NAMES)('stops at a value named %s', (name) => {
    const query = [`?${name}=${OPAQUE}`, `a&${name}=${OPAQUE}`];
    const field = [`"${name}":"${OPAQUE}a1b2c3"`, `\\"${name.toUpperCase()}\\" : \\"${OPAQUE}a1b2c3\\"`];
    const pair = `{"name":"${name}","value":"${OPAQUE}"}`;
    const held = (shape: string) =>
      findSecrets({ text: shape, from: 0, final: true }, { ...finder, exact: true }).found;
    for (const shape of [...query, ...field, pair, ` ${pair}`]) {
      if (held(shape).length > 0) expect(new Sieve().passes(shape), shape).toBe(false);
    }
  });

  it.each([
    ['prose', 'The agent asks: is this a task-specific risk? It keeps keys, tokens and secrets apart.\n'],
    ['JSON', '{"type":"message","name":"exec","token":"Hello","logprob":-0.1,"max_tokens":12,"authorized":true}'],
    ['an event', 'event: response.output_text.delta\ndata: {"sequence_number":1000,"delta":"reads "}\n\n'],
    ['addresses', 'see https://example.com:8080/a?b=c&d=e and http://localhost:1/x@y'],
    [
      'code',
      'const apiKey = process.env.NAME;\\n\\tprintf(\\"%s %d%%\\\\n\\", hf_hub, npm_name, self.secret);\\u003cbr\\u003e',
    ],
    ['a schema', '{"properties":{"password":{"type":"string"}},"secret":null,"value":[1]}'],
  ])('passes %s, so that its patterns are not run', (_, clean) => {
    expect(new Sieve().passes(clean)).toBe(true);
    expect(new Sieve().doubtsFrom(clean + ' word'.repeat(500), 0, false)).toBeUndefined();
  });

  it.each([
    ['a coded blank before the sign', `"api_key"%20:"x1"`],
    ['an escaped blank before the sign', `api_key\\u0020=${OPAQUE}a1b2`],
    ['an escaped quote before the sign', `"password\\u0022:"x1"`],
    ['a coded blank behind the sign', `"password":%20"x1"`],
    ['an escaped blank behind a scheme', `authorization: Basic\\u0020${OPAQUE}a1b2`],
    ['a coded comma in a pair', `"name":"x-api-key"%2C"value":"x1"`],
    ['a coded sign before a parameter', `a%26api_key=${OPAQUE}`],
    ['an escaped sign before a parameter', `a\\u0026api_key=${OPAQUE}`],
    ['a code before a head', `%3C${KEYS.github}`],
    ['an escaped slash in an address', `http:\\/\\/u:pw12345\\/x@h http:\\/\\/u:pw12345@h`],
    ['an escaped slash in a known value', 'x aB3\\/dE5+gH7jK9mN1p'],
    ['a code in a known value', 'x pa%24$ \\"w\\" 0rd'],
  ])('stops at %s', (_, whole) => {
    const exact = findSecrets({ text: whole, from: 0, final: true }, { ...finder, exact: true });
    expect(exact.found).not.toEqual([]);
    expect(findSecrets({ text: whole, from: 0, final: true }, finder).found).toEqual(exact.found);
  });

  it.each([
    'x aB3\\/dE5',
    'x aB3\\\\/dE5+',
    'x pa$$ \\"w',
    'x tab\\tand',
    'x plainK',
    'x "name" : ',
    'a \\u00',
    ':',
    'b',
    '%2',
  ])('waits at the end of %j', (begun) => {
    const exact = findSecrets({ text: begun, from: 0, final: false }, { ...finder, exact: true });
    expect(exact.open).toBeLessThan(begun.length);
    expect(findSecrets({ text: begun, from: 0, final: false }, finder).open).toBe(exact.open);
  });

  it('takes texts of any size, one after the other', () => {
    const sieve = new Sieve();
    const long = 'word '.repeat(80_000);
    for (const size of [0, 1, 3, 5, 300_000, 7, long.length]) {
      expect(sieve.passes(long.slice(0, size))).toBe(true);
      expect(sieve.passes(`${long.slice(0, size)} ${KEYS.github}`)).toBe(false);
    }
  });
});
