import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { createContext } from '../../../src/translate/context.ts';
import { defaultDialect } from '../../../src/translate/dialects.ts';
import { translateStream } from '../../../src/translate/responses-chat/stream.ts';
import { createTextChunks } from '../../../src/translate/responses-chat/text-chunks.ts';
import type { StreamStep } from '../../../src/translate/types.ts';
import { assertProperty } from '../../helpers/properties.ts';

function chunk(delta: JsonObject, more: JsonObject = {}, ofChoice: JsonObject = {}): JsonObject {
  const choice = { index: 0, delta, logprobs: null, finish_reason: null, ...ofChoice };
  return { id: 'c-1', object: 'chat.completion.chunk', model: 'm', choices: [choice], ...more };
}

function translate(texts: readonly string[]): StreamStep[] {
  const plan = { request: {}, model: 'm', tools: new Map(), callIds: new Map(), stream: true };
  const stream = translateStream({ ...createContext('1700000000000-seed', defaultDialect('chat')), plan });
  return [...texts.map((data) => stream.push({ name: undefined, data })), stream.end('truncated')];
}

/** What is known of a text after one chunk was learnt. */
function wordsAfter(first: JsonObject, next: string): string | undefined {
  const chunks = createTextChunks();
  chunks.learn(JSON.stringify(first), first);
  return chunks.wordsOf(next);
}

describe('chunks that differ in their words alone', () => {
  const first = chunk({ content: 'Hello' });
  it.each([' world', '', 'a "quoted" word', 'two\nlines\t\\', 'naïve 日本 🎞', '\u2028', '{"content":"x"}'])(
    '%j',
    (words) => {
      expect(wordsAfter(first, JSON.stringify(chunk({ content: words })))).toBe(words);
    },
  );

  it('may have fields that say nothing, and blanks', () => {
    const spoken = chunk({ role: 'assistant', content: 'a', reasoning_content: null, tool_calls: [] });
    expect(wordsAfter(spoken, JSON.stringify(spoken).replace('"a"', '"b"'))).toBe('b');
    const chunks = createTextChunks();
    const spaced = JSON.stringify(first, null, 1);
    chunks.learn(spaced, first);
    expect(chunks.wordsOf(spaced.replace('Hello', 'there'))).toBe('there');
  });
});

describe('chunks of another choice', () => {
  it('are not told, however many come', () => {
    const told = ['first', 'first', 'second', 'second', 'second', 'first', 'second'];
    const texts = told.map((content) => JSON.stringify(chunk({ content }, {}, { index: content === 'first' ? 0 : 1 })));
    const steps = translate(texts);
    const deltas = steps.flatMap(({ events }) =>
      events.flatMap(({ data }) => (JSON.parse(data) as { delta?: string }).delta ?? []),
    );
    expect(deltas).toEqual(['first', 'first', 'first']);
    expect(steps.flatMap(({ losses }) => losses.map(({ path }) => path))).toEqual(['/choices/1']);
  });
});

describe('chunks that have to be read', () => {
  const first = chunk({ content: 'Hello' });
  const text = JSON.stringify(first);
  it.each<[string, string]>([
    ['another id', text.replace('c-1', 'c-2')],
    ['an end', text.replace('"finish_reason":null', '"finish_reason":"stop"')],
    ['other fields of the same length', text.replace('"finish_reason":null', '"finish_reason":true')],
    ['no words', text.replace('"Hello"', 'null')],
    ['a second field', text.replace('"Hello"', '"Hello","refusal":"no"')],
    ['a string that ends early', text.replace('"Hello"', '"He"llo"')],
    ['a control character', text.replace('Hello', 'He\nllo')],
    ['half of it', text.slice(0, -20)],
    ['the end mark', '[DONE]'],
  ])('%s', (_name, data) => expect(wordsAfter(first, data)).toBeUndefined());

  it.each<[string, JsonObject]>([
    ['calls', chunk({ content: 'a', tool_calls: [{ index: 0 }] })],
    ['thoughts', chunk({ content: 'a', reasoning_content: 'hm' })],
    ['tokens', chunk({ content: 'a' }, {}, { logprobs: { content: [] } })],
    ['two choices', { ...first, choices: [...(first.choices as unknown[]), {}] }],
    ['an escape, under which a name may hide', chunk({ content: 'a' }, { model: 'a"b' })],
    ['a second place that says content', chunk({ content: 'a' }, { content: 'a' })],
    ['usage, of which the last one counts', chunk({ content: 'a' }, { usage: { completion_tokens: 1 } })],
    ['a reason to finish', { ...chunk({}), choices: [{ index: 0, delta: { content: 'a' }, finish_reason: 'stop' }] }],
    ['no words', chunk({ role: 'assistant', content: '' })],
    ['words, but an end as well', chunk({ content: 'undefined' }, {}, { finish_reason: 'stop' })],
  ])('what has %s is not learnt', (_name, learnt) => {
    expect(wordsAfter(learnt, JSON.stringify(learnt))).toBeUndefined();
  });
});

describe('a stream', () => {
  const words = fc.string({ unit: 'grapheme' });
  const said = fc.oneof(
    words.map((content) => chunk({ content })),
    words.map((content) => chunk({ role: 'assistant', content })),
    words.map((content) => chunk({ content, reasoning_content: content })),
    words.map((content) => chunk({ content }, { usage: { completion_tokens: content.length } })),
    words.map((content) => chunk({ content }, { obfuscation: content })),
    words.map((refusal) => chunk({ refusal })),
  );

  it('says the same as when no two chunks begin alike', () => {
    assertProperty(
      fc.property(fc.array(said, { maxLength: 12 }), (chunks) => {
        const texts = chunks.map((one) => JSON.stringify(one));
        // Blanks mean nothing in JSON, and no chunk is like another one with them.
        const unlike = texts.map((text, i) => ' '.repeat(i) + text);
        expect(translate(texts)).toEqual(translate(unlike));
      }),
      { numRuns: 200 },
    );
  });
});
