import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembleChat } from '../../../src/protocols/chat/assemble.ts';
import { asArray, type JsonObject } from '../../../src/protocols/grammar.ts';
import { assembleResponses } from '../../../src/protocols/responses/assemble.ts';
import { RESPONSES_GRAMMAR } from '../../../src/protocols/responses/grammar.ts';
import type { Dialect } from '../../../src/translate/dialects.ts';
import { findDialect } from '../../../src/translate/dialects.ts';
import { CHAT_DIALECTS } from '../../../src/translate/responses-chat/dialects.ts';
import { responsesChat } from '../../../src/translate/responses-chat/hop.ts';
import type { BackContext, RequestTranslation, SourceEnd, StreamStep } from '../../../src/translate/types.ts';
import { readCodexRequests } from '../../helpers/codex-requests.ts';
import { assertProperty } from '../../helpers/properties.ts';
import { judgeStream, makeBackContext, makeContext, parseEvents } from '../../helpers/translate.ts';

const DEEPSEEK = findDialect('deepseek', 'chat')!;

const RUN = { type: 'function', name: 'run', strict: false, parameters: { type: 'object', properties: {} } };

const TOOLS: JsonObject = {
  tools: [
    RUN,
    { type: 'custom', name: 'apply_patch' },
    { type: 'namespace', name: 'mcp__calc', description: '', tools: [{ ...RUN, name: 'add' }] },
    { type: 'tool_search', execution: 'client' },
  ],
};

/** A message of a model, as a provider would tell it, and where its chunks are cut. */
interface Said {
  thoughts: string;
  text: string;
  calls: { name: string; arguments: string }[];
  cuts: number[];
}

const words = fc.string({ unit: 'grapheme', maxLength: 10 }).map((text) => text.replace(/\p{Surrogate}/gu, '?'));
const patch = fc.string({ unit: 'binary', maxLength: 12 }).map((input) => input.replace(/\p{Surrogate}/gu, '?'));
const call = fc.oneof(
  fc.record({ name: fc.constantFrom('run', 'mcp__calc__add', 'unknown'), arguments: jsonObject() }),
  fc.record({ name: fc.constant('apply_patch'), arguments: patch.map((input) => JSON.stringify({ input })) }),
  fc.record({ name: fc.constant('tool_search'), arguments: jsonObject() }),
);
const said: fc.Arbitrary<Said> = fc.record({
  thoughts: words,
  text: words,
  calls: fc.array(call, { maxLength: 3 }),
  cuts: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 5 }),
});

function jsonObject(): fc.Arbitrary<string> {
  return fc
    .dictionary(words, fc.oneof(words, fc.integer(), fc.boolean()), { maxKeys: 3, noNullPrototype: true })
    .map((value) => JSON.stringify(value));
}

function pieces(text: string, cuts: readonly number[]): string[] {
  const out: string[] = [];
  for (let at = 0, i = 0; at < text.length; i += 1) {
    const length = 1 + cuts[i % cuts.length]!;
    out.push(text.slice(at, at + length));
    at += length;
  }
  return out;
}

function chunksOf({ thoughts, text, calls, cuts }: Said): JsonObject[] {
  const delta = (fields: JsonObject, finish: string | null = null): JsonObject => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'x',
    choices: [{ index: 0, delta: fields, finish_reason: finish }],
  });
  return [
    delta({ role: 'assistant', content: '' }),
    ...pieces(thoughts, cuts).map((piece) => delta({ reasoning_content: piece })),
    ...pieces(text, cuts).map((piece) => delta({ content: piece })),
    ...calls.flatMap((one, index) => [
      delta({
        tool_calls: [{ index, id: `call_${index}`, type: 'function', function: { name: one.name, arguments: '' } }],
      }),
      ...pieces(one.arguments, cuts).map((piece) => delta({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
    delta({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    { ...delta({}), choices: [], usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
  ];
}

function planOf(request: JsonObject, dialect: Dialect = DEEPSEEK): RequestTranslation {
  const result = responsesChat.request(request, makeContext(dialect));
  if ('problem' in result) throw new Error(result.problem.message);
  return result;
}

function backContext(request: JsonObject = TOOLS): BackContext {
  return makeBackContext(DEEPSEEK, request, planOf(request).plan);
}

function run(data: readonly string[], end: SourceEnd, context: BackContext = backContext()): StreamStep {
  const stream = responsesChat.stream(context);
  const steps = data.map((one) => stream.push({ name: undefined, data: one }));
  steps.push(stream.end(end));
  return { events: steps.flatMap(({ events }) => events), losses: steps.flatMap(({ losses }) => losses) };
}

/** Ids as they appear: `msg_3` becomes the n-th. */
function renumber(value: unknown): unknown {
  const seen = new Map<string, string>();
  const text = JSON.stringify(value).replace(/"(?:resp|msg|rs|fc|ctc|ts|call)_\d+"/g, (id) => {
    if (!seen.has(id)) seen.set(id, `"id-${seen.size}"`);
    return seen.get(id)!;
  });
  return JSON.parse(text) as unknown;
}

describe('a stream and the whole answer', () => {
  it('say the same', () => {
    assertProperty(
      fc.property(said, (message) => {
        const chunks = chunksOf(message);
        const { events } = run([...chunks.map((chunk) => JSON.stringify(chunk)), '[DONE]'], 'done');
        const streamed = assembleResponses(parseEvents(events));
        const whole = responsesChat.response(assembleChat(chunks), backContext()).body;
        expect(renumber(streamed)).toEqual(renumber(whole));
      }),
      { numRuns: 150 },
    );
  });
});

describe('a stream', () => {
  it('is valid and grammatical, with one terminal event, and completed only when it is whole', () => {
    assertProperty(
      fc.property(said, fc.nat(), fc.constantFrom<SourceEnd>('truncated', 'error', 'done'), (message, at, end) => {
        const data = [...chunksOf(message).map((chunk) => JSON.stringify(chunk)), '[DONE]'];
        const kept = data.slice(0, at % (data.length + 1));
        const { events } = run(kept, end);
        expect(judgeStream('responses', events)).toEqual([]);
        const whole = kept.length === data.length || (end === 'done' && kept.length >= data.length - 2);
        expect(events.at(-1)?.name).toBe(whole ? 'response.completed' : 'response.failed');
        const done = parseEvents(events).filter(({ type }) => type === 'response.output_item.done');
        if (!whole) for (const { item } of done) expect(JSON.stringify(item)).not.toContain('"incomplete"');
      }),
      { numRuns: 60 },
    );
  });

  it('never throws and always ends, whatever the chunks are', () => {
    const choice = fc.record(
      {
        index: fc.oneof(fc.nat({ max: 2 }), fc.jsonValue()),
        finish_reason: fc.oneof(fc.constantFrom('stop', 'length', null), fc.jsonValue()),
        delta: fc.oneof(
          fc.jsonValue(),
          fc.record(
            {
              content: fc.oneof(fc.string(), fc.jsonValue()),
              reasoning: fc.oneof(fc.string(), fc.jsonValue()),
              reasoning_details: fc.jsonValue(),
              refusal: fc.oneof(fc.string(), fc.jsonValue()),
              annotations: fc.jsonValue(),
              function_call: fc.jsonValue(),
              tool_calls: fc.oneof(
                fc.jsonValue(),
                fc.array(
                  fc.record(
                    {
                      index: fc.oneof(fc.nat({ max: 2 }), fc.jsonValue()),
                      id: fc.oneof(fc.string({ maxLength: 3 }), fc.jsonValue()),
                      function: fc.oneof(
                        fc.jsonValue(),
                        fc.record(
                          { name: fc.string({ maxLength: 3 }), arguments: fc.jsonValue() },
                          { requiredKeys: [] },
                        ),
                      ),
                    },
                    { requiredKeys: [] },
                  ),
                ),
              ),
            },
            { requiredKeys: [] },
          ),
        ),
        logprobs: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const chunk = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ choices: fc.array(choice), usage: fc.jsonValue(), error: fc.constant(null) }),
      },
      { weight: 1, arbitrary: fc.jsonValue() },
    );
    const data = fc.oneof({ weight: 6, arbitrary: chunk.map((value) => JSON.stringify(value)) }, fc.string());
    assertProperty(
      fc.property(fc.array(data, { maxLength: 6 }), fc.boolean(), (list, marked) => {
        const { events } = run(marked ? [...list, '[DONE]'] : list, 'done');
        const broken = RESPONSES_GRAMMAR.check(events, 'complete').map(({ rule }) => rule);
        expect(broken.filter((rule) => rule !== 'items-overlap')).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a whole answer', () => {
  it('never throws', () => {
    const message = fc.record({ message: fc.jsonValue(), finish_reason: fc.jsonValue(), logprobs: fc.jsonValue() });
    const body = fc.oneof(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.record({ choices: fc.oneof(fc.array(message), fc.jsonValue()), usage: fc.jsonValue(), error: fc.jsonValue() }),
    );
    assertProperty(
      fc.property(body, (value) => {
        const { status } = responsesChat.response(value as JsonObject, backContext()).body;
        expect(['completed', 'incomplete', 'failed']).toContain(status);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a request', () => {
  const REQUESTS = readCodexRequests();

  it('never throws, whatever it is', () => {
    const item = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          type: fc.constantFrom(
            'message',
            'reasoning',
            'function_call',
            'function_call_output',
            'custom_tool_call',
            'local_shell_call',
            'tool_search_call',
            'tool_search_output',
            'compaction',
            'configuration_update',
            'image_generation_call',
          ),
          role: fc.constantFrom('user', 'assistant', 'system', 'developer'),
          content: fc.jsonValue(),
          summary: fc.jsonValue(),
          output: fc.jsonValue(),
          call_id: fc.constantFrom('a', 'b', ''),
          arguments: fc.jsonValue(),
          action: fc.jsonValue(),
          tools: fc.jsonValue(),
          result: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    );
    const request = fc.record(
      {
        input: fc.oneof(fc.array(item), fc.jsonValue()),
        instructions: fc.jsonValue(),
        tools: fc.oneof(
          fc.jsonValue(),
          fc.array(
            fc.record({
              type: fc.constantFrom('function', 'custom', 'namespace', 'tool_search', 'x'),
              name: fc.jsonValue(),
              tools: fc.jsonValue(),
              parameters: fc.jsonValue(),
              format: fc.jsonValue(),
            }),
          ),
        ),
        tool_choice: fc.jsonValue(),
        text: fc.jsonValue(),
        reasoning: fc.jsonValue(),
        include: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    assertProperty(
      fc.property(request, fc.constantFrom(...CHAT_DIALECTS), (value, dialect) => {
        const result = responsesChat.request(value as JsonObject, makeContext(dialect));
        if ('problem' in result) return;
        for (const message of result.body.messages as JsonObject[]) expect(message.role).toBeTypeOf('string');
      }),
      { numRuns: 300 },
    );
  });

  it('never throws on a request of Codex with one value replaced', () => {
    assertProperty(
      fc.property(fc.nat(), fc.array(fc.nat(), { maxLength: 6 }), fc.jsonValue(), (which, path, value) => {
        const body = structuredClone(REQUESTS[which % REQUESTS.length]!.body);
        replaceAt(body, path, value);
        responsesChat.request(body, makeContext(DEEPSEEK));
      }),
      { numRuns: 200 },
    );
  });

  it('takes an answer of its own back as the provider gave it', () => {
    assertProperty(
      fc.property(said, (message) => {
        const completion = assembleChat(chunksOf(message));
        const { body } = responsesChat.response(completion, backContext());
        const output = asArray(body.output) as JsonObject[];
        const input: JsonObject[] = [
          { type: 'message', role: 'user', content: 'Hi' },
          ...output,
          ...outputsFor(output),
        ];
        const [, assistant] = planOf({ ...TOOLS, input }).body.messages as JsonObject[];
        const { content, reasoning_content, tool_calls } = completion.choices[0]!.message;
        expect(assistant?.content ?? '').toBe(content ?? '');
        expect(namedCalls(assistant?.tool_calls)).toEqual(namedCalls(tool_calls));
        if (message.calls.length > 0) expect(assistant?.reasoning_content ?? '').toBe(reasoning_content ?? '');
      }),
      { numRuns: 150 },
    );
  });
});

/** Custom tools and searches say their arguments anew; the values stay. */
function namedCalls(calls: unknown): unknown[] {
  return asArray(calls).map((value) => {
    const { id, function: called } = value as { id: string; function: { name: string; arguments: string } };
    return { id, name: called.name, arguments: JSON.parse(called.arguments) as unknown };
  });
}

function outputsFor(output: readonly JsonObject[]): JsonObject[] {
  const calls = output.filter(({ call_id }) => call_id !== undefined);
  return calls.map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'done' }));
}

/** Follows the path as far as it goes, each step modulo the number of fields, and puts the value there. */
function replaceAt(target: JsonObject, path: readonly number[], value: unknown): void {
  let at = target;
  for (const [i, step] of path.entries()) {
    const keys = Object.keys(at);
    if (keys.length === 0) return;
    const key = keys[step % keys.length]!;
    const child = at[key];
    if (i === path.length - 1 || typeof child !== 'object' || child === null) {
      at[key] = value;
      return;
    }
    at = child as JsonObject;
  }
}
