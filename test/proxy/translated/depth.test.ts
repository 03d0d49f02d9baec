import { describe, expect, it } from 'vitest';
import { translateStream, translateWhole } from '../../../src/proxy/translated/answer.ts';
import { translateDocument } from '../../../src/proxy/translated/document.ts';
import { prepareRequest } from '../../../src/proxy/translated/request.ts';
import { createContext } from '../../../src/translate/context.ts';
import { defaultDialect } from '../../../src/translate/dialects.ts';
import { findHop } from '../../../src/translate/hops.ts';
import type { Hop } from '../../../src/translate/types.ts';
import { toUtf8 } from '../../../src/util/bytes.ts';

/** JSON that V8 reads and cannot write: it writes with a call for each level. */
const LEVELS = 100_000;
const DEEP = '['.repeat(LEVELS) + ']'.repeat(LEVELS);

const context = createContext('0-x', defaultDialect('messages'));
const HOP = findHop('responses', 'messages')!;
const plan = { request: {}, model: 'm', tools: new Map(), callIds: new Map(), stream: false };
const BROKEN: Hop = {
  ...HOP,
  request: () => {
    throw new TypeError('a bug');
  },
  response: () => {
    throw new TypeError('a bug');
  },
};

function prepare(text: string, hop = HOP) {
  const translation = { hop: () => hop, models: () => undefined };
  return prepareRequest(Buffer.from(text), {
    client: 'responses',
    upstream: 'messages',
    compact: false,
    translation,
    context,
  });
}

describe('a document that is nested too deeply', () => {
  const request = `{"model":"m","input":"x","tools":[{"type":"function","name":"f","parameters":{"a":${DEEP}}}]}`;
  const block = `{"type":"tool_use","id":"t","name":"f","input":{"a":${DEEP}}}`;
  const answer = `{"type":"message","content":[${block}],"stop_reason":"tool_use"}`;

  it('is refused as a request', () => {
    expect(prepare(request)).toEqual({
      problem: {
        status: 400,
        code: 'invalid_json',
        message: 'The request body is nested too deeply to be translated.',
      },
    });
  });

  it.each([true, false])('is no answer, streamed to the client: %s', (stream) => {
    const back = { hop: HOP, context: { ...context, plan: { ...plan, stream } }, compact: false };
    expect(translateWhole(back, toUtf8(answer), false)).toEqual({
      ok: false,
      message: 'The provider answered with something that is nested too deeply to be translated.',
    });
  });

  it('is the end of a stream as an event of it', () => {
    const stream = translateStream(HOP, { ...context, plan: { ...plan, stream: true } }, () => {});
    const events = [
      '{"type":"message_start","message":{}}',
      `{"type":"content_block_start","index":0,"content_block":${block}}`,
      '{"type":"content_block_stop","index":0}',
      '{"type":"message_stop"}',
    ];
    const text = stream.push(toUtf8(events.map((data) => `data: ${data}\n\n`).join(''))) + stream.end('done');
    expect(text).toMatch(/event: response\.failed\ndata: .*\n\n$/);
    expect(text).not.toContain('response.completed');
  });

  it('is no input as a document', () => {
    expect(() => translateDocument(request, { from: 'responses', to: 'messages' })).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        message: 'The document is nested too deeply to be translated.',
      }),
    );
  });
});

describe('a bug', () => {
  it('stays one', () => {
    expect(() => prepare('{"model":"m"}', BROKEN)).toThrow('a bug');
    expect(() =>
      translateWhole({ hop: BROKEN, context: { ...context, plan }, compact: false }, toUtf8('{}'), false),
    ).toThrow('a bug');
  });
});
