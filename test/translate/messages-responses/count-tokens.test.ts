import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { estimateTokens } from '../../../src/translate/messages-responses/count-tokens.ts';
import { assertProperty } from '../../helpers/properties.ts';

const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });

describe('the estimate of tokens', () => {
  it.each<[string, JsonObject, number]>([
    ['an empty body', {}, 0],
    ['a text of 400 bytes', user('a'.repeat(400)), 104],
    ['the same as a block', user([{ type: 'text', text: 'a'.repeat(400) }]), 104],
    ['other scripts by their bytes', user('雪'.repeat(4)), 7],
    ['a system prompt', { system: 'a'.repeat(40) }, 10],
    ['an image', user([{ type: 'image', source: { type: 'base64', data: 'x'.repeat(1e6) } }]), 1_604],
    ['a PDF by its size', user([{ type: 'document', source: { type: 'base64', data: 'x'.repeat(4_000) } }]), 104],
    [
      'a document of text',
      user([{ type: 'document', source: { type: 'text', data: 'a'.repeat(40) }, title: 'aaaa' }]),
      15,
    ],
    ['a document of blocks', user([{ type: 'document', source: { type: 'content', content: 'a'.repeat(40) } }]), 14],
    ['a result with an image', user([{ type: 'tool_result', content: [{ type: 'image' }] }]), 1_608],
    ['thoughts without their seal', user([{ type: 'thinking', thinking: 'aaaa', signature: 'x'.repeat(1e4) }]), 5],
    ['no hidden thoughts', user([{ type: 'redacted_thinking', data: 'x'.repeat(1e4) }]), 4],
    ['tools', { tools: [{ name: 'a' }] }, 350],
    ['the schema of a format', { system: 'a'.repeat(40), output_config: { format: { type: 'a' } } }, 13],
    ['a call by its JSON', user([{ type: 'tool_use', name: 'a' }]), 12],
    ['a PDF without data', user([{ type: 'document', source: { type: 'base64' } }]), 4],
    ['null as nothing', { system: null }, 0],
  ])('%s', (_, body, tokens) => {
    expect(estimateTokens(body)).toBe(tokens);
  });

  it('grows with the text and never throws', () => {
    assertProperty(
      fc.property(
        fc.dictionary(fc.constantFrom('system', 'messages', 'tools', 'output_config'), fc.jsonValue()),
        (body) => {
          expect(estimateTokens({ ...body, system: 'a'.repeat(400) })).toBeGreaterThanOrEqual(100);
        },
      ),
      { numRuns: 200 },
    );
  });
});
