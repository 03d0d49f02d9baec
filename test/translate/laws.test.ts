import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asArray, asObject, type JsonObject } from '../../src/protocols/grammar.ts';
import { assembleResponses } from '../../src/protocols/responses/assemble.ts';
import { translateStream } from '../../src/proxy/translated/answer.ts';
import { type Dialect, findDialect } from '../../src/translate/dialects.ts';
import { findHop, HOPS } from '../../src/translate/hops.ts';
import type { BackContext, Hop } from '../../src/translate/types.ts';
import { toUtf8 } from '../../src/util/bytes.ts';
import type { Loss, Protocol } from '../../src/util/types.ts';
import { readCodexRequests } from '../helpers/codex-requests.ts';
import { assertProperty } from '../helpers/properties.ts';
import { makeBackContext, makeContext, parseEvents } from '../helpers/translate.ts';
import { HUB, PROVIDERS, plansOf, runRequest, silentLeaves } from './coverage/judge.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/translations/', import.meta.url));

const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((text) => `say ${text.trim()}.`.normalize());
const name = fc.constantFrom('run', 'view_image', 'mcp__calc__add');

/** What a user, a model and its tools may have said to each other. */
const conversation: fc.Arbitrary<JsonObject[]> = fc
  .array(
    fc.oneof(
      words.map((text): JsonObject[] => [{ type: 'message', role: 'user', content: [{ type: 'input_text', text }] }]),
      words.map((text): JsonObject[] => [
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] },
      ]),
      fc.record({ name, place: words, output: words }).map(({ name, place, output }): JsonObject[] => [
        { type: 'function_call', call_id: 'CALL', name, arguments: JSON.stringify({ place }) },
        { type: 'function_call_output', call_id: 'CALL', output },
      ]),
      fc.record({ input: words, output: words }).map(({ input, output }): JsonObject[] => [
        { type: 'custom_tool_call', call_id: 'CALL', name: 'apply_patch', input },
        { type: 'custom_tool_call_output', call_id: 'CALL', output },
      ]),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((turns) =>
    turns.flatMap((items, turn) =>
      items.map((item) => ('call_id' in item ? { ...item, call_id: `call_${turn}` } : item)),
    ),
  );

const request: fc.Arbitrary<JsonObject> = fc.record(
  {
    model: fc.constant('model_1'),
    instructions: words,
    input: conversation,
    tools: fc.subarray([
      {
        type: 'function',
        name: 'run',
        description: 'Runs it.',
        strict: true,
        parameters: { type: 'object', properties: { place: { type: 'string' } } },
      },
      {
        type: 'custom',
        name: 'apply_patch',
        description: 'Patches.',
        format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
      },
      {
        type: 'namespace',
        name: 'mcp__calc',
        description: 'Sums.',
        tools: [{ type: 'function', name: 'add', parameters: { type: 'object' } }],
      },
    ]),
    tool_choice: fc.constantFrom('auto', 'none', 'required'),
    parallel_tool_calls: fc.boolean(),
    max_output_tokens: fc.integer({ min: 2000, max: 9000 }),
    temperature: fc.constantFrom(0.25, 1),
    reasoning: fc.record({ effort: fc.constantFrom('low', 'high') }),
    stream: fc.boolean(),
    store: fc.boolean(),
  },
  { requiredKeys: ['model', 'input'] },
);

describe.each(['chat', 'messages'] as const)('responses to %s and back', (middle) => {
  const hops = [findHop('responses', middle)!, findHop(middle, 'responses')!];

  it('keeps all that no loss names', () => {
    assertProperty(
      fc.property(request, (body) => {
        const stages = runRequest(body, hops);
        expect('problem' in stages ? stages : silentLeaves(stages)).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  it('keeps it of every request of Codex', () => {
    for (const { version, scenario, body } of readCodexRequests().filter((_, index) => index % 3 === 0)) {
      const stages = runRequest(body, hops);
      if (!('problem' in stages)) expect(silentLeaves(stages), `${version} ${scenario}`).toEqual([]);
    }
  });
});

const COMPOSED: [Protocol, Protocol, string, string][] = [
  ['chat', 'messages', 'chat-responses', 'responses-messages'],
  ['messages', 'chat', 'messages-responses', 'responses-chat'],
];

describe.each(COMPOSED)('%s to %s', (client, upstream, there, back) => {
  const whole = findHop(client, upstream)!;
  const first = findHop(client, 'responses')!;
  const second = findHop('responses', upstream)!;
  const dialect = PROVIDERS[upstream];

  it('is one hop after the other, and loses what both of them lose', () => {
    for (const [name, body] of readFixtures(there, 'request.json')) {
      const result = whole.request(JSON.parse(body), makeContext(dialect));
      // Both hops make ids of their own from one context.
      const context = makeContext(dialect);
      const outer = first.request(JSON.parse(body), { ...context, dialect: HUB });
      if ('problem' in outer || 'problem' in result) {
        expect('problem' in result, name).toBe('problem' in outer);
        continue;
      }
      const inner = second.request(outer.body, context);
      expect({ body: result.body, losses: result.losses }, name).toEqual(
        'problem' in inner ? {} : { body: inner.body, losses: [...outer.losses, ...inner.losses] },
      );
    }
  });

  it('tells answers one after the other, with the losses of both', () => {
    const plans = [...plansOf(client, upstream).values()];
    const plan = { ...plans[0]!, inner: plans[1]! };
    for (const [name, text] of readFixtures(back, 'response.json')) {
      const context = makeContext(dialect);
      const result = whole.response(JSON.parse(text), { ...makeContext(dialect), plan });
      const inner = second.response(JSON.parse(text), { ...context, plan: plans[1]! });
      const outer = first.response(inner.body, { ...context, dialect: HUB, plan });
      expect({ body: result.body, losses: result.losses }, name).toEqual({
        body: outer.body,
        losses: [...inner.losses, ...outer.losses],
      });
    }
  });
});

function readFixtures(folder: string, file: string): [name: string, text: string][] {
  return readdirSync(FIXTURES + folder)
    .map((name) => [name, `${FIXTURES}${folder}/${name}/${file}`] as const)
    .filter(([, path]) => existsSync(path))
    .map(([name, path]) => [name, readFileSync(path, 'utf8')]);
}

/** A turn of a model, whoever tells it. */
interface Turn {
  thoughts: string;
  text: string;
  calls: { name: string; arguments: string }[];
}

const turn: fc.Arbitrary<Turn> = fc.record({
  thoughts: fc.oneof(words, fc.constant('')),
  text: words,
  calls: fc.array(
    fc.oneof(
      fc.record({ name, arguments: words.map((place) => JSON.stringify({ place })) }),
      words.map((input) => ({ name: 'apply_patch', arguments: JSON.stringify({ input }) })),
    ),
    { maxLength: 3 },
  ),
});

const TOLD_TOOLS: JsonObject[] = [
  ...['run', 'view_image'].map((one) => ({
    type: 'function',
    name: one,
    strict: false,
    parameters: { type: 'object' },
  })),
  {
    type: 'namespace',
    name: 'mcp__calc',
    description: '',
    tools: [{ type: 'function', name: 'add', parameters: { type: 'object' } }],
  },
  { type: 'custom', name: 'apply_patch', format: { type: 'text' } },
];

type Teller = (turn: Turn) => { name?: string; data: JsonObject | '[DONE]' }[];

const TELLERS: Readonly<Record<'chat' | 'messages', { dialect: Dialect; tell: Teller }>> = {
  chat: { dialect: findDialect('deepseek', 'chat')!, tell: tellChat },
  messages: { dialect: findDialect('anthropic', 'messages')!, tell: tellMessages },
};

function tellChat({ thoughts, text, calls }: Turn) {
  const chunk = (delta: JsonObject, reason: string | null = null) => ({
    data: { choices: [{ index: 0, delta, finish_reason: reason }] },
  });
  return [
    ...(thoughts === '' ? [] : [chunk({ reasoning_content: thoughts })]),
    chunk({ content: text }),
    ...calls.map((call, index) =>
      chunk({ tool_calls: [{ index, id: `call_${index}`, type: 'function', function: call }] }),
    ),
    chunk({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    { data: { choices: [], usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 } } },
    { data: '[DONE]' as const },
  ];
}

function tellMessages({ thoughts, text, calls }: Turn) {
  const blocks: [JsonObject, JsonObject][] = [
    ...(thoughts === ''
      ? []
      : [
          [
            { type: 'thinking', thinking: '', signature: '' },
            { type: 'thinking_delta', thinking: thoughts },
          ] as [JsonObject, JsonObject],
        ]),
    [
      { type: 'text', text: '' },
      { type: 'text_delta', text },
    ],
    ...calls.map((call, index): [JsonObject, JsonObject] => [
      { type: 'tool_use', id: `call_${index}`, name: call.name, input: {} },
      { type: 'input_json_delta', partial_json: call.arguments },
    ]),
  ];
  const event = (data: JsonObject) => ({ name: String(data.type), data });
  return [
    event({ type: 'message_start', message: { id: 'm', content: [], usage: { input_tokens: 5, output_tokens: 1 } } }),
    ...blocks.flatMap(([content_block, delta], index) => [
      event({ type: 'content_block_start', index, content_block }),
      event({ type: 'content_block_delta', index, delta }),
      event({ type: 'content_block_stop', index }),
    ]),
    event({
      type: 'message_delta',
      delta: { stop_reason: calls.length > 0 ? 'tool_use' : 'end_turn' },
      usage: { output_tokens: 3 },
    }),
    event({ type: 'message_stop' }),
  ];
}

/** What OpenAI would tell of the turn: the items as Codex keeps them. */
function itemsOf({ thoughts, text, calls }: Turn): JsonObject[] {
  return [
    ...(thoughts === '' ? [] : [{ type: 'reasoning', summary: thoughts }]),
    { type: 'message', text },
    ...calls.map(({ name: called, arguments: args }, index) => ({ call_id: `call_${index}`, ...callOf(called, args) })),
  ];
}

function callOf(called: string, args: string): JsonObject {
  if (called === 'apply_patch') return { type: 'custom_tool_call', name: called, input: JSON.parse(args).input };
  const call = { type: 'function_call', name: called, arguments: args };
  return called === 'mcp__calc__add' ? { ...call, name: 'add', namespace: 'mcp__calc' } : call;
}

/** An item by what Codex does with it. */
function plainItem(value: unknown): JsonObject {
  const { type, content, summary, call_id, name: called, namespace, arguments: args, input } = asObject(value) ?? {};
  const textOf = (parts: unknown) =>
    asArray(parts)
      .map((part) => asObject(part)?.text)
      .join('');
  if (type === 'reasoning') return { type, summary: textOf(summary) };
  if (type === 'message') return { type, text: textOf(content) };
  const call = { type, call_id, name: called, ...(namespace != null && { namespace }) };
  return type === 'function_call' ? { ...call, arguments: args } : { ...call, input };
}

it('the same turn is the same to Codex, whichever provider tells it', () => {
  const client = { model: 'model_1', input: 'Go.', stream: true, tools: TOLD_TOOLS };
  assertProperty(
    fc.property(turn, (told) => {
      const answers = Object.entries(TELLERS).map(([upstream, { dialect, tell }]) => {
        const hop = findHop('responses', upstream as Protocol)!;
        const result = hop.request(client, makeContext(dialect));
        if ('problem' in result) throw new Error(result.problem.message);
        const stream = hop.stream({ ...makeContext(dialect), plan: result.plan });
        const steps = tell(told).map((event) =>
          stream.push({
            name: 'name' in event ? event.name : undefined,
            data: event.data === '[DONE]' ? event.data : JSON.stringify(event.data),
          }),
        );
        const response = assembleResponses(parseEvents([...steps, stream.end('done')].flatMap(({ events }) => events)));
        const { input_tokens, output_tokens, total_tokens } = asObject(response.usage) ?? {};
        return {
          items: asArray(response.output).map(plainItem),
          status: response.status,
          input_tokens,
          output_tokens,
          total_tokens,
        };
      });
      const usual = { items: itemsOf(told), status: 'completed', input_tokens: 5, output_tokens: 3, total_tokens: 8 };
      expect(answers).toEqual([usual, usual]);
    }),
    { numRuns: 80 },
  );
});

const DIALECTS: Readonly<Record<Protocol, Dialect>> = { ...PROVIDERS, chat: findDialect('deepseek', 'chat')! };

/** The text that a client is sent for these reads, and what was lost. */
function readIn(hop: Hop, chunks: readonly Uint8Array[]): { text: string; losses: Loss[] } {
  const losses: Loss[] = [];
  const context: BackContext = makeBackContext(DIALECTS[hop.upstream]);
  const answer = translateStream(hop, context, (more) => losses.push(...more));
  return { text: chunks.map((chunk) => answer.push(chunk)).join('') + answer.end('done'), losses };
}

function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...new Set(places), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const FOLDERS = HOPS.filter(({ client, upstream }) => client === 'responses' || upstream === 'responses').map(
  (hop) => [`${hop.client}-${hop.upstream}`, hop] as const,
);

describe.each(FOLDERS)('every stream of %s', (folder, hop) => {
  const streams = readFixtures(folder, 'stream.sse').map(([name, text]) => [name, toUtf8(text)] as const);

  it('gives the same, whole, byte by byte and cut anywhere', () => {
    for (const [name, bytes] of streams.filter(([, { length }]) => length > 0 && length < 20_000)) {
      const whole = readIn(hop, [bytes]);
      expect(
        readIn(
          hop,
          Array.from(bytes, (byte) => Uint8Array.of(byte)),
        ),
        name,
      ).toEqual(whole);
      assertProperty(
        fc.property(fc.array(fc.nat({ max: bytes.length - 1 }), { maxLength: 8 }), (places) => {
          expect(readIn(hop, cutAt(bytes, places)), name).toEqual(whole);
        }),
        { numRuns: 3 },
      );
    }
  });

  it('gives the same for a cut at every place: characters, line ends and escapes', () => {
    const bytes = toUtf8(ODD_STREAMS[hop.upstream].join(''));
    const whole = readIn(hop, [bytes]);
    expect(whole.text).toContain('ß\u{1F600}');
    for (let at = 1; at < bytes.length; at += 1) expect(readIn(hop, cutAt(bytes, [at])), `cut at ${at}`).toEqual(whole);
  });
});

const ODD = JSON.stringify('ß\u{1F600} "q" \\ \u0001');
const ESCAPED = '"\\u00df\\ud83d\\ude00\\n"';

/** Short streams with comments, CRLF, CR, characters of four bytes and escapes. */
const ODD_STREAMS: Readonly<Record<Protocol, readonly string[]>> = {
  chat: [
    ': hello\r\n\r\n',
    `data: {"choices":[{"index":0,"delta":{"content":${ODD}}}]}\r\n\r\n`,
    `data:{"choices":[{"index":0,"delta":{"content":${ESCAPED}},"finish_reason":"stop"}]}\r\r`,
    'data: [DONE]\n\n',
  ],
  messages: [
    'event: message_start\r\ndata: {"type":"message_start","message":{"id":"m","content":[]}}\r\n\r\n',
    'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n: ping\n\n',
    `data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":${ODD}}}\r\r`,
    `data:{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":${ESCAPED}}}\n\n`,
    'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\ndata: {"type":"message_stop"}\n\n',
  ],
  responses: [
    ': hello\r\n\r\ndata: {"type":"response.created","response":{"id":"r"}}\r\n\r\n',
    'data: {"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"i","content":[]}}\r\r',
    `data: {"type":"response.output_text.delta","output_index":0,"item_id":"i","content_index":0,"delta":${ODD}}\n\n`,
    `data:{"type":"response.output_text.delta","output_index":0,"item_id":"i","content_index":0,"delta":${ESCAPED}}\n\n`,
    'data: {"type":"response.completed","response":{"id":"r","status":"completed","output":[]}}\n\n',
  ],
};
