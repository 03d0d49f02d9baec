import { asArray, asObject, asString, type JsonObject } from '../../../src/protocols/grammar.ts';
import type { Protocol } from '../../../src/util/types.ts';
import type { Sampled } from './judge.ts';

/** Puts a sample into a request that is minimal and sensible. */
export type Wrap = (sample: unknown) => Pick<Sampled, 'document' | 'path' | 'bare'>;

const MODEL = 'model_1';

function at(document: (sample?: unknown) => JsonObject, path: string): Wrap {
  return (sample) => ({ document: document(sample), path, bare: document() });
}

/** Without the sample, the list in which it stands is shorter. */
function list(...values: unknown[]): unknown[] {
  return values.filter((value) => value !== undefined);
}

/** Items that are answered by another one, which has the same `call_id`. */
const OUTPUTS: Readonly<Record<string, string>> = {
  function_call: 'function_call_output',
  custom_tool_call: 'custom_tool_call_output',
  local_shell_call: 'local_shell_call_output',
  tool_search_call: 'tool_search_output',
};

/** An input item: a call has its output behind it, an output its call before it, thoughts what was said after them. */
export const inputItem: Wrap = (sample) => {
  const item = asObject(sample) ?? {};
  const id = asString(item.call_id) ?? asString(item.id);
  const type = String(item.type);
  const call = Object.keys(OUTPUTS).find((name) => OUTPUTS[name] === type);
  const before = call === undefined ? [] : [callItem(call, id)];
  const after = Object.hasOwn(OUTPUTS, type) ? [outputItem(OUTPUTS[type]!, id)] : [];
  const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Said.' }] };
  const first = { type: 'message', role: 'user', content: 'Begin.' };
  const input = (value: unknown[]) => ({ model: MODEL, input: [first, ...value] });
  return {
    document: input([...before, sample, ...after, said]),
    path: `/input/${1 + before.length}`,
    bare: input([...before, ...after, said]),
  };
};

function callItem(type: string, id: string | undefined): JsonObject {
  const said: JsonObject = type === 'custom_tool_call' ? { name: 'run', input: 'x' } : { name: 'run', arguments: '{}' };
  if (type === 'local_shell_call') return { type, call_id: id, action: { type: 'exec', command: ['ls'], env: {} } };
  return type === 'tool_search_call' ? { type, call_id: id, arguments: {} } : { type, call_id: id, ...said };
}

function outputItem(type: string, id: string | undefined): JsonObject {
  return type === 'tool_search_output' ? { type, call_id: id, tools: [] } : { type, call_id: id, output: 'Done.' };
}

const messageWith = (role: string, content: unknown): JsonObject => ({ type: 'message', role, content });

export const REQUEST_WRAPS = {
  'responses.item': inputItem,
  'responses.input-part': at(
    (sample) => ({
      model: MODEL,
      input: [messageWith('user', list({ type: 'input_text', text: 'See:' }, sample))],
    }),
    '/input/0/content/1',
  ),
  'responses.said-part': at(
    (sample) => ({
      model: MODEL,
      input: [
        messageWith('assistant', list({ type: 'output_text', text: 'So:' }, sample)),
        messageWith('user', 'Go on.'),
      ],
    }),
    '/input/0/content/1',
  ),
  'responses.output-part': at(
    (sample) => ({
      model: MODEL,
      input: [
        messageWith('user', 'Begin.'),
        callItem('function_call', 'call_1'),
        {
          type: 'function_call_output',
          call_id: 'call_1',
          output: list({ type: 'input_text', text: 'See:' }, sample),
        },
      ],
    }),
    '/input/2/output/1',
  ),
  'responses.tool': at((sample) => ({ model: MODEL, input: 'Begin.', tools: list(sample) }), '/tools/0'),
  'responses.namespace-tool': at(
    (sample) => ({
      model: MODEL,
      input: 'Begin.',
      tools: [{ type: 'namespace', name: 'calc', description: 'Sums.', tools: list(sample) }],
    }),
    '/tools/0/tools/0',
  ),
  'responses.choice': (sample) => ({
    document: { model: MODEL, input: 'Begin.', tools: responsesToolsFor(sample), tool_choice: sample },
    path: '/tool_choice',
    bare: { model: MODEL, input: 'Begin.', tools: responsesToolsFor(sample) },
  }),
  'responses.format': at(
    (sample) => ({ model: MODEL, input: 'Begin.', ...(sample !== undefined && { text: { format: sample } }) }),
    '/text/format',
  ),
  'chat.message': (sample) => chatMessages(sample),
  'chat.part': at(
    (sample) => ({
      model: MODEL,
      messages: [{ role: 'user', content: list({ type: 'text', text: 'See:' }, sample) }],
    }),
    '/messages/0/content/1',
  ),
  'chat.said-part': at(
    (sample) => ({
      model: MODEL,
      messages: [
        { role: 'assistant', content: list({ type: 'text', text: 'So:' }, sample) },
        { role: 'user', content: 'Go on.' },
      ],
    }),
    '/messages/0/content/1',
  ),
  'chat.call': (sample) => ({
    document: {
      model: MODEL,
      messages: [
        { role: 'user', content: 'Begin.' },
        { role: 'assistant', content: 'So:', tool_calls: [sample] },
        { role: 'tool', tool_call_id: asObject(sample)?.id, content: 'Done.' },
      ],
    },
    path: '/messages/1/tool_calls/0',
    bare: {
      model: MODEL,
      messages: [
        { role: 'user', content: 'Begin.' },
        { role: 'assistant', content: 'So:' },
      ],
    },
  }),
  'chat.tool': at(
    (sample) => ({ model: MODEL, messages: [{ role: 'user', content: 'Begin.' }], tools: list(sample) }),
    '/tools/0',
  ),
  'chat.choice': (sample) => ({
    document: { ...chatTools(sample), tool_choice: sample },
    path: '/tool_choice',
    bare: chatTools(sample),
  }),
  'chat.format': at(
    (sample) => ({
      model: MODEL,
      messages: [{ role: 'user', content: 'Begin.' }],
      ...(sample !== undefined && { response_format: sample }),
    }),
    '/response_format',
  ),
  'messages.message': (sample) => ({
    document: {
      ...MESSAGES_HEAD,
      messages: [{ role: 'user', content: 'Begin.' }, sample, { role: 'user', content: 'Go on.' }],
    },
    path: '/messages/1',
    bare: {
      ...MESSAGES_HEAD,
      messages: [
        { role: 'user', content: 'Begin.' },
        { role: 'user', content: 'Go on.' },
      ],
    },
  }),
  'messages.block': (sample) => messagesBlock(sample),
  'messages.result-part': at(
    (sample) => ({
      ...MESSAGES_HEAD,
      messages: [
        { role: 'user', content: 'Begin.' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'run', input: {} }] },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: list({ type: 'text', text: 'See:' }, sample) },
          ],
        },
      ],
    }),
    '/messages/2/content/0/content/1',
  ),
  'messages.tool': at(
    (sample) => ({ ...MESSAGES_HEAD, messages: [{ role: 'user', content: 'Begin.' }], tools: list(sample) }),
    '/tools/0',
  ),
  'messages.choice': (sample) => ({
    document: { ...messagesTools(sample), tool_choice: sample },
    path: '/tool_choice',
    bare: messagesTools(sample),
  }),
  'messages.thinking': at(
    (sample) => ({
      ...MESSAGES_HEAD,
      max_tokens: 9000,
      messages: [{ role: 'user', content: 'Begin.' }],
      ...(sample !== undefined && { thinking: sample }),
    }),
    '/thinking',
  ),
} as const satisfies Record<string, Wrap>;

const MESSAGES_HEAD: JsonObject = { model: MODEL, max_tokens: 100 };

/** A parameter on its own, beside what the protocol requires and what it needs to mean something. */
export function wrapParameter(protocol: Protocol, name: string): Wrap {
  const base: Readonly<Record<Protocol, JsonObject>> = {
    responses: {
      input: 'Begin.',
      tools: [{ type: 'function', name: 'run', strict: false, parameters: null }],
      ...(name === 'stream_options' && { stream: true }),
    },
    chat: {
      messages: [{ role: 'user', content: 'Begin.' }],
      tools: [{ type: 'function', function: { name: 'run' } }],
      ...(name === 'top_logprobs' && { logprobs: true }),
    },
    messages: {
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Begin.' }],
      tools: [{ name: 'run', input_schema: { type: 'object' } }],
    },
  };
  const whole = { model: MODEL, ...base[protocol] };
  const { [name]: _, ...bare } = whole as JsonObject;
  return (sample) => {
    const fitting = name === 'function_call' ? { ...bare, functions: [{ name: asObject(sample)?.name }] } : bare;
    return { document: { ...fitting, [name]: sample }, path: `/${name}`, bare: fitting };
  };
}

function responsesToolsFor(choice: unknown): JsonObject[] {
  const { type, name = asString(choice), tools } = asObject(choice) ?? {};
  if (type === 'allowed_tools') return [...asArray(tools).flatMap(responsesToolsFor), ...responsesToolsFor('other')];
  const tool = { name: name ?? 'run', strict: false, parameters: null };
  if (type === undefined || type === 'function') return [{ ...tool, type: 'function' }];
  if (type === 'custom') return [{ type, name: tool.name }];
  return [{ type }];
}

function chatTools(choice: unknown): JsonObject {
  const said = asObject(choice) ?? {};
  const allowed = asArray(asObject(said.allowed_tools)?.tools);
  const chosen = allowed[0] ?? said;
  const { type = 'function', function: called, custom } = asObject(chosen) ?? {};
  const name = asObject(called)?.name ?? asObject(custom)?.name ?? 'run';
  const tool = type === 'custom' ? { type, custom: { name } } : { type: 'function', function: { name } };
  const other = { type: 'function', function: { name: 'other' } };
  const tools = allowed.length > 0 ? [tool, other] : [tool];
  return { model: MODEL, messages: [{ role: 'user', content: 'Begin.' }], tools };
}

function messagesTools(choice: unknown): JsonObject {
  const name = asObject(choice)?.name ?? 'run';
  const tools = [{ name, input_schema: { type: 'object' } }];
  return { ...MESSAGES_HEAD, messages: [{ role: 'user', content: 'Begin.' }], tools };
}

/** An answer of a tool has its call before it. */
function chatMessages(sample: unknown): ReturnType<Wrap> {
  const message = asObject(sample) ?? {};
  const called: Readonly<Record<string, JsonObject>> = {
    tool: {
      role: 'assistant',
      tool_calls: [{ id: message.tool_call_id, type: 'function', function: { name: 'run', arguments: '{}' } }],
    },
    function: { role: 'assistant', content: null, function_call: { name: message.name, arguments: '{}' } },
  };
  const role = String(message.role);
  const calls = asArray(message.tool_calls).map((call) => ({
    role: 'tool',
    tool_call_id: asObject(call)?.id,
    content: 'Done.',
  }));
  const before = Object.hasOwn(called, role) ? [called[role]] : [{ role: 'user', content: 'Begin.' }];
  const after = [...calls, { role: 'user', content: 'Go on.' }];
  return {
    document: { model: MODEL, messages: [...before, sample, ...after] },
    path: '/messages/1',
    bare: { model: MODEL, messages: [...before, ...after] },
  };
}

/** Blocks of the assistant; all others are the user's. */
const SAID: ReadonlySet<unknown> = new Set(['thinking', 'redacted_thinking', 'tool_use', 'server_tool_use']);

function messagesBlock(sample: unknown): ReturnType<Wrap> {
  const block = asObject(sample) ?? {};
  const said = SAID.has(block.type) || /_tool_result$/.test(String(block.type));
  const before =
    block.type === 'tool_result' ? [{ type: 'tool_use', id: block.tool_use_id, name: 'run', input: {} }] : [];
  const after =
    block.type === 'tool_use'
      ? [{ type: 'tool_result', tool_use_id: block.id, content: 'Done.' }]
      : [{ type: 'text', text: 'Go on.' }];
  const document = (value?: unknown): JsonObject => ({
    ...MESSAGES_HEAD,
    messages: [
      { role: 'user', content: 'Begin.' },
      { role: 'assistant', content: list(...before, ...(said ? [value] : []), { type: 'text', text: 'So.' }) },
      { role: 'user', content: list(...(said ? [] : [value]), ...after) },
    ],
  });
  const path = said ? '/messages/1/content/0' : '/messages/2/content/0';
  return { document: document(sample), path, bare: document() };
}
