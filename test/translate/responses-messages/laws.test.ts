import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/protocols/grammar.ts';
import { assembleMessages } from '../../../src/protocols/messages/assemble.ts';
import { assembleResponses } from '../../../src/protocols/responses/assemble.ts';
import { MESSAGES_DIALECTS } from '../../../src/translate/responses-messages/dialects.ts';
import { responsesMessages } from '../../../src/translate/responses-messages/hop.ts';
import { sealOpaque } from '../../../src/translate/shared/opaque.ts';
import type { BackContext, SourceEnd, StreamEvent } from '../../../src/translate/types.ts';
import { validateDocument } from '../../../src/validate/document.ts';
import { assertProperty } from '../../helpers/properties.ts';
import { judgeStream, makeContext, parseEvents } from '../../helpers/translate.ts';
import { expectLawfulTurns } from './turns.ts';

const ANTHROPIC = MESSAGES_DIALECTS[0];

const TOOLS = [
  { type: 'function', name: 'exec_command', strict: false, parameters: { type: 'object', properties: {} } },
  { type: 'custom', name: 'apply_patch', description: 'Edits files.' },
  {
    type: 'namespace',
    name: 'mcp__calc',
    description: 'Sums.',
    tools: [{ type: 'function', name: 'add', strict: false, parameters: { type: 'object', properties: {} } }],
  },
  { type: 'web_search' },
];

const text = fc.string({ unit: fc.constantFrom('a', ' ', '\n', '"', '\\', 'ü', '🙂', '{', '}'), minLength: 1 });
const solid = text.map((value) => `x${value}`);
const callId = fc.constantFrom('call_1', 'call_2', 'call:3', '');
const args = fc.oneof(
  fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
  text,
);

const item = fc.oneof(
  fc.record({ type: fc.constant('message'), role: fc.constantFrom('user', 'assistant', 'developer'), content: text }),
  fc.record({
    type: fc.constant('function_call'),
    name: fc.constant('exec_command'),
    call_id: callId,
    arguments: args,
  }),
  fc.record({ type: fc.constant('custom_tool_call'), name: fc.constant('apply_patch'), call_id: callId, input: text }),
  fc.record({ type: fc.constant('function_call_output'), call_id: callId, output: text }),
  fc.record({
    type: fc.constant('custom_tool_call_output'),
    call_id: callId,
    output: fc.array(fc.record({ type: fc.constant('input_text'), text })),
  }),
  fc.record({
    type: fc.constant('reasoning'),
    summary: fc.constant([]),
    encrypted_content: fc.constantFrom(
      'gAAAA',
      sealOpaque({ protocol: 'messages', blocks: [{ type: 'thinking', thinking: 'Hm.', signature: 'Eq==' }] }),
    ),
  }),
);

describe('any request', () => {
  it('becomes turns that the API takes', () => {
    assertProperty(
      fc.property(fc.array(item, { maxLength: 14 }), (input) => {
        const result = responsesMessages.request({ model: 'm', input, tools: TOOLS }, makeContext(ANTHROPIC));
        if ('problem' in result) throw new Error(result.problem.message);
        expectLawfulTurns(result.body.messages);
        expect(validateDocument('messages.request', JSON.stringify(result.body), ['strict'])).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('is translated without an exception', () => {
    const fields = [
      'model',
      'input',
      'instructions',
      'tools',
      'tool_choice',
      'reasoning',
      'text',
      'stop',
      'service_tier',
    ];
    const anything = fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue()));
    const request = fc.oneof(
      fc.dictionary(fc.constantFrom(...fields), anything),
      fc.record({ input: fc.array(mutated(item)), tools: fc.array(mutated(fc.constantFrom(...TOOLS))) }),
    );
    assertProperty(
      fc.property(request, fc.constantFrom(...MESSAGES_DIALECTS), (body, dialect) => {
        responsesMessages.request(body as JsonObject, makeContext(dialect));
      }),
      { numRuns: 250 },
    );
  });
});

/** One field of the object is something else, or gone. */
function mutated(source: fc.Arbitrary<object>): fc.Arbitrary<JsonObject> {
  return fc.tuple(source, fc.nat(7), fc.option(fc.jsonValue(), { nil: undefined })).map(([value, at, other]) => {
    const names = Object.keys(value);
    return { ...value, [names[at % names.length]!]: other };
  });
}

const thinking = fc.record({
  type: fc.constant('thinking'),
  thinking: text,
  signature: fc.constantFrom('Eq+/==', 'Er=='),
});
const redacted = fc.record({ type: fc.constant('redacted_thinking'), data: fc.constantFrom('Em==', 'En==') });
const said = fc.record({ type: fc.constant('text'), text: solid, citations: fc.constant(null) });
const input = fc
  .dictionary(fc.string(), fc.jsonValue())
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
const called = fc.record({ name: fc.constantFrom('exec_command', 'mcp__calc__add'), input });
const patched = fc.record({ name: fc.constant('apply_patch'), input: fc.record({ input: text }) });

/** Content as models of Messages give it: thinking first, calls last. */
const content = fc
  .tuple(
    fc.array(fc.oneof(thinking, redacted), { maxLength: 2 }),
    fc.array(said, { minLength: 1, maxLength: 2 }),
    fc.array(fc.oneof(called, patched), { maxLength: 3 }),
  )
  .map(([thoughts, words, calls]): JsonObject[] => [
    ...thoughts,
    ...words,
    ...calls.map((call, index) => ({ type: 'tool_use', id: `toolu_${index}`, ...call })),
  ]);

const USAGE = { input_tokens: 11, cache_read_input_tokens: 3, cache_creation_input_tokens: 2, output_tokens: 7 };

function messageOf(blocks: JsonObject[], stopReason: string): JsonObject {
  const head = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: blocks };
  return { ...head, stop_reason: stopReason, stop_sequence: null, usage: USAGE };
}

function backContext(): BackContext {
  const context = makeContext(ANTHROPIC);
  const result = responsesMessages.request({ model: 'm', input: 'Hi', tools: TOOLS, stream: true }, context);
  if ('problem' in result) throw new Error(result.problem.message);
  return { ...context, plan: result.plan };
}

/** The message as a stream, its texts cut into pieces of `size` UTF-16 code units. */
function streamOf(blocks: readonly JsonObject[], stopReason: string, size: number): StreamEvent[] {
  const event = (type: string, fields: JsonObject) => ({ name: type, data: JSON.stringify({ type, ...fields }) });
  const start = { ...messageOf([], stopReason), stop_reason: null };
  const events = [event('message_start', { message: start }), event('ping', {})];
  blocks.forEach((block, index) => {
    const { fields, empty, deltas } = PARTS[String(block.type)]!(block, size);
    events.push(event('content_block_start', { index, content_block: { ...block, ...fields, ...empty } }));
    for (const delta of deltas) events.push(event('content_block_delta', { index, delta }));
    events.push(event('content_block_stop', { index }));
  });
  events.push(event('message_delta', { delta: { stop_reason: stopReason, stop_sequence: null }, usage: USAGE }));
  return [...events, event('message_stop', {})];
}

type Parts = (block: JsonObject, size: number) => { fields?: JsonObject; empty: JsonObject; deltas: JsonObject[] };

const PARTS: Readonly<Record<string, Parts>> = {
  text: (block, size) => ({
    empty: { text: '' },
    deltas: pieces(String(block.text), size).map((piece) => ({ type: 'text_delta', text: piece })),
  }),
  thinking: (block, size) => ({
    empty: { thinking: '', signature: '' },
    deltas: [
      ...pieces(String(block.thinking), size).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
      { type: 'signature_delta', signature: block.signature },
    ],
  }),
  redacted_thinking: () => ({ empty: {}, deltas: [] }),
  tool_use: (block, size) => ({
    empty: { input: {} },
    deltas: pieces(JSON.stringify(block.input), size).map((piece) => ({
      type: 'input_json_delta',
      partial_json: piece,
    })),
  }),
};

function pieces(value: string, size: number): string[] {
  const list: string[] = [];
  for (let at = 0; at < value.length; at += size) list.push(value.slice(at, at + size));
  return list;
}

function translateStream(source: readonly StreamEvent[], how: SourceEnd = 'done'): StreamEvent[] {
  const stream = responsesMessages.stream(backContext());
  return [...source.flatMap((event) => stream.push(event).events), ...stream.end(how).events];
}

describe('any answer', () => {
  it('becomes a stream that is right, and the same as the whole answer', () => {
    assertProperty(
      fc.property(
        content,
        fc.constantFrom('end_turn', 'max_tokens', 'refusal'),
        fc.integer({ min: 1, max: 9 }),
        (blocks, reason, size) => {
          const source = streamOf(blocks, reason, size);
          const events = translateStream(source);
          expect(judgeStream('responses', events)).toEqual([]);
          const whole = responsesMessages.response(assembleMessages(parseEvents(source)), backContext());
          expect(assembleResponses(parseEvents(events))).toEqual(whole.body);
          expect(validateDocument('responses.response', JSON.stringify(whole.body), ['strict'])).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('comes back to the provider as it was', () => {
    assertProperty(
      fc.property(content, (blocks) => {
        const { body } = responsesMessages.response(messageOf(blocks, 'tool_use'), backContext());
        const outputs = blocks.flatMap(({ type, id }) =>
          type === 'tool_use' ? [{ type: 'function_call_output', call_id: id, output: 'ok' }] : [],
        );
        const history = [{ role: 'user', content: 'Hi' }, ...(body.output as JsonObject[]), ...outputs];
        const next = responsesMessages.request({ model: 'm', input: history, tools: TOOLS }, makeContext(ANTHROPIC));
        if ('problem' in next) throw new Error(next.problem.message);
        const turns = next.body.messages as { content: JsonObject[] }[];
        expect(turns[1]!.content).toEqual(mergeTexts(blocks));
        const losses = next.losses.map(({ path }) => path).filter((path) => path.startsWith('/input'));
        expect(losses.filter((path) => !path.endsWith('/id'))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('never looks completed when it broke off, wherever', () => {
    const blocks = [
      { type: 'thinking', thinking: 'Hm.', signature: 'Eq==' },
      { type: 'text', text: 'I look.', citations: null },
      { type: 'tool_use', id: 'toolu_1', name: 'exec_command', input: { cmd: 'ls' } },
    ];
    const source = streamOf(blocks, 'tool_use', 3);
    for (let cut = 0; cut < source.length; cut += 1) {
      for (const how of ['truncated', 'error'] as const) {
        const events = translateStream(source.slice(0, cut), how);
        expect(events.at(-1)?.name, `cut before event ${cut}`).toBe('response.failed');
        expect(judgeStream('responses', events).filter(({ severity }) => severity === 'error')).toEqual([]);
      }
    }
    expect(translateStream(source, 'truncated').at(-1)?.name).toBe('response.completed');
  });

  it('is translated without an exception, and ends once', () => {
    const types = [
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'error',
    ];
    const blockTypes = [
      'text',
      'thinking',
      'redacted_thinking',
      'tool_use',
      'server_tool_use',
      'web_search_tool_result',
      'x',
    ];
    const part = fc.record(
      {
        type: fc.constantFrom(...blockTypes, 'text_delta', 'thinking_delta', 'input_json_delta', 'citations_delta'),
        id: fc.jsonValue(),
        name: fc.oneof(fc.constantFrom('web_search', 'apply_patch', 'exec_command'), fc.jsonValue()),
        tool_use_id: fc.jsonValue(),
        input: fc.jsonValue(),
        text: fc.jsonValue(),
        partial_json: fc.jsonValue(),
        citations: fc.jsonValue(),
        citation: fc.jsonValue(),
        stop_reason: fc.oneof(fc.constantFrom('end_turn', 'max_tokens', 'refusal'), fc.jsonValue()),
      },
      { requiredKeys: ['type'] },
    );
    const event = fc.oneof(
      fc.record({
        type: fc.constantFrom(...types),
        index: fc.nat(2),
        content_block: part,
        delta: part,
        usage: fc.jsonValue(),
      }),
      fc.jsonValue(),
    );
    assertProperty(
      fc.property(
        fc.array(event, { maxLength: 12 }),
        fc.constantFrom<SourceEnd>('done', 'truncated'),
        (source, how) => {
          const events = translateStream(
            source.map((data) => ({ name: undefined, data: JSON.stringify(data) })),
            how,
          );
          const terminal = events.filter(({ name }) => /^response\.(?:completed|incomplete|failed)$/.test(name ?? ''));
          expect(terminal).toEqual([events.at(-1)]);
          responsesMessages.response({ content: source, stop_reason: 'end_turn' }, backContext());
        },
      ),
      { numRuns: 250 },
    );
  });
});

/** Texts that follow each other are one message for a client. */
function mergeTexts(blocks: readonly JsonObject[]): JsonObject[] {
  const merged: JsonObject[] = [];
  for (const { citations: _, ...block } of blocks) {
    const last = merged.at(-1);
    if (block.type === 'text' && last?.type === 'text') last.text = `${String(last.text)}${String(block.text)}`;
    else merged.push({ ...block });
  }
  return merged;
}
