import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asObject, type JsonObject } from '../../../src/protocols/grammar.ts';
import { type Dialect, findDialect } from '../../../src/translate/dialects.ts';
import { messagesResponses } from '../../../src/translate/messages-responses/hop.ts';
import { openSeal, sealReasoning, unsealReasoning } from '../../../src/translate/messages-responses/seal.ts';
import { assertProperty } from '../../helpers/properties.ts';
import { makeContext } from '../../helpers/translate.ts';

const RESPONSES = findDialect('responses', 'responses')!;

/** A whole answer with one reasoning item, as the client gets it. */
function answerTo(item: JsonObject): JsonObject {
  const context = makeContext(RESPONSES);
  const request = { model: 'claude-opus-5', max_tokens: 100, messages: [] };
  const result = messagesResponses.request(request, context);
  if ('problem' in result) throw new Error(result.problem.message);
  const body = { id: 'resp_1', status: 'completed', output: [item] };
  return messagesResponses.response(body, { ...context, plan: result.plan }).body;
}

/** What the provider gets when the client sends those blocks back. */
function sendBack(content: unknown, dialect = RESPONSES) {
  const messages = [
    { role: 'assistant', content },
    { role: 'user', content: [] },
  ];
  const result = messagesResponses.request({ model: 'm', max_tokens: 100, messages }, makeContext(dialect));
  if ('problem' in result) throw new Error(result.problem.message);
  return { input: result.body.input as JsonObject[], losses: result.losses };
}

describe('sealed thoughts', () => {
  it('come back as the provider told them, whatever they are', () => {
    const parts = (type: string) =>
      fc.array(fc.string({ unit: 'binary', minLength: 1 }).map((text) => ({ type, text })));
    const item = fc.record({
      type: fc.constant('reasoning'),
      id: fc.string({ minLength: 1 }),
      summary: parts('summary_text'),
      encrypted_content: fc.string({ unit: 'binary', minLength: 1 }),
    });
    assertProperty(
      fc.property(item, parts('reasoning_text'), (reasoning, content) => {
        const told = content.length > 0 ? { ...reasoning, content } : reasoning;
        const { input } = sendBack(answerTo(told).content);
        expect(input).toEqual([told]);
      }),
      { numRuns: 200 },
    );
  });

  it('without a text stand in a redacted_thinking block', () => {
    const item = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAAA' };
    const { content } = answerTo(item);
    expect(content).toMatchObject([{ type: 'redacted_thinking' }]);
    expect(sendBack(content).input).toEqual([item]);
  });

  it('whose text was changed come back without it, and say so', () => {
    const item = {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 'One.' }],
      encrypted_content: 'gA',
    };
    const [block] = answerTo(item).content as JsonObject[];
    const { input, losses } = sendBack([{ ...block, thinking: 'Another.' }]);
    expect(input).toEqual([{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gA' }]);
    expect(losses).toMatchObject([{ path: '/messages/0/content/0', kind: 'value' }]);
  });

  it('that the provider did not encrypt are a loss to OpenAI', () => {
    const item = { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'One.' }] };
    const { input, losses } = sendBack(answerTo(item).content);
    expect(input).toEqual([]);
    expect(losses).toMatchObject([{ path: '/messages/0/content/0', kind: 'item' }]);
  });

  it('that the provider did not encrypt come back to one that reads them', () => {
    const item = { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'One.' }] };
    const reads: Dialect = { ...RESPONSES, reasoning: { field: 'reasoning_content', replay: 'tool-turns' } };
    const { input, losses } = sendBack(answerTo(item).content, reads);
    expect(input).toEqual([item]);
    expect(losses).toEqual([]);
  });

  it.each(['', 'RXJkZQ==', 'td1.eyJ9', 'tdr1.', 'tdr1.####', 'tdr1.bnVsbA', 'tdr1.e30', 'tdr2.eyJpZCI6InJzXzEifQ'])(
    'are not read in %j',
    (text) => {
      expect(openSeal(text)).toBeUndefined();
    },
  );

  it('open to what was sealed', () => {
    const sealed = { id: 'rs_1', encrypted: 'gAAAA', summary: [3], content: [2] };
    expect(openSeal(sealReasoning(sealed))).toEqual(sealed);
    expect(unsealReasoning(sealed, 'abc\n\nde')).toMatchObject({
      summary: [{ text: 'abc' }],
      content: [{ text: 'de' }],
    });
    expect(unsealReasoning(sealed, 'abc\n\ndef')).toBeUndefined();
    expect(asObject(unsealReasoning({ id: 'x', summary: [], content: [] }, ''))).toEqual({
      type: 'reasoning',
      id: 'x',
      summary: [],
    });
  });
});
