import { parseArgs } from 'node:util';
import { asObject, type JsonObject, parseData } from '../src/protocols/grammar.ts';
import { createContext } from '../src/translate/context.ts';
import { defaultDialect } from '../src/translate/dialects.ts';
import { HOPS } from '../src/translate/hops.ts';
import type { BackContext, Hop, StreamEvent, TranslateContext } from '../src/translate/types.ts';
import type { Protocol } from '../src/util/types.ts';
import { median } from './statistics.ts';

/**
 * What translating costs beside what any program that touches JSON pays: `JSON.parse` and `JSON.stringify` of the same bytes, measured
 * in turns in the same run.
 */
const USAGE = `npx tsx bench/translate.ts [--json] [--rounds N]`;

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    help: { type: 'boolean', default: false },
  },
});

const WORDS =
  'the agent reads a file then it runs the tests and writes a patch that makes them "pass" before it ends\n';

function prose(chars: number): string {
  return WORDS.repeat(Math.ceil(chars / WORDS.length)).slice(0, chars);
}

/** A Codex-like request of about so many bytes, a tenth of it instructions, in the protocol of a client. */
const REQUESTS: Readonly<Record<Protocol, (bytes: number) => JsonObject>> = {
  responses: (bytes) => ({
    model: 'bench',
    instructions: prose(bytes / 10),
    input: turns(bytes * 0.7).flatMap(({ text, args, output }, i) => [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
      { type: 'function_call', call_id: `call_${i}`, name: 'tool_1', arguments: JSON.stringify({ path: args }) },
      { type: 'function_call_output', call_id: `call_${i}`, output },
    ]),
    tools: tools().map((tool) => ({ type: 'function', strict: false, ...tool })),
    tool_choice: 'auto',
    parallel_tool_calls: false,
    stream: true,
    store: false,
  }),
  chat: (bytes) => ({
    model: 'bench',
    messages: [
      { role: 'system', content: prose(bytes / 10) },
      ...turns(bytes * 0.7).flatMap(({ text, args, output }, i) => {
        const call = { name: 'tool_1', arguments: JSON.stringify({ path: args }) };
        return [
          { role: 'user', content: text },
          { role: 'assistant', content: null, tool_calls: [{ id: `call_${i}`, type: 'function', function: call }] },
          { role: 'tool', tool_call_id: `call_${i}`, content: output },
        ];
      }),
    ],
    tools: tools().map((tool) => ({ type: 'function', function: tool })),
    stream: true,
  }),
  messages: (bytes) => ({
    model: 'bench',
    max_tokens: 4096,
    system: prose(bytes / 10),
    messages: turns(bytes * 0.7).flatMap(({ text, args, output }, i) => [
      { role: 'user', content: text },
      { role: 'assistant', content: [{ type: 'tool_use', id: `call_${i}`, name: 'tool_1', input: { path: args } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: `call_${i}`, content: output }] },
    ]),
    tools: tools().map(({ parameters, ...tool }) => ({ ...tool, input_schema: parameters })),
    stream: true,
  }),
};

function turns(bytes: number): { text: string; args: string; output: string }[] {
  const each = 2500;
  return Array.from({ length: Math.max(1, Math.round(bytes / each)) }, (_, i) => ({
    text: `${i} ${prose(300)}`,
    args: `src/file-${i}.ts`,
    output: prose(each - 500),
  }));
}

function tools(): { name: string; description: string; parameters: JsonObject }[] {
  const text = { type: 'string', description: prose(150) };
  return Array.from({ length: 10 }, (_, i) => ({
    name: `tool_${i}`,
    description: prose(300),
    parameters: { type: 'object', properties: { path: text, text }, required: ['path'], additionalProperties: false },
  }));
}

const DELTAS = 20_000;

/** A provider's stream of text deltas, without its beginning and its end: those cost the same however long it is. */
const STREAMS: Readonly<Record<Protocol, { before: StreamEvent[]; delta: StreamEvent }>> = {
  responses: {
    before: [
      named({
        type: 'response.created',
        sequence_number: 0,
        response: { id: 'resp_1', status: 'in_progress', output: [] },
      }),
      named({
        type: 'response.output_item.added',
        sequence_number: 1,
        output_index: 0,
        item: { type: 'message', id: 'msg_1', role: 'assistant', status: 'in_progress', content: [] },
      }),
      named({
        type: 'response.content_part.added',
        sequence_number: 2,
        item_id: 'msg_1',
        output_index: 0,
        content_index: 0,
        part: { type: 'output_text', text: '', annotations: [] },
      }),
    ],
    delta: named({
      type: 'response.output_text.delta',
      sequence_number: 1000,
      item_id: 'msg_0001',
      output_index: 0,
      content_index: 0,
      delta: ' reads',
    }),
  },
  chat: {
    before: [],
    delta: {
      name: undefined,
      data: JSON.stringify({
        id: 'chatcmpl-0001',
        object: 'chat.completion.chunk',
        created: 1_700_000_000,
        model: 'bench',
        choices: [{ index: 0, delta: { content: ' reads' }, logprobs: null, finish_reason: null }],
      }),
    },
  },
  messages: {
    before: [
      named({
        type: 'message_start',
        message: { id: 'msg_1', type: 'message', role: 'assistant', content: [], usage: {} },
      }),
      named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    ],
    delta: named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' reads' } }),
  },
};

function named(data: { type: string; [field: string]: unknown }): StreamEvent {
  return { name: data.type, data: JSON.stringify(data) };
}

/** Microseconds of one call, over at least 200 ms. */
function timeOf(work: () => void): number {
  let calls = 0;
  const began = performance.now();
  while (performance.now() - began < 200) {
    work();
    calls += 1;
  }
  return ((performance.now() - began) * 1000) / calls;
}

function contextOf(hop: Hop): TranslateContext {
  return createContext('1700000000000-bench', defaultDialect(hop.upstream));
}

function translated(hop: Hop, body: JsonObject) {
  const result = hop.request(body, contextOf(hop));
  if ('problem' in result) throw new Error(result.problem.message);
  return result;
}

interface Row {
  hop: string;
  what: string;
  /** Microseconds, medians of the rounds; `floor` is parse and stringify of the same bytes. */
  us: number;
  floor: number;
  /** Median of the rounds' ratios. */
  ratio: number;
}

function measureRequest(hop: Hop, bytes: number, rounds: number): Row {
  const text = JSON.stringify(REQUESTS[hop.client](bytes));
  const work = () => JSON.stringify(translated(hop, asObject(parseData(text)) ?? {}).body);
  const floor = () => JSON.stringify(JSON.parse(text));
  return compare(
    `${hop.client}->${hop.upstream}`,
    `request of ${Math.round(text.length / 1024)} KB`,
    work,
    floor,
    rounds,
  );
}

function measureStream(hop: Hop, rounds: number): Row {
  const { plan } = translated(hop, REQUESTS[hop.client](1000));
  const context: BackContext = { ...contextOf(hop), plan };
  const { before, delta } = STREAMS[hop.upstream];
  let out = 0;
  const work = () => {
    const stream = hop.stream(context);
    for (const event of before) stream.push(event);
    for (let i = 0; i < DELTAS; i++) for (const { data } of stream.push(delta).events) out += data.length;
  };
  const floor = () => {
    for (let i = 0; i < DELTAS; i++) out += JSON.stringify(JSON.parse(delta.data)).length;
  };
  const row = compare(`${hop.upstream}->${hop.client}`, 'delta event', work, floor, rounds);
  if (out === 0) throw new Error(`${row.hop} gives nothing for a delta`);
  return { ...row, us: row.us / DELTAS, floor: row.floor / DELTAS };
}

function compare(hop: string, what: string, work: () => void, floor: () => void, rounds: number): Row {
  timeOf(work);
  timeOf(floor);
  const pairs = Array.from({ length: rounds }, () => ({ us: timeOf(work), floor: timeOf(floor) }));
  return {
    hop,
    what,
    us: median(pairs.map((pair) => pair.us)),
    floor: median(pairs.map((pair) => pair.floor)),
    ratio: median(pairs.map((pair) => pair.us / pair.floor)),
  };
}

if (flags.help) process.stdout.write(`${USAGE}\n`);
else {
  const rounds = Number(flags.rounds);
  const rows = HOPS.flatMap((hop) => [
    measureRequest(hop, 40 * 1024, rounds),
    measureRequest(hop, 1024 * 1024, rounds),
    measureStream(hop, rounds),
  ]);
  if (flags.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else {
    process.stdout.write('| direction | what | µs | ÷ parse and stringify | events/s |\n|---|---|---:|---:|---:|\n');
    for (const { hop, what, us, ratio } of rows) {
      const rate = what === 'delta event' ? Math.round(1e6 / us).toLocaleString('en') : '';
      process.stdout.write(`| ${hop} | ${what} | ${us.toFixed(us < 10 ? 2 : 0)} | ${ratio.toFixed(2)} | ${rate} |\n`);
    }
  }
}
