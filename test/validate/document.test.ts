import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toUtf8 } from '../../src/util/bytes.ts';
import { validateDocument, validateStream } from '../../src/validate/document.ts';
import type { Finding, Profile } from '../../src/validate/findings.ts';
import { ROOTS } from '../../src/validate/profiles.ts';
import { assertProperty } from '../helpers/properties.ts';
import { sseText } from '../helpers/sse-events.ts';

const ALL: Profile[] = ['strict', 'tolerant', 'codex'];
const created = { type: 'response.created', response: { id: 'r', object: 'response' } };
const completed = { type: 'response.completed', response: { id: 'r', object: 'response', output: [] } };

function rules(findings: readonly Finding[]): string[] {
  return findings.map(({ profile, severity, rule, pointer }) => `${profile} ${severity} ${rule} ${pointer}`.trim());
}

describe('validateDocument', () => {
  it('refuses an unknown root and lists those that exist', () => {
    expect(() => validateDocument('responses', '{}', ALL)).toThrowError(
      expect.objectContaining({
        code: 'usage',
        hint: expect.stringContaining('responses.request, responses.response'),
      }),
    );
    expect(() => validateDocument('toString', '{}', ALL)).toThrowError(/no document called/);
  });

  it('says where a text stops being JSON, in bytes', () => {
    const [finding, ...more] = validateDocument('chat.request', '{"model":"é",}', ['tolerant']);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ rule: 'raw.not-json', severity: 'error', profile: 'tolerant', offset: 14 });
  });

  it('gives the byte offset of the value', () => {
    const text = '{"model":"é","messages":7}';
    const [finding] = validateDocument('chat.request', text, ['tolerant']);
    expect(finding).toMatchObject({ rule: 'schema.type', pointer: '/messages', value: 7 });
    expect(Buffer.from(text).subarray(finding?.offset).toString()).toBe('7}');
  });

  it('names the schema, its origin and the definition', () => {
    const [finding] = validateDocument('messages.request', '{"model":"m","max_tokens":"1","messages":[]}', ['strict']);
    expect(finding?.source).toBe('@anthropic-ai/sdk@1.11.0 MessageCreateParamsBase');
  });

  it('tells a fault that several profiles know once, for the one that weighs most', () => {
    const event = { ...completed, response: { ...completed.response, usage: { input_tokens: 'x' } } };
    const found = validateDocument('responses.event', JSON.stringify(event), ALL);
    expect(rules(found).filter((rule) => rule.includes('/response/usage/input_tokens'))).toEqual([
      'codex error schema.type /response/usage/input_tokens',
    ]);
    expect(
      found.filter(({ rule, pointer }) => rule === 'schema.required' && pointer === '/response/usage'),
    ).toMatchObject([
      { profile: 'strict', message: '`input_tokens_details` and `output_tokens_details` are missing' },
      { profile: 'codex', message: expect.stringContaining('`output_tokens` and `total_tokens` are missing') },
    ]);
  });

  it('shortens long values', () => {
    const text = JSON.stringify({ model: 'm', max_tokens: 1, messages: 'x'.repeat(500) });
    const [finding] = validateDocument('messages.request', text, ['tolerant']);
    expect(String(finding?.value)).toMatch(/^x{120}… \(500 characters\)$/);
  });

  it('asks nothing of a document that no profile knows', () => {
    expect(validateDocument('codex.models', 'not JSON', ['strict'])).toEqual([]);
    expect(validateDocument('chat.request', '[]', ['codex'])).toEqual([]);
  });

  it.each<[string, string, Profile[], string[]]>([
    [
      'warns of a whole number written as a float',
      '{"input":"x","max_output_tokens":1e3}',
      ['strict', 'tolerant'],
      ['tolerant warning raw.integer-as-float /max_output_tokens'],
    ],
    ['lets fractions be written as they like', '{"input":"x","temperature":1.0}', ALL, []],
    [
      'warns of a key that comes twice',
      '{"input":"x","input":"y"}',
      ALL,
      ['tolerant warning raw.duplicate-key /input'],
    ],
    ['says nothing of raw text without a profile', '{"input":"x","input":"y"}', [], []],
  ])('%s', (_name, text, profiles, expected) => {
    expect(rules(validateDocument('responses.request', text, profiles))).toEqual(expected);
  });

  it('knows which floats Codex dies of', () => {
    const usage = '"usage":{"input_tokens":12.0,"output_tokens":1,"total_tokens":13}';
    const event = (type: string) => `{"type":"${type}","response":{"id":"r",${usage}}}`;
    expect(rules(validateDocument('responses.event', event('response.completed'), ['codex']))).toEqual([
      'codex error raw.integer-as-float /response/usage/input_tokens',
    ]);
    expect(rules(validateDocument('responses.event', event('response.created'), ['codex']))).toEqual([
      'codex warning raw.integer-as-float /response/usage/input_tokens',
    ]);
    const models = '{"models":[],"x":[{"priority":1.0}]}';
    expect(rules(validateDocument('codex.models', models, ['codex']))).toEqual([
      'codex error raw.integer-as-float /x/0/priority',
    ]);
  });

  it('takes any text for any root', () => {
    const roots = fc.constantFrom(...Object.keys(ROOTS));
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((value) => `data: ${value}\n\n`),
    );
    assertProperty(
      fc.property(roots, text, (root, document) => {
        for (const finding of validateDocument(root, document, ALL)) expect(finding.message).not.toBe('');
      }),
      { numRuns: 400, seed: 4 },
    );
  });
});

describe('validateStream', () => {
  const judge = (
    text: string,
    end: 'complete' | 'truncated' = 'complete',
    profiles: Profile[] = ['tolerant', 'codex'],
  ) => validateStream('responses', toUtf8(text), end, profiles);

  it('finds nothing wrong with a short true stream', () => {
    expect(judge(sseText([created, completed]))).toEqual([]);
  });

  it('says which event, and at which byte', () => {
    const text = sseText([
      created,
      { type: 'response.completed', response: { id: 7, object: 'response', output: [] } },
    ]);
    expect(judge(text)).toMatchObject([
      { rule: 'schema.type', pointer: '/response/id', event: 1, offset: sseText([created]).length, value: 7 },
    ]);
  });

  it('tells the same fault of many events once, and counts it', () => {
    const delta = { type: 'response.output_text.delta', item_id: 'm', delta: 'x' };
    const found = judge(sseText([created, delta, delta, delta, completed]), 'complete', ['strict']);
    const missing = found.filter(({ rule, event }) => rule === 'schema.required' && event === 1);
    expect(missing).toHaveLength(1);
    expect(missing[0]?.message).toMatch(/are missing \(and so in 2 more events\)$/);
  });

  it('calls a last event without a blank line that, and not a missing end', () => {
    const found = judge(sseText([created, completed]).slice(0, -1));
    expect(rules(found)).toEqual(['codex error raw.unfinished-event']);
    expect(found[0]?.offset).toBe(sseText([created]).length);
  });

  it('calls a stream that broke off truncated, whatever its last bytes are', () => {
    const found = judge(sseText([created, completed]).slice(0, -1), 'truncated');
    expect(rules(found)).toEqual(['codex error grammar.responses.no-terminal']);
    expect(found[0]?.message).toMatch(/^the connection broke off/);
  });

  it('judges an error within a Chat stream as an error', () => {
    const text = sseText([{ error: { code: 500, message: 'm', type: 'server_error' } }], false);
    expect(validateStream('chat', toUtf8(text), 'complete', ['tolerant'])).toEqual([]);
    expect(rules(validateStream('chat', toUtf8(text), 'complete', ['strict']))).toEqual([
      'strict error schema.required /error',
      'strict error schema.type /error/code',
    ]);
  });

  it('orders findings by event', () => {
    const found = judge(sseText([{ type: 'response.created' }, created, { no: 'type' }]));
    const events = found.map(({ event }) => event);
    expect(events).toEqual([...events].sort((a, b) => (a ?? 0) - (b ?? 0)));
  });
});
