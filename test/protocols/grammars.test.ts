import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHAT_GRAMMAR } from '../../src/protocols/chat/grammar.ts';
import { describeDifference, type Grammar, quote } from '../../src/protocols/grammar.ts';
import { MESSAGES_GRAMMAR } from '../../src/protocols/messages/grammar.ts';
import { RESPONSES_GRAMMAR } from '../../src/protocols/responses/grammar.ts';
import { assertProperty } from '../helpers/properties.ts';

/** Words that the grammars go by, and words that every object answers to. */
const WORDS = [
  'response.created',
  'response.output_item.added',
  'response.output_item.done',
  'response.content_part.added',
  'response.content_part.done',
  'response.output_text.delta',
  'response.output_text.done',
  'response.completed',
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'error',
  'message',
  'reasoning',
  'text',
  'constructor',
  '__proto__',
  'toString',
];

function anyEvent(): fc.Arbitrary<{ name: string | undefined; data: string }> {
  const word = fc.constantFrom(...WORDS);
  const value = fc.oneof(
    fc.jsonValue(),
    word,
    fc.constantFrom<unknown>(0, 1, [], [{ type: 'text' }], { type: 'constructor' }),
  );
  const field = fc.constantFrom(
    'item',
    'output_index',
    'item_id',
    'content_index',
    'delta',
    'part',
    'text',
    'response',
    'index',
    'content_block',
    'choices',
    'usage',
    'error',
  );
  const object = fc.tuple(word, fc.dictionary(field, value)).map(([type, rest]) => JSON.stringify({ ...rest, type }));
  return fc.record({
    name: fc.option(word, { nil: undefined }),
    data: fc.oneof({ weight: 6, arbitrary: object }, fc.json(), fc.string(), fc.constant('[DONE]')),
  });
}

describe.each<[string, Grammar]>([
  ['responses', RESPONSES_GRAMMAR],
  ['chat', CHAT_GRAMMAR],
  ['messages', MESSAGES_GRAMMAR],
])('the grammar of %s', (_name, grammar) => {
  it('takes any events, and breaks only rules of its table', () => {
    assertProperty(
      fc.property(fc.array(anyEvent(), { maxLength: 12 }), fc.constantFrom('complete', 'truncated'), (events, end) => {
        for (const { rule, event } of grammar.check(events, end)) {
          expect(Object.hasOwn(grammar.rules, rule), rule).toBe(true);
          expect(event).toBeLessThan(Math.max(events.length, 1));
        }
      }),
      { numRuns: 1000, seed: 5 },
    );
  });

  it('knows no rule without a source and a profile', () => {
    for (const [id, { source, severity }] of Object.entries(grammar.rules)) {
      expect(source, id).not.toBe('');
      expect(Object.keys(severity).length, id).toBeGreaterThan(0);
    }
  });
});

describe('describeDifference', () => {
  it.each([
    ['abc', 'abcd', 'it has 1 characters more: "d"'],
    ['abcd', 'ab', 'it lacks the last 2 characters: "cd"'],
    ['abc', 'axc', 'they part at character 1: "bc" against "xc"'],
  ])('%s and %s: %s', (expected, actual, description) => {
    expect(describeDifference(expected, actual)).toBe(description);
  });
});

describe('quote', () => {
  it('escapes, and cuts what is long', () => {
    expect(quote('a\n')).toBe('"a\\n"');
    expect(quote('x'.repeat(100), 5)).toBe('"xxxxx…"');
  });
});
