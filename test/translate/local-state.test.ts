import { describe, expect, it } from 'vitest';
import { asArray, type JsonObject, parseData } from '../../src/protocols/grammar.ts';
import { createResponseMemory } from '../../src/state/responses.ts';
import {
  compactedResponse,
  compactRequest,
  openSummary,
  sealSummary,
  withCompaction,
} from '../../src/translate/compaction.ts';
import { createContext } from '../../src/translate/context.ts';
import type { Dialect } from '../../src/translate/dialects.ts';
import { eventText } from '../../src/translate/event-text.ts';
import { type ResponseMemory, withMemory } from '../../src/translate/memory.ts';
import type { BackContext, Hop, RequestTranslation, StreamEvent } from '../../src/translate/types.ts';
import { validateStream } from '../../src/validate/document.ts';

/** A hop that changes nothing: what the wrappers make of a request is what it gives. */
const PLAIN: Hop = {
  client: 'responses',
  upstream: 'chat',
  request: (body) => ({
    body,
    losses: [],
    plan: { request: body, model: '', tools: new Map(), callIds: new Map(), stream: true },
  }),
  response: (body) => ({ body, losses: [] }),
  stream: () => ({
    push: (event) => ({ events: [event], losses: [] }),
    end: () => ({ events: [], losses: [] }),
  }),
};

const REFUSAL = { problem: { status: 400, code: 'made_up', message: 'made up' } };
const REFUSING: Hop = { ...PLAIN, request: () => REFUSAL };

const DIALECT: Dialect = {
  name: 'test',
  protocol: 'chat',
  source: 'none',
  instructions: 'keep',
  mergeNeighbours: false,
  toolNames: { pattern: /./, length: 64 },
  maxTokens: 'max_tokens',
  efforts: {},
  images: 'any',
  lacks: [],
  extras: [],
};

const context = () => createContext('1700000000000-x', DIALECT);

function ask(hop: Hop, body: JsonObject): RequestTranslation & { back: BackContext } {
  const translated = hop.request(body, context());
  if ('problem' in translated) throw new Error(translated.problem.message);
  return { ...translated, back: { ...context(), plan: translated.plan } };
}

const terminal = (type: string, response: JsonObject): StreamEvent => ({
  name: `response.${type}`,
  data: JSON.stringify({ type: `response.${type}`, response: { status: type, ...response } }),
});

const user = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] });
const said = (text: string) => ({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] });

describe('a conversation that goes on by previous_response_id', () => {
  it('is put in front of the new items, over several turns', () => {
    const hop = withMemory(PLAIN, createResponseMemory());
    const first = ask(hop, { input: 'one' });
    hop.stream(first.back).push(terminal('completed', { id: 'resp_1', output: [said('1')] }));
    const second = ask(hop, { previous_response_id: 'resp_1', input: [user('two')] });
    const opened = [{ type: 'message', role: 'user', content: 'one' }, said('1'), user('two')];
    expect(second.body).toEqual({ input: opened });
    hop.response({ id: 'resp_2', output: [said('2')] }, second.back);
    const third = ask(hop, { previous_response_id: 'resp_2', input: 'three' });
    expect(asArray(third.body.input)).toHaveLength(5);
  });

  it.each(['whole', 'streamed'])('has nothing of a response that failed: %s', (how) => {
    const hop = withMemory(PLAIN, createResponseMemory());
    const { back } = ask(hop, { input: 'one' });
    const failed = { id: 'r', status: 'failed', output: [said('half')] };
    if (how === 'whole') hop.response(failed, back);
    else {
      const stream = hop.stream(back);
      stream.push(terminal('created', { id: 'r', status: 'in_progress', output: [] }));
      stream.push(terminal('failed', failed));
    }
    expect(hop.request({ previous_response_id: 'r' }, context())).toHaveProperty(
      'problem.code',
      'previous_response_not_found',
    );
  });

  it('goes on from its compaction, and is not compacted again', () => {
    const hop = withMemory(withCompaction(PLAIN), createResponseMemory());
    const first = ask(hop, { input: [user('one'), { type: 'compaction_trigger' }] });
    const { body } = hop.response({ id: 'r', status: 'completed', output: [said('all of it')] }, first.back);
    const next = ask(hop, { previous_response_id: body.id, input: [user('two')] });
    expect(next.plan.compacting).toBeUndefined();
    const told = JSON.stringify(next.body.input);
    expect(asArray(next.body.input)).toHaveLength(2);
    expect(told).toContain('all of it');
    expect(told).not.toContain('one');
  });

  it('is refused as OpenAI refuses it when it is not known', () => {
    expect(withMemory(PLAIN, createResponseMemory()).request({ previous_response_id: 'x' }, context())).toEqual({
      problem: {
        status: 400,
        code: 'previous_response_not_found',
        message: "Previous response with id 'x' not found.",
      },
    });
  });

  it('is not kept when the client says so, or the response failed', () => {
    const hop = withMemory(PLAIN, createResponseMemory());
    const unkept = ask(hop, { store: false, input: 'one' });
    hop.stream(unkept.back).push(terminal('completed', { id: 'resp_1', output: [] }));
    const failed = ask(hop, { input: 'one' });
    hop.stream(failed.back).push(terminal('failed', { id: 'resp_2', output: [] }));
    for (const id of ['resp_1', 'resp_2'])
      expect(hop.request({ previous_response_id: id }, context())).toHaveProperty('problem');
  });

  it('is kept of an incomplete response, of one that ends the stream, and of no other', () => {
    const asked: string[] = [];
    const memory: ResponseMemory = { get: () => undefined, set: (id, items) => asked.push(`${id} ${items.length}`) };
    const hop = withMemory(PLAIN, memory);
    const { back } = ask(hop, { input: 'one' });
    hop.stream(back).push(terminal('incomplete', { id: 'resp_1', output: [said('1')] }));
    hop.response({ id: 'resp_2', output: [] }, back);
    const last = terminal('completed', { id: 'resp_3', output: [said('3')] });
    const ending: Hop = {
      ...PLAIN,
      stream: () => ({ push: () => ({ events: [], losses: [] }), end: () => ({ events: [last], losses: [] }) }),
    };
    expect(withMemory(ending, memory).stream(back).end('done').events).toEqual([last]);
    for (const nothing of [{ output: [] }, { id: 'resp_4' }, { id: 'resp_5', output: 'none' }])
      hop.response(nothing, back);
    hop.stream(back).push({ name: 'response.completed', data: 'no JSON' });
    expect(asked).toEqual(['resp_1 2', 'resp_2 1', 'resp_3 2']);
    const unkept = ask(hop, { store: false, input: 'one' });
    hop.response({ id: 'resp_6', output: [] }, unkept.back);
    expect(asked).toHaveLength(3);
  });

  it('begins with nothing where the input is none', () => {
    expect(ask(withMemory(PLAIN, createResponseMemory()), { input: 7 }).plan.history).toEqual([]);
  });

  it('leaves a refusal as it is', () => {
    expect(withMemory(REFUSING, createResponseMemory()).request({ input: 'x' }, context())).toEqual(REFUSAL);
  });

  it('leaves a request without it as it is', () => {
    const body = { previous_response_id: null, input: 'x', store: false };
    expect(ask(withMemory(PLAIN, createResponseMemory()), body).body).toEqual({ input: 'x', store: false });
  });
});

describe('a compaction', () => {
  const hop = withCompaction(PLAIN);
  const trigger = { type: 'compaction_trigger' };
  const NO_SUMMARY = ['compaction_failed', 'The model gave no whole summary of the conversation.'] as const;

  it('asks the model for a summary, which may not call a tool', () => {
    const { body, plan } = ask(hop, {
      input: [user('a'), trigger],
      tools: [{ type: 'function', name: 'f' }],
      text: {},
    });
    const [first, prompt, ...rest] = asArray(body.input) as JsonObject[];
    expect(first).toEqual(user('a'));
    expect(JSON.stringify(prompt)).toMatch(/Summarise this conversation/);
    expect(rest).toEqual([]);
    expect(body).toMatchObject({ tool_choice: 'none', tools: [{ type: 'function', name: 'f' }] });
    expect(body).not.toHaveProperty('text');
    expect(plan.compacting).toBe(true);
  });

  it('answers with exactly one item whose content comes back as the summary', () => {
    const { back } = ask(hop, { input: [user('a'), trigger] });
    const stream = hop.stream(back);
    const usage = { input_tokens: 3, output_tokens: 2, total_tokens: 5 };
    const events = [
      ...stream.push({ name: 'response.created', data: '{"type":"response.created"}' }).events,
      ...stream.push({ name: 'response.output_text.delta', data: '{}' }).events,
      ...stream.push(terminal('completed', { id: 'r', output: [said('We did x.')], usage })).events,
      ...stream.end('done').events,
    ];
    expect(validateStream('responses', Buffer.from(eventText(events)), 'complete', ['codex'])).toEqual([]);
    const { response } = parseData(events.at(-1)!.data) as { response: JsonObject };
    expect(response).toMatchObject({ status: 'completed', usage });
    const [item, ...others] = asArray(response.output) as JsonObject[];
    expect(others).toEqual([]);
    expect(item?.type).toBe('compaction');
    expect(openSummary(item?.encrypted_content as string)).toBe('We did x.');
    const next = ask(hop, { input: [item, user('go on')] });
    const [summary, question] = asArray(next.body.input) as JsonObject[];
    const told = 'The conversation so far, summarised because it became too long:\n\nWe did x.';
    expect(summary).toEqual(user(told));
    expect(question).toEqual(user('go on'));
    expect(next.plan.compacting).toBeUndefined();
  });

  it.each([
    ['was cut off', terminal('incomplete', { output: [said('half')] }), ...NO_SUMMARY],
    ['says nothing', terminal('completed', { output: [] }), ...NO_SUMMARY],
    ['is not in the event', { name: 'response.completed', data: 'no JSON' }, ...NO_SUMMARY],
    ['failed', terminal('failed', { output: [], error: { code: 'server_error', message: 'm' } }), 'server_error', 'm'],
  ] as const)('fails when the summary %s', (_, event, code, message) => {
    const { back } = ask(hop, { input: [trigger] });
    const [last] = withCompaction(PLAIN).stream(back).push(event).events.slice(-1);
    expect(last?.name).toBe('response.failed');
    expect(parseData(last!.data)).toMatchObject({ response: { error: { code, message } } });
  });

  it('serves /responses/compact in the same way', () => {
    const request = compactRequest({ model: 'm', input: [user('a')], instructions: 'i', stream: true });
    expect(request).toEqual({
      model: 'm',
      input: [user('a'), trigger],
      instructions: 'i',
      stream: false,
      store: false,
    });
    const { back } = ask(hop, request);
    const { body } = hop.response({ status: 'completed', output: [said('s')], usage: null }, back);
    const answer = compactedResponse(body);
    expect(answer).toMatchObject({ object: 'response.compaction', created_at: 1_700_000_000 });
    expect(answer.output).toEqual([
      { type: 'compaction', id: expect.stringMatching(/^cmp_/), encrypted_content: sealSummary('s') },
    ]);
  });

  it('has the text of all messages, and nothing else, for its summary', () => {
    const { back } = ask(hop, { input: [trigger] });
    const reasoning = { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'Hm.' }] };
    const odd = { type: 'message', content: [7, { type: 'refusal' }, { type: 'output_text', text: ' We' }] };
    const output = [7, reasoning, odd, said(' did x. \n')];
    const { body } = hop.response({ status: 'completed', output }, back);
    expect((body.output as JsonObject[])[0]?.encrypted_content).toBe(sealSummary('We did x.'));
  });

  it('is told once it has begun, and leaves everything else as it is', () => {
    const whole = { input: 'x' };
    const { body, back } = ask(hop, whole);
    expect(body).toBe(whole);
    const answer = { status: 'completed', output: [said('a')] };
    expect(hop.response(answer, back).body).toBe(answer);
    const item = { type: 'reasoning', encrypted_content: sealSummary('s') };
    expect(ask(hop, { input: [item, 7, { type: 'compaction' }] }).body.input).toEqual([
      item,
      7,
      { type: 'compaction' },
    ]);
    const compacting = ask(hop, { input: [7, trigger] });
    expect(asArray(compacting.body.input)).toHaveLength(2);
    expect(compacting.body).not.toHaveProperty('tool_choice');
  });

  it('is refused where the request is', () => {
    expect(withCompaction(REFUSING).request({ input: [trigger] }, context())).toEqual(REFUSAL);
  });

  it("leaves OpenAI's own compactions to the hop, which cannot read them", () => {
    const item = { type: 'compaction', encrypted_content: 'gAAAAABo' };
    expect(ask(hop, { input: [item] }).body).toEqual({ input: [item] });
  });

  it('keeps every character of a summary', () => {
    for (const text of ['', 'é😀\u0000\n', 'x'.repeat(100_000)]) expect(openSummary(sealSummary(text))).toBe(text);
    expect(openSummary('gAAAA')).toBeUndefined();
  });
});
