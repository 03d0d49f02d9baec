import { describe, expect, it } from 'vitest';
import { parseSse } from '../../../src/decode/sse.ts';
import { asArray, asObject, type JsonObject } from '../../../src/protocols/grammar.ts';
import { translateStream, translateWhole } from '../../../src/proxy/translated/answer.ts';
import { createContext } from '../../../src/translate/context.ts';
import { defaultDialect } from '../../../src/translate/dialects.ts';
import { findHop } from '../../../src/translate/hops.ts';
import { toUtf8 } from '../../../src/util/bytes.ts';
import type { Protocol } from '../../../src/util/types.ts';

const MESSAGE = 'the made-up machine is overloaded';
const error = { type: 'overloaded_error', code: 'server_is_overloaded', message: MESSAGE };
const sse = (...events: readonly (JsonObject | '[DONE]')[]) =>
  toUtf8(events.map((event) => `data: ${event === '[DONE]' ? event : JSON.stringify(event)}\n\n`).join(''));

/** The beginning of a stream. */
const BEGUN: Readonly<Record<Protocol, JsonObject[]>> = {
  responses: [
    { type: 'response.created', response: { id: 'r', status: 'in_progress' } },
    { type: 'response.output_text.delta', delta: 'a' },
  ],
  chat: [{ id: 'c', choices: [{ index: 0, delta: { role: 'assistant', content: 'a' } }] }],
  messages: [
    { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'a' } },
  ],
};

function backOf(client: Protocol, upstream: Protocol, stream: boolean) {
  const hop = findHop(client, upstream)!;
  const plan = { request: {}, model: 'm', tools: new Map(), callIds: new Map(), stream };
  const composed = client !== 'responses' && upstream !== 'responses';
  const context = createContext('0-x', defaultDialect(upstream));
  return { hop, context: { ...context, plan: composed ? { ...plan, inner: plan } : plan }, compact: false };
}

const PROTOCOLS: readonly Protocol[] = ['responses', 'chat', 'messages'];
const PAIRS = PROTOCOLS.flatMap((client) =>
  PROTOCOLS.filter((upstream) => upstream !== client).map((upstream) => ({ client, upstream })),
);

describe.each(PAIRS)('a stream of $upstream that came whole, for a client of $client', ({ client, upstream }) => {
  const typed = upstream === 'chat' ? {} : { type: 'error' };
  const failed: readonly [string, Uint8Array][] = [
    ['an error', sse({ ...typed, error })],
    ['an error behind its beginning', sse(...BEGUN[upstream], { ...typed, error })],
    ['a bare error, and an end', sse(...BEGUN[upstream], { error }, '[DONE]')],
    ['its beginning alone', sse(...BEGUN[upstream])],
  ];

  it.each(failed)('is told as if it had come bit by bit: %s', (_name, bytes) => {
    const back = () => backOf(client, upstream, true);
    const { hop, context } = back();
    const bit = translateStream(hop, context, () => {});
    const whole = translateWhole(back(), bytes, true);
    expect(whole).toMatchObject({ ok: true, status: 200, contentType: 'text/event-stream' });
    expect(whole.ok && whole.text).toBe(bit.push(bytes) + bit.end('done'));
  });

  it.each(failed.slice(0, 3))('says what the provider said, where the client wants a document: %s', (_name, bytes) => {
    const whole = translateWhole(backOf(client, upstream, false), bytes, true);
    expect(whole.ok).toBe(true);
    const body = asObject(JSON.parse(whole.ok ? whole.text : ''));
    expect(asObject(body?.error)?.message).toBe(MESSAGE);
    expect(asArray(body?.output)).toEqual([]);
  });

  it('is no document where it does not say how it ended', () => {
    expect(translateWhole(backOf(client, upstream, false), sse(...BEGUN[upstream]), true)).toMatchObject({ ok: false });
  });
});

describe('a Responses stream with the older form of its error event', () => {
  it('is that error', () => {
    const whole = translateWhole(backOf('chat', 'responses', false), sse({ ...error, type: 'error' }), true);
    expect(whole.ok && JSON.parse(whole.text)).toMatchObject({ error: { message: MESSAGE } });
  });
});

describe('the text of a stream', () => {
  it('is whole events', () => {
    const { hop, context } = backOf('responses', 'chat', true);
    const stream = translateStream(hop, context, () => {});
    const text = stream.push(sse(...BEGUN.chat)) + stream.end('truncated');
    const { events, rest } = parseSse(toUtf8(text));
    expect(rest).toBeUndefined();
    expect(events.at(-1)?.event).toBe('response.failed');
  });
});
