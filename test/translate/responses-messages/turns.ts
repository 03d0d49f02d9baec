import { expect } from 'vitest';
import { asArray, asObject, type JsonObject } from '../../../src/protocols/grammar.ts';

/** What the API refuses in `messages`, whatever the history was. */
export function expectLawfulTurns(messages: unknown): void {
  const turns = asArray(messages) as { role: string; content: JsonObject[] }[];
  turns.forEach(({ role, content }, index) => {
    const before = turns[index - 1];
    expect(role, `turn ${index} has the role of the one before`).not.toBe(before?.role);
    expect(content.length, `turn ${index} is empty`).toBeGreaterThan(0);
    expectResults(role === 'user' ? content : [], before?.role === 'assistant' ? before.content : [], index);
    if (role === 'assistant') {
      expectThinking(content, index);
      const answered = content.every(({ type }) => type !== 'tool_use') || turns[index + 1]?.role === 'user';
      expect(answered, `turn ${index} calls and nothing follows`).toBe(true);
    }
    for (const block of content) expect(isBlank(block), `a blank text in turn ${index}`).toBe(false);
  });
  const ids = turns.flatMap(({ content }) => content).flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
  expect(new Set(ids).size, 'two calls have one id').toBe(ids.length);
}

function expectResults(content: readonly JsonObject[], before: readonly JsonObject[], index: number): void {
  const results = content.filter(({ type }) => type === 'tool_result');
  const calls = before.filter(({ type }) => type === 'tool_use');
  const leading = content.slice(0, results.length);
  expect(leading, `results do not stand first in turn ${index}`).toEqual(results);
  expect(results.map((result) => result.tool_use_id).sort()).toEqual(calls.map(({ id }) => id).sort());
  for (const call of calls) expect(asObject(call.input), 'input is an object').toBeDefined();
}

function expectThinking(content: readonly JsonObject[], index: number): void {
  const isThinking = ({ type }: JsonObject) => type === 'thinking' || type === 'redacted_thinking';
  expect(isThinking(content.at(-1)!), `turn ${index} ends with thinking`).toBe(false);
  const firstCall = content.findIndex(({ type }) => type === 'tool_use');
  if (firstCall >= 0) expect(content.slice(firstCall).some(isThinking), 'thinking behind a call').toBe(false);
}

function isBlank(block: JsonObject): boolean {
  return block.type === 'text' && String(block.text).trim() === '';
}
