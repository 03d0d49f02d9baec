import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ELIDE_RULES, ELIDED, elidedText, elideTexts } from '../../src/cassette/elide.ts';
import { sha256Hex } from '../../src/util/sha256.ts';
import { assertProperty } from '../helpers/properties.ts';

const LONG = `You are "careful" — Ünïcode 😀\n${'text '.repeat(60)}`;
const SHORT = 'x'.repeat(199);

describe('elideTexts', () => {
  it('names the SHA-256 of the text and its length', () => {
    expect(elidedText(LONG)).toBe(`[elided:sha256=${sha256Hex(Buffer.from(LONG, 'utf8'))};chars=${LONG.length}]`);
    expect(elidedText(LONG)).toMatch(ELIDED);
  });

  it('elides the static texts of a Codex request and nothing else', () => {
    const tool = (description: string) => ({
      type: 'function',
      name: 'f',
      description,
      parameters: { type: 'object', properties: { a: { type: 'string', description } } },
    });
    const request = (text: string) => ({
      model: LONG,
      instructions: text,
      input: [
        { type: 'additional_tools', role: 'developer', tools: [{ type: 'namespace', tools: [tool(text)] }] },
        { type: 'message', content: [{ type: 'input_text', text: LONG }], role: 'user' },
        { type: 'function_call_output', output: LONG },
      ],
      tools: [
        tool(text),
        { type: 'namespace', name: 'n', description: text, tools: [tool(text)] },
        { type: 'custom', name: 'apply_patch', description: SHORT, format: { type: 'grammar', definition: text } },
      ],
    });
    const { text, texts, chars } = elideTexts(JSON.stringify(request(LONG)), ELIDE_RULES.responses);
    expect(JSON.parse(text)).toEqual(request(elidedText(LONG)));
    expect({ texts, chars }).toEqual({ texts: 9, chars: 9 * LONG.length });
  });

  it.each([
    ['role first', { role: 'developer', content: [{ type: 'input_text', text: LONG }] }],
    ['role last', { content: [{ type: 'input_text', text: LONG }], role: 'system' }],
    ['plain content', { role: 'developer', content: LONG }],
  ])('elides the first developer message: %s', (_, message) => {
    const user = { role: 'user', content: [{ type: 'input_text', text: LONG }] };
    const body = { input: [user, message, message, user] };
    const { text, texts } = elideTexts(JSON.stringify(body), ELIDE_RULES.responses);
    expect(texts).toBe(1);
    const parsed = JSON.parse(text);
    expect(JSON.stringify(parsed.input[1])).toBe(
      JSON.stringify(message).replace(JSON.stringify(LONG), JSON.stringify(elidedText(LONG))),
    );
    expect([parsed.input[0], parsed.input[2], parsed.input[3]]).toEqual([user, message, user]);
  });

  it.each([
    [
      'chat',
      {
        messages: [
          { role: 'system', content: LONG },
          { role: 'user', content: LONG },
        ],
        tools: [{ function: { description: LONG } }],
      },
      2,
    ],
    [
      'messages',
      {
        system: [{ type: 'text', text: LONG }],
        messages: [{ role: 'user', content: LONG }],
        tools: [{ description: LONG }],
      },
      2,
    ],
    ['messages', { system: LONG, messages: [] }, 1],
  ] as const)('%s', (protocol, body, expected) => {
    const { text, texts } = elideTexts(JSON.stringify(body), ELIDE_RULES[protocol]);
    expect(texts).toBe(expected);
    expect(text.split(elidedText(LONG))).toHaveLength(expected + 1);
  });

  it('keeps every other byte, whatever the white space and escapes', () => {
    const raw = `{ "model" : "m\\u0041" ,\r\n\t"instructions":  ${JSON.stringify(LONG).replaceAll('t', '\\u0074')} , "n" : 1.0 }`;
    expect(elideTexts(raw, ELIDE_RULES.responses).text).toBe(
      `{ "model" : "m\\u0041" ,\r\n\t"instructions":  "${elidedText(LONG)}" , "n" : 1.0 }`,
    );
  });

  it.each([
    ['not JSON', `instructions: ${LONG}`],
    ['cut off', JSON.stringify({ instructions: LONG }).slice(0, -1)],
    ['more behind', `${JSON.stringify({ instructions: LONG })} {}`],
    ['short', JSON.stringify({ instructions: SHORT })],
    ['elided already', JSON.stringify({ instructions: elidedText(LONG) })],
  ])('leaves a text alone that is %s', (_, text) => {
    expect(elideTexts(text, ELIDE_RULES.responses)).toEqual({ text, texts: 0, chars: 0 });
  });

  it('is idempotent, and leaves JSON as it reads', () => {
    const name = fc.constantFrom('instructions', 'tools', 'description', 'input', 'role', 'content');
    const leaf = fc.constantFrom('developer', LONG, SHORT, 'a');
    const body = fc.letrec((tie) => ({
      node: fc.oneof({ maxDepth: 5 }, leaf, fc.dictionary(name, tie('node')), fc.array(tie('node'), { maxLength: 3 })),
    })).node;
    assertProperty(
      fc.property(fc.dictionary(name, body), (value) => {
        const text = JSON.stringify(value);
        const once = elideTexts(text, ELIDE_RULES.responses);
        expect(elideTexts(once.text, ELIDE_RULES.responses).text).toBe(once.text);
        expect(once.text.replaceAll(elidedText(LONG), JSON.stringify(LONG).slice(1, -1))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});
