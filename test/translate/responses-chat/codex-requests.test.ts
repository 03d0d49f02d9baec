import { describe, expect, it } from 'vitest';
import { asArray, asObject, type JsonObject } from '../../../src/protocols/grammar.ts';
import { CHAT_DIALECTS } from '../../../src/translate/responses-chat/dialects.ts';
import { responsesChat } from '../../../src/translate/responses-chat/hop.ts';
import { validateDocument } from '../../../src/validate/document.ts';
import { readCodexRequests } from '../../helpers/codex-requests.ts';
import { judgeStream, makeContext, withoutExtras } from '../../helpers/translate.ts';

const REQUESTS = readCodexRequests();

function itemsOf(body: JsonObject): JsonObject[] {
  return asArray(body.input).map((item) => asObject(item) ?? {});
}

describe.each(CHAT_DIALECTS)('requests of Codex for $name', (dialect) => {
  it('are valid, and pair every call with one output', () => {
    const refused: string[] = [];
    for (const { version, scenario, body } of REQUESTS) {
      const where = `${version} ${scenario}`;
      const result = responsesChat.request(body, makeContext(dialect));
      if ('problem' in result) {
        refused.push(where);
        expect(
          itemsOf(body).some(({ type }) => type === 'compaction_trigger'),
          where,
        ).toBe(true);
        continue;
      }
      const strict = withoutExtras(result.body, dialect.extras);
      expect(validateDocument('chat.request', JSON.stringify(strict), ['strict']), where).toEqual([]);
      expectPairs(result.body, where);
    }
    expect(refused.length).toBe(5);
  });
});

/** Every output follows the message with its call, every call has exactly one. */
function expectPairs(body: JsonObject, where: string): void {
  let due: unknown[] = [];
  for (const message of body.messages as JsonObject[]) {
    if (message.role === 'tool') {
      expect(due, where).toContain(message.tool_call_id);
      due = due.filter((id) => id !== message.tool_call_id);
    } else {
      expect(due, where).toEqual([]);
      due = asArray(message.tool_calls).map((call) => asObject(call)?.id);
    }
  }
  expect(due, where).toEqual([]);
}

describe('requests of Codex for strict templates', () => {
  it('have one system message, at the beginning, no neighbours of one role, and ids of nine characters', () => {
    const strict = CHAT_DIALECTS.find(({ name }) => name === 'llama-server-strict')!;
    for (const { version, scenario, body } of REQUESTS) {
      const result = responsesChat.request(body, makeContext(strict));
      if ('problem' in result) continue;
      const messages = result.body.messages as JsonObject[];
      const roles = messages.map(({ role }) => role);
      const where = `${version} ${scenario}`;
      expect(roles.slice(1), where).not.toContain('system');
      expect(roles, where).not.toContain('developer');
      const neighbours = roles.filter((role, i) => role !== 'tool' && role === roles[i - 1]);
      expect(neighbours, where).toEqual([]);
      for (const { tool_call_id } of messages) {
        if (tool_call_id !== undefined) expect(tool_call_id, where).toMatch(/^[A-Za-z0-9]{9}$/);
      }
    }
  });
});

describe('answers to requests of Codex', () => {
  it('are valid streams, but for what the request itself says of its tools', () => {
    const dialect = CHAT_DIALECTS[0];
    const chunks = [{ content: 'Hi' }, {}].map((delta, i) =>
      JSON.stringify({ choices: [{ index: 0, delta, finish_reason: i === 0 ? null : 'stop' }] }),
    );
    for (const { version, scenario, body } of REQUESTS.filter((_, i) => i % 8 === 0)) {
      const context = makeContext(dialect);
      const result = responsesChat.request(body, context);
      if ('problem' in result) continue;
      const stream = responsesChat.stream({ ...context, plan: result.plan });
      const events = [...chunks, '[DONE]'].flatMap((data) => stream.push({ name: undefined, data }).events);
      const findings = judgeStream('responses', events, ['strict', 'codex']);
      const own = findings.filter(({ pointer }) => !pointer.startsWith('/response/tools/'));
      expect(own, `${version} ${scenario}`).toEqual([]);
    }
  });
});
