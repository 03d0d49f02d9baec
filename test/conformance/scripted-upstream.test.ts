import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answerTurn, DEFAULT_TEXT } from '../../src/conformance/provider/default-answer.ts';
import { lastInputIs, type ScriptStep, truncate } from '../../src/conformance/script.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../../src/conformance/scripted-upstream.ts';
import { encodeBody } from '../../src/decode/body.ts';
import { parseSse } from '../../src/decode/sse.ts';
import { fromUtf8, toUtf8 } from '../../src/util/bytes.ts';
import { validateDocument } from '../../src/validate/document.ts';

const open: ScriptedUpstream[] = [];

afterEach(async () => {
  for (const upstream of open.splice(0)) await upstream.close();
});

async function start(script?: ScriptStep[], seed?: string): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream({ ...(script ? { script } : {}), ...(seed ? { seed } : {}) });
  open.push(upstream);
  return upstream;
}

function post(upstream: ScriptedUpstream, path: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${upstream.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: body instanceof Uint8Array ? body : JSON.stringify(body),
  });
}

const SAY = (text: string): ScriptStep => ({ answer: answerTurn({ items: [{ type: 'message', text }] }) });
const ASK = { model: 'gpt-5.5', stream: true, input: [{ type: 'message', role: 'user', content: 'hi' }] };
const EXEC_TOOL = { type: 'function', name: 'exec_command', parameters: {} };
const CHAT_TOOL = { type: 'function', function: { name: 'shell', parameters: {} } };
const USER = (content: unknown) => ({ role: 'user', content });
const RUN = 'Please run `echo hi`.';

function eventTypes(text: string): string[] {
  return parseSse(toUtf8(text)).events.map(({ event, data }) => event ?? (data === '[DONE]' ? data : 'chunk'));
}

describe('default answers', () => {
  // Path, request, schema of the answer, something that must stand in it.
  const cases: [string, string, object, string, string][] = [
    [
      'a text to words that only sound like a command',
      '/responses',
      { ...ASK, input: [USER('Please run the tests')], tools: [EXEC_TOOL] },
      'responses.stream',
      DEFAULT_TEXT,
    ],
    ['a text', '/responses', ASK, 'responses.stream', '"type":"response.completed"'],
    ['a text, whole', '/responses', { ...ASK, stream: false }, 'responses.response', DEFAULT_TEXT],
    [
      'a prompt that is a string',
      '/responses',
      { model: 'm', input: RUN, tools: [EXEC_TOOL] },
      'responses.response',
      '{\\"cmd\\":\\"echo hi\\"}',
    ],
    [
      'a tool call',
      '/responses',
      { ...ASK, input: [USER(RUN)], tools: [EXEC_TOOL] },
      'responses.stream',
      '{\\"cmd\\":\\"echo hi\\"}',
    ],
    [
      'a prompt for a tool that is not offered',
      '/responses',
      { ...ASK, input: [USER(RUN)] },
      'responses.stream',
      DEFAULT_TEXT,
    ],
    [
      'a tool output',
      '/responses',
      { ...ASK, input: [USER(RUN), { type: 'function_call_output', call_id: 'c', output: 'hi' }] },
      'responses.stream',
      'The command ran.',
    ],
    [
      'a compaction trigger',
      '/responses',
      { ...ASK, input: [USER('x'), { type: 'compaction_trigger' }] },
      'responses.stream',
      '"type":"compaction"',
    ],
    [
      'a compaction',
      '/responses/compact',
      { model: 'm', input: [] },
      'responses.compact-response',
      '"type":"compaction"',
    ],
    ['a chat', '/chat/completions', { model: 'm', messages: [USER('hi')] }, 'chat.response', DEFAULT_TEXT],
    [
      'a chat stream',
      '/chat/completions',
      { model: 'm', stream: true, messages: [USER('hi')] },
      'chat.stream',
      '[DONE]',
    ],
    [
      'a chat stream with usage',
      '/chat/completions',
      { model: 'm', stream: true, stream_options: { include_usage: true }, messages: [USER('hi')] },
      'chat.stream',
      '"prompt_tokens":20',
    ],
    [
      'a chat tool call',
      '/chat/completions',
      { model: 'm', messages: [USER(RUN)], tools: [CHAT_TOOL] },
      'chat.response',
      '"tool_calls"',
    ],
    [
      'a streamed chat tool call',
      '/chat/completions',
      { model: 'm', stream: true, messages: [USER(RUN)], tools: [CHAT_TOOL] },
      'chat.stream',
      '"tool_calls"',
    ],
    [
      'a chat tool output',
      '/chat/completions',
      { model: 'm', messages: [USER(RUN), { role: 'tool', tool_call_id: 'c', content: 'hi' }], tools: [CHAT_TOOL] },
      'chat.response',
      'The command ran.',
    ],
    ['a message', '/messages', { model: 'm', messages: [USER('hi')] }, 'messages.response', DEFAULT_TEXT],
    [
      'a message stream',
      '/messages',
      { model: 'm', stream: true, messages: [USER('hi')] },
      'messages.stream',
      'message_stop',
    ],
    [
      'a tool use',
      '/messages',
      { model: 'm', stream: true, messages: [USER(RUN)], tools: [{ name: 'bash' }] },
      'messages.stream',
      'input_json_delta',
    ],
    [
      'a tool result',
      '/messages',
      { model: 'm', messages: [USER([{ type: 'tool_result', tool_use_id: 't' }])], tools: [{ name: 'bash' }] },
      'messages.response',
      'The command ran.',
    ],
    [
      'a token count',
      '/messages/count_tokens',
      { model: 'm', messages: [USER('hi')] },
      'messages.count-tokens-response',
      'input_tokens',
    ],
  ];

  it.each(cases)('%s: %s', async (_name, path, request, root, part) => {
    const response = await post(await start(), path, request);
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain(part);
    expect(validateDocument(root, text, ['strict', 'codex'])).toEqual([]);
  });

  it('lists models for Codex and for the SDKs', async () => {
    const text = await (await fetch(`${(await start()).url}/models?client_version=0.169.0`)).text();
    expect(validateDocument('codex.models', text, ['codex'])).toEqual([]);
    expect(validateDocument('models', text, ['tolerant'])).toEqual([]);
  });

  it.each([undefined, []])('tells of one model, with the script %j', async (script) => {
    const { url } = await start(script);
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(url + path, { method });
      return [response.status, (await response.json()) as Record<string, { code?: string }>] as const;
    };
    const [, listed] = (await ask('/models')) as unknown as [number, { data: { id: string }[] }];
    for (const model of listed.data) expect(await ask(`/models/${model.id}?client_version=1`)).toEqual([200, model]);
    const [status, { error }] = await ask('/models/nobody');
    expect([status, error?.code]).toEqual([404, 'model_not_found']);
    expect((await ask('/models/gpt-5.5', 'DELETE'))[0]).not.toBe(200);
  });

  it('offers the script tool of models that take JavaScript', async () => {
    const tools = [{ type: 'namespace', name: 'functions', tools: [{ type: 'custom', name: 'exec' }] }];
    const input = [{ type: 'additional_tools', tools }, USER('run `echo hi`')];
    const text = await (await post(await start(), '/responses', { ...ASK, input })).text();
    expect(text).toContain('"namespace":"functions"');
    expect(text).toContain('tools.exec_command({cmd:');
  });

  it('tells a client that wants threads to send the whole history', async () => {
    const response = await post(await start(), '/messages', { model: 'm', thread: { type: 'create' }, messages: [] });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('thread_unsupported_request');
  });

  it.each([
    ['no JSON', '/responses', toUtf8('{'), {}, 400, 'invalid_json'],
    ['an unknown coding', '/responses', toUtf8('{}'), { 'content-encoding': 'snappy' }, 415, 'coding_unknown'],
    ['a damaged coding', '/responses', toUtf8('{}'), { 'content-encoding': 'gzip' }, 400, 'coding_corrupt'],
    ['an unknown path', '/nothing', toUtf8('{}'), {}, 404, 'not_found'],
  ])('refuses %s', async (_name, path, body, headers, status, code) => {
    const response = await post(await start(), path, body, headers as Record<string, string>);
    expect(response.status).toBe(status);
    expect(JSON.parse(await response.text()).error.code).toBe(code);
  });
});

describe('scripts', () => {
  it('uses steps up in order and refuses what is left over', async () => {
    const upstream = await start([SAY('one'), { ...SAY('two'), times: 2 }]);
    const texts: string[] = [];
    for (let i = 0; i < 4; i++) texts.push(await (await post(upstream, '/responses', ASK)).text());
    expect(texts.map((text) => /"text":"(one|two)"/.exec(text)?.[1])).toEqual(['one', 'two', 'two', undefined]);
    expect(texts[3]).toContain('script_over');
  });

  it('gives a step only to the request that it is meant for', async () => {
    const upstream = await start([
      { ...SAY('after the tool'), when: { body: lastInputIs('function_call_output') } },
      { ...SAY('second'), when: { endpoint: 'responses', nth: 2 } },
      SAY('else'),
    ]);
    const ask = async (input: object[]) => {
      const text = await (await post(upstream, '/responses', { ...ASK, input })).text();
      return /"type":"response.output_text.done".*?"text":"(.*?)"/.exec(text)?.[1];
    };
    expect(await ask([USER('a')])).toBe('else');
    expect(await ask([USER('b')])).toBe('second');
    expect(await ask([{ type: 'function_call_output', call_id: 'c', output: '' }])).toBe('after the tool');
    expect((await fetch(`${upstream.url}/models`)).status).toBe(200);
  });

  it('says the same bytes for the same seed, other ids for another', async () => {
    const texts = [];
    for (const seed of ['a', 'a', 'b'])
      texts.push(await (await post(await start(undefined, seed), '/responses', ASK)).text());
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).not.toBe(texts[2]);
  });

  it('keeps what it received, coded and decoded, with raw headers', async () => {
    const upstream = await start();
    const plain = toUtf8(JSON.stringify(ASK));
    for (const coding of ['zstd', 'gzip']) {
      const coded = await encodeBody(plain, [coding]);
      await post(upstream, '/responses', coded, { 'content-encoding': coding, 'X-Kept': 'Yes' });
      const request = upstream.requests.at(-1)!;
      expect(Buffer.from(request.raw).equals(coded)).toBe(true);
      expect(fromUtf8(request.decoded!)).toBe(fromUtf8(plain));
      expect(request.json).toEqual(ASK);
      expect(request.headers).toContain('Yes');
    }
    expect(upstream.requests.map(({ n, nth, endpoint }) => [n, nth, endpoint])).toEqual([
      [1, 1, 'responses'],
      [2, 2, 'responses'],
    ]);
  });

  it('forgets what it received where it is told to, and counts on', async () => {
    const counted: number[][] = [];
    const upstream = await startScriptedUpstream({
      forget: true,
      attend: ({ n, nth }) => void counted.push([n, nth]),
    });
    open.push(upstream);
    await post(upstream, '/responses', ASK);
    await post(upstream, '/chat/completions', ASK);
    await post(upstream, '/responses', ASK);
    expect(counted).toEqual([
      [1, 1],
      [2, 1],
      [3, 2],
    ]);
    expect(upstream.requests).toEqual([]);
  });

  it('holds an event back until it may go', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const answer: ScriptStep['answer'] = (request, context) => {
      const whole = answerTurn({ items: [{ type: 'message', text: 'x' }] })(request, context);
      return whole.kind === 'events' ? { ...whole, hold: (i) => (i === 1 ? held : undefined) } : whole;
    };
    const response = await post(await start([{ answer }]), '/responses', ASK);
    const reader = response.body!.getReader();
    expect(eventTypes(fromUtf8((await reader.read()).value!))).toEqual(['response.created']);
    release();
    let rest = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) rest += fromUtf8(next.value);
    expect(eventTypes(rest).at(-1)).toBe('response.completed');
  });
});

describe('broken answers', () => {
  const cut = (ending: 'end' | 'reset'): ScriptStep => ({
    answer: (request, context) =>
      truncate(answerTurn({ items: [{ type: 'message', text: 'one two' }] })(request, context), 3, ending),
  });

  it('ends a stream early but as HTTP says', async () => {
    const text = await (await post(await start([cut('end')]), '/responses', ASK)).text();
    expect(eventTypes(text)).toEqual(['response.created', 'response.in_progress', 'response.output_item.added']);
  });

  it('resets a stream', async () => {
    const response = await post(await start([cut('reset')]), '/responses', ASK);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('resets before a head, sends a status with headers, waits, or never answers', async () => {
    const upstream = await start([
      { answer: { kind: 'reset' } },
      { answer: { kind: 'body', status: 429, headers: { 'retry-after': '1' }, body: { error: {} }, delayMs: 1 } },
      { answer: { kind: 'silence' } },
    ]);
    await expect(post(upstream, '/responses', ASK)).rejects.toThrow('fetch failed');
    const limited = await post(upstream, '/responses', ASK);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1']);
    const silent = post(upstream, '/responses', ASK).then(
      () => 'answered',
      () => 'closed',
    );
    const closed = upstream.close();
    expect(await silent).toBe('closed');
    await closed;
  });

  it('refuses a WebSocket upgrade with 426', async () => {
    const upstream = await start();
    const socket = connect(upstream.port, '127.0.0.1');
    socket.write('GET /v1/responses HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n');
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 426 /);
    expect(upstream.upgrades).toEqual(['/v1/responses']);
    socket.destroy();
  });

  it('says which port is taken', async () => {
    const { port } = await start();
    await expect(startScriptedUpstream({ port })).rejects.toMatchObject({ code: 'port-unavailable' });
  });
});
