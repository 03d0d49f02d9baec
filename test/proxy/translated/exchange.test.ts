import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { legOf } from '../../../src/cassette/legs.ts';
import { answerItems } from '../../../src/conformance/provider/default-answer.ts';
import type { Answer, ScriptStep } from '../../../src/conformance/script.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../../../src/conformance/scripted-upstream.ts';
import { loadCassette, recordSession } from '../../../src/conformance/session.ts';
import { encodeBody } from '../../../src/decode/body.ts';
import { asArray, asObject, type JsonObject, parseData } from '../../../src/protocols/grammar.ts';
import { type RunningProxy, startProxy } from '../../../src/proxy/server.ts';
import type { TranslationOptions } from '../../../src/proxy/translated/setup.ts';
import type { Protocol } from '../../../src/util/types.ts';
import { validateStream } from '../../../src/validate/document.ts';
import { validateExchange } from '../../../src/validate/exchange.ts';
import { temporaryFolder } from '../../cassette/support/scripted.ts';
import { memoryRecorder } from '../../helpers/memory-recorder.ts';
import { post, rawClient, rawServer } from '../../helpers/raw-http.ts';

const PROTOCOLS: readonly Protocol[] = ['responses', 'chat', 'messages'];
const TEXT = 'Grüße 😀, the tape is "rolling".';
const KEY = `sk-${'test-not-a-key'}`;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function upstreamThat(speaks: readonly Protocol[], script?: readonly ScriptStep[]): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream({ speaks, ...(script ? { script } : {}) });
  closing.push(() => upstream.close());
  return upstream;
}

/** @returns its base URL */
async function serverThat(answer: (path: string, response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => answer(request.url?.replace('/v1', '') ?? '', response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function proxyTo(upstream: ScriptedUpstream, translation: TranslationOptions): Promise<RunningProxy> {
  const proxy = await startProxy({ upstream: upstream.url, translation });
  closing.push(() => proxy.close(0));
  return proxy;
}

const say = (text: string): ScriptStep => ({
  when: { turn: true },
  answer: answerItems({ items: [{ type: 'message', text }] }),
});
const call = (cmd: string): ScriptStep => ({
  when: { turn: true },
  answer: answerItems({ items: [{ type: 'function_call', name: 'exec_command', arguments: { cmd } }] }),
});

const PARAMETERS = { type: 'object', properties: { cmd: { type: 'string' } }, required: ['cmd'] };
const PATHS: Record<Protocol, string> = { responses: '/responses', chat: '/chat/completions', messages: '/messages' };

/** The same request in each protocol: a text, and once a call and its result. */
const REQUESTS: Record<Protocol, (stream: boolean, output?: string) => JsonObject> = {
  responses: (stream, output) => ({
    model: 'gpt-5',
    stream,
    input: [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: TEXT }] },
      ...(output === undefined
        ? []
        : [
            { type: 'function_call', call_id: 'call_1', name: 'exec_command', arguments: '{"cmd":"ls"}' },
            { type: 'function_call_output', call_id: 'call_1', output },
          ]),
    ],
    tools: [{ type: 'function', name: 'exec_command', description: 'Runs', parameters: PARAMETERS, strict: false }],
  }),
  chat: (stream, output) => ({
    model: 'gpt-5',
    stream,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
    messages: [
      { role: 'user', content: TEXT },
      ...(output === undefined
        ? []
        : [
            {
              role: 'assistant',
              content: null,
              tool_calls: [
                { id: 'call_1', type: 'function', function: { name: 'exec_command', arguments: '{"cmd":"ls"}' } },
              ],
            },
            { role: 'tool', tool_call_id: 'call_1', content: output },
          ]),
    ],
    tools: [{ type: 'function', function: { name: 'exec_command', description: 'Runs', parameters: PARAMETERS } }],
  }),
  messages: (stream, output) => ({
    model: 'gpt-5',
    max_tokens: 100,
    stream,
    messages: [
      { role: 'user', content: TEXT },
      ...(output === undefined
        ? []
        : [
            {
              role: 'assistant',
              content: [{ type: 'tool_use', id: 'call_1', name: 'exec_command', input: { cmd: 'ls' } }],
            },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: output }] },
          ]),
    ],
    tools: [{ name: 'exec_command', description: 'Runs', input_schema: PARAMETERS }],
  }),
};

interface Told {
  text: string;
  call: unknown;
  input: number | undefined;
  output: number | undefined;
}

/** What a whole answer says, by protocol. */
const READ: Record<Protocol, (body: JsonObject) => Told> = {
  responses(body) {
    const items = asArray(body.output).map((item) => asObject(item) ?? {});
    const texts = items.flatMap((item) => asArray(item.content).map((part) => asObject(part)?.text));
    const called = items.find(({ type }) => type === 'function_call');
    const usage = asObject(body.usage);
    return {
      text: texts.join(''),
      call: called && [called.name, parseData(called.arguments as string)],
      input: usage?.input_tokens as number,
      output: usage?.output_tokens as number,
    };
  },
  chat(body) {
    const message = asObject(asObject(asArray(body.choices)[0])?.message) ?? {};
    const called = asObject(asObject(asArray(message.tool_calls)[0])?.function);
    const usage = asObject(body.usage);
    return {
      text: (message.content as string | null) ?? '',
      call: called && [called.name, parseData(called.arguments as string)],
      input: usage?.prompt_tokens as number,
      output: usage?.completion_tokens as number,
    };
  },
  messages(body) {
    const blocks = asArray(body.content).map((block) => asObject(block) ?? {});
    const called = blocks.find(({ type }) => type === 'tool_use');
    const usage = asObject(body.usage);
    return {
      text: blocks.map(({ text }) => text ?? '').join(''),
      call: called && [called.name, called.input],
      input: usage?.input_tokens as number,
      output: usage?.output_tokens as number,
    };
  },
};

async function ask(proxy: RunningProxy, client: Protocol, body: JsonObject, headers: Record<string, string> = {}) {
  return fetch(`${proxy.url}${PATHS[client]}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}`, ...headers },
    body: JSON.stringify(body),
  });
}

async function readAnswer(client: Protocol, response: Response, stream: boolean): Promise<Told> {
  expect(response.status).toBe(200);
  if (!stream) return READ[client]((await response.json()) as JsonObject);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(validateStream(client, bytes, 'complete', ['strict']).filter(({ severity }) => severity === 'error')).toEqual(
    [],
  );
  return READ[client](await assemble(client, bytes));
}

async function assemble(client: Protocol, bytes: Uint8Array): Promise<JsonObject> {
  const { parseSse } = await import('../../../src/decode/sse.ts');
  const events = parseSse(bytes).events.map(({ data }) => parseData(data));
  const { assembleResponses } = await import('../../../src/protocols/responses/assemble.ts');
  const { assembleChat } = await import('../../../src/protocols/chat/assemble.ts');
  const { assembleMessages } = await import('../../../src/protocols/messages/assemble.ts');
  return { responses: assembleResponses, chat: assembleChat, messages: assembleMessages }[client](events);
}

const PAIRS = PROTOCOLS.flatMap((client) => PROTOCOLS.map((upstream) => ({ client, upstream })));

describe.each(PAIRS)('a $client client of a $upstream provider', ({ client, upstream: spoken }) => {
  it.each([true, false])('gets a text, stream: %s', async (stream) => {
    const upstream = await upstreamThat([spoken], [say(TEXT)]);
    const proxy = await proxyTo(upstream, { protocol: spoken });
    const told = await readAnswer(client, await ask(proxy, client, REQUESTS[client](stream)), stream);
    expect(told).toEqual({ text: TEXT, call: undefined, input: expect.any(Number), output: expect.any(Number) });
    expect(JSON.stringify(upstream.requests[0]!.json)).toContain(JSON.stringify(TEXT).slice(1, -1));
  });

  it.each([true, false])('gets a tool call and gives its result, stream: %s', async (stream) => {
    const upstream = await upstreamThat([spoken], [call('echo "ü"'), say('done')]);
    const proxy = await proxyTo(upstream, { protocol: spoken });
    const first = await readAnswer(client, await ask(proxy, client, REQUESTS[client](stream)), stream);
    expect(first.call).toEqual(['exec_command', { cmd: 'echo "ü"' }]);
    const result = 'line 1\nline 2 ü';
    const second = await readAnswer(client, await ask(proxy, client, REQUESTS[client](stream, result)), stream);
    expect(second.text).toBe('done');
    const seen = JSON.stringify(upstream.requests[1]!.json);
    expect(seen).toContain(JSON.stringify(result).slice(1, -1));
    expect(seen).toContain('exec_command');
  });

  it.each(['zstd', 'gzip'])('may send %s', async (coding) => {
    const upstream = await upstreamThat([spoken], [say(TEXT)]);
    const proxy = await proxyTo(upstream, { protocol: spoken, map: ['gpt-5=other'] });
    const body = await encodeBody(Buffer.from(JSON.stringify(REQUESTS[client](false))), [coding]);
    const response = await fetch(`${proxy.url}${PATHS[client]}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': coding },
      body,
    });
    expect((await readAnswer(client, response, false)).text).toBe(TEXT);
    expect(upstream.requests[0]!.json?.model).toBe('other');
  });

  it('is told an error in its own shape', async () => {
    const answer: Answer = {
      kind: 'body',
      status: 429,
      headers: { 'retry-after': '7' },
      body: { error: { message: 'Slow down.', type: 'rate_limit_error', code: 'rate_limit_exceeded' } },
    };
    const upstream = await upstreamThat([spoken], [{ answer }]);
    const proxy = await proxyTo(upstream, { protocol: spoken });
    const response = await ask(proxy, client, REQUESTS[client](true));
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    const body = (await response.json()) as JsonObject;
    expect(asObject(body.error)?.message).toBe('Slow down.');
    if (client !== spoken) expect(body.type).toBe(client === 'messages' ? 'error' : undefined);
  });

  it('is never told that a stream that broke off was complete', async () => {
    const whole = answerItems({ items: [{ type: 'message', text: TEXT }] });
    const cut: ScriptStep = {
      answer: (request, context) => {
        const answer = whole(request, context);
        return answer.kind === 'events' ? { ...answer, events: answer.events.slice(0, 5), ending: 'reset' } : answer;
      },
    };
    const upstream = await upstreamThat([spoken], [cut]);
    const proxy = await proxyTo(upstream, { protocol: spoken });
    const response = await ask(proxy, client, REQUESTS[client](true));
    const text = await response.text().catch(() => '');
    expect(text).not.toMatch(/response\.completed|\[DONE\]|message_stop|"finish_reason":"stop"/);
    if (client !== spoken) expect(text).toMatch(/response\.failed|response\.incomplete|"error"/);
  });

  it('sees the first event before the provider sends the second', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const whole = answerItems({ items: [{ type: 'message', text: 'one two three four' }] });
    const step: ScriptStep = {
      answer: (request, context) => {
        const answer = whole(request, context);
        if (answer.kind !== 'events') return answer;
        const second = answer.events.findIndex(({ data }) => JSON.stringify(data).includes(' two'));
        return { ...answer, hold: (index) => (index === second ? held : undefined) };
      },
    };
    const upstream = await upstreamThat([spoken], [step]);
    const proxy = await proxyTo(upstream, { protocol: spoken });
    const response = await ask(proxy, client, REQUESTS[client](true));
    const reader = response.body!.getReader();
    let text = '';
    while (!text.includes('"one"')) text += Buffer.from((await reader.read()).value ?? []).toString();
    expect(text).not.toContain('two');
    release();
    for (let read = await reader.read(); !read.done; read = await reader.read())
      text += Buffer.from(read.value).toString();
    expect(text).toContain('four');
  });
});

describe('a provider whose protocol is to be found out', () => {
  it.each(PROTOCOLS)('is found to speak %s, and asked that at once the next time', async (spoken) => {
    const upstream = await upstreamThat([spoken]);
    const found: Protocol[] = [];
    const proxy = await proxyTo(upstream, { protocol: 'auto', onFound: (protocol) => found.push(protocol) });
    expect(
      (await readAnswer('responses', await ask(proxy, 'responses', REQUESTS.responses(true)), true)).text,
    ).not.toBe('');
    expect(found).toEqual([spoken]);
    const tried = upstream.requests.map(({ protocol }) => protocol);
    expect(tried).toEqual(PROTOCOLS.slice(0, PROTOCOLS.indexOf(spoken) + 1));
    await (await ask(proxy, 'chat', REQUESTS.chat(false))).text();
    expect(upstream.requests.slice(tried.length).map(({ protocol }) => protocol)).toEqual([spoken]);
    expect(found).toHaveLength(1);
  });

  it.each([401, 404, 500])('is still to be found out after a %s', async (status) => {
    const refusal = { error: { message: 'made-up', code: 'model_not_found' } };
    let refuses = true;
    const found: Protocol[] = [];
    const upstream = await serverThat((path, response) => {
      const answers = path === PATHS.chat && !refuses;
      const known = path === PATHS.chat || (refuses && status !== 404);
      const body = { choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }] };
      response.writeHead(answers ? 200 : known ? status : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answers ? body : refusal));
    });
    const translation: TranslationOptions = { protocol: 'auto', onFound: (protocol) => found.push(protocol) };
    const proxy = await startProxy({ upstream, translation });
    closing.push(() => proxy.close(0));
    expect((await ask(proxy, 'responses', REQUESTS.responses(false))).status).toBe(status);
    expect(found).toEqual([]);
    refuses = false;
    const told = await readAnswer('responses', await ask(proxy, 'responses', REQUESTS.responses(false)), false);
    expect(told.text).toBe(TEXT);
    expect(found).toEqual(['chat']);
  });

  it('gives the client its last word when it speaks none', async () => {
    const upstream = await upstreamThat([]);
    const proxy = await proxyTo(upstream, { protocol: 'auto' });
    const response = await ask(proxy, 'chat', REQUESTS.chat(false));
    expect(response.status).toBe(404);
    expect(asObject(((await response.json()) as JsonObject).error)?.message).toMatch(/Nothing answers POST/);
    expect(upstream.requests.map(({ protocol }) => protocol)).toEqual(['chat', 'responses', 'messages']);
  });
});

describe('what is nested too deeply', () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);

  it.each([
    ['/messages/count_tokens', `{"tools":[${deep}]}`, 400],
    [
      '/messages',
      `{"model":"m","max_tokens":9,"messages":[],"tools":[{"name":"f","input_schema":{"a":${deep}}}]}`,
      400,
    ],
    ['/messages', '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}', 422],
  ])('is answered, and the proxy goes on: %s', async (path, body, status) => {
    const upstream = await serverThat((_path, response) => response.writeHead(422).end(`{"detail":${deep}}`));
    const proxy = await startProxy({ upstream, translation: { protocol: 'chat' } });
    closing.push(() => proxy.close(0));
    const answers = await Promise.all([0, 1].map(() => fetch(proxy.url + path, { method: 'POST', body })));
    expect(answers.map((answer) => answer.status)).toEqual([status, status]);
    expect(await answers[0]!.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  });
});

describe('a translated exchange', () => {
  it('keeps the key where the provider looks for it', async () => {
    const upstream = await upstreamThat(['chat', 'messages']);
    const messages = await proxyTo(upstream, { protocol: 'messages' });
    await (await ask(messages, 'responses', REQUESTS.responses(false), { 'openai-beta': 'x' })).text();
    const chat = await proxyTo(upstream, { protocol: 'chat' });
    const headers = { authorization: '', 'x-api-key': KEY, 'anthropic-version': '2023-06-01', 'anthropic-beta': 'y' };
    await (await ask(chat, 'messages', REQUESTS.messages(false), headers)).text();
    const [first, second] = upstream.requests.map(({ headers: raw }) => raw.join('\n'));
    expect(first).toContain(`x-api-key\n${KEY}`);
    expect(first).toContain('anthropic-version\n2023-06-01');
    expect(first).not.toMatch(/^authorization$|openai-beta/m);
    expect(second).toContain(`authorization\nBearer ${KEY}`);
    expect(second).not.toMatch(/x-api-key|anthropic/);
  });

  it('renames the model in the text of a request that is not translated, and changes nothing else', async () => {
    const upstream = await upstreamThat(['chat']);
    const proxy = await proxyTo(upstream, { protocol: 'chat', map: ['gpt=deepseek-chat'] });
    const text = '{ "messages" : [{"role":"user","content":"\\u00e9"}],\n "model":"gpt-5" , "seed": 1.0}';
    await (await fetch(`${proxy.url}/chat/completions`, { method: 'POST', body: text })).text();
    const sent = Buffer.from(upstream.requests[0]!.raw).toString();
    expect(sent).toBe(text.replace('"gpt-5"', '"deepseek-chat"'));
  });

  it('refuses what it would lose when that is asked for, and counts it otherwise', async () => {
    const upstream = await upstreamThat(['chat']);
    const body = { ...REQUESTS.responses(false), truncation: 'auto', include: ['file_search_call.results'] };
    const strict = await proxyTo(upstream, { protocol: 'chat', onLoss: 'reject' });
    const refused = await ask(strict, 'responses', body);
    expect(refused.status).toBe(400);
    expect(asObject(((await refused.json()) as JsonObject).error)).toMatchObject({
      code: 'translation_loss',
      message: expect.stringMatching(/lose 1 thing.*\/truncation: (?!.*\/include)/),
    });
    expect(upstream.requests).toHaveLength(0);
    const lenient = await proxyTo(upstream, { protocol: 'chat', onLoss: 'warn' });
    const told = await ask(lenient, 'responses', body);
    expect(told.headers.get('x-tapedeck-losses')).toBe('hint=1, semantic=1');
    const silent = await proxyTo(upstream, { protocol: 'chat', onLoss: 'ignore' });
    expect((await ask(silent, 'responses', body)).headers.get('x-tapedeck-losses')).toBeNull();
  });

  it('carries a request that loses hints alone, also where losses are refused', async () => {
    const upstream = await upstreamThat(['chat']);
    const proxy = await proxyTo(upstream, { protocol: 'chat', onLoss: 'reject' });
    const body = { ...REQUESTS.responses(false), store: true, prompt_cache_key: 'k' };
    const answer = await ask(proxy, 'responses', body);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-tapedeck-losses')).toBeNull();
    expect(upstream.requests).toHaveLength(1);
  });

  it('gives an error that a provider tells within a 200 the status that it should have had', async () => {
    const error = { code: 'rate_limit_exceeded', message: 'Slow down.' };
    const body = { id: 'resp_1', object: 'response', status: 'failed', error, output: [], model: 'm' };
    const upstream = await upstreamThat(['responses'], [{ answer: { kind: 'body', status: 200, body }, times: 2 }]);
    const proxy = await proxyTo(upstream, { protocol: 'responses' });
    for (const client of ['chat', 'messages'] as const) {
      const response = await ask(proxy, client, REQUESTS[client](false));
      expect(response.status, client).toBe(429);
      expect(asObject(((await response.json()) as JsonObject).error)?.message).toBe('Slow down.');
    }
  });

  it('estimates tokens where the provider does not count them, and says so', async () => {
    const upstream = await upstreamThat(['chat']);
    const proxy = await proxyTo(upstream, { protocol: 'chat' });
    const response = await fetch(`${proxy.url}/messages/count_tokens`, {
      method: 'POST',
      body: JSON.stringify(REQUESTS.messages(false)),
    });
    expect(response.headers.get('x-tapedeck-estimate')).toBe('input_tokens');
    expect(((await response.json()) as JsonObject).input_tokens).toBeGreaterThan(5);
    expect(upstream.requests).toHaveLength(0);
  });

  it('compacts for a provider that cannot', async () => {
    const upstream = await upstreamThat(['messages'], [say('We spoke of tapes.'), say('Go on then.')]);
    const proxy = await proxyTo(upstream, { protocol: 'messages' });
    const post = (path: string, body: JsonObject) =>
      fetch(`${proxy.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    const { input } = REQUESTS.responses(false);
    const compacted = (await (
      await post('/responses/compact', { model: 'm', input, instructions: 'i' })
    ).json()) as JsonObject;
    expect(compacted).toMatchObject({ object: 'response.compaction', output: [{ type: 'compaction' }] });
    const next = { model: 'm', input: [...asArray(compacted.output), ...asArray(input)], stream: false };
    const answer = (await (await post('/responses', next)).json()) as JsonObject;
    expect(READ.responses(answer).text).toBe('Go on then.');
    expect(JSON.stringify(upstream.requests[1]!.json)).toContain('We spoke of tapes.');
  });

  it('goes on from a response that it remembers', async () => {
    const upstream = await upstreamThat(['chat'], [say('One.'), say('Two.')]);
    const proxy = await proxyTo(upstream, { protocol: 'chat' });
    const first = (await (await ask(proxy, 'responses', { model: 'm', input: 'first' })).json()) as JsonObject;
    const follow = { model: 'm', input: 'second', previous_response_id: first.id };
    expect(READ.responses((await (await ask(proxy, 'responses', follow)).json()) as JsonObject).text).toBe('Two.');
    expect(JSON.stringify(upstream.requests[1]!.json?.messages)).toMatch(/first.*One\..*second/);
    const unknown = await ask(proxy, 'responses', { ...follow, previous_response_id: 'resp_unknown' });
    expect(unknown.status).toBe(400);
    expect(asObject(((await unknown.json()) as JsonObject).error)?.code).toBe('previous_response_not_found');
  });

  it('is recorded on all four legs, each in its own protocol, with the losses', async () => {
    const upstream = await upstreamThat(['chat'], [say(TEXT)]);
    const path = join(temporaryFolder(), 'translated.har');
    const options = { upstream: upstream.url, path, translation: { protocol: 'chat' as const } };
    await recordSession(options, async (url) => {
      const body = { ...REQUESTS.responses(true), truncation: 'auto' };
      await (await ask({ url } as RunningProxy, 'responses', body)).text();
    });
    const { exchanges } = await loadCassette(path);
    const [exchange] = exchanges;
    expect(exchanges).toHaveLength(1);
    expect(exchange!.outcome).toBe('complete');
    expect(
      validateExchange(exchange!, { profiles: ['tolerant'] }).filter(({ severity }) => severity === 'error'),
    ).toEqual([]);
    expect(legOf(exchange!, 'client-request')?.body?.text).toContain('"input"');
    expect(legOf(exchange!, 'upstream-request')?.body?.text).toContain('"messages"');
    expect(legOf(exchange!, 'upstream-response')?.body?.text).toContain('chat.completion.chunk');
    expect(legOf(exchange!, 'client-response')?.body?.text).toContain('response.completed');
  });

  it('keeps interim responses on the side of the provider', async () => {
    const upstream = await rawServer();
    closing.push(() => upstream.close());
    const recorder = memoryRecorder();
    const proxy = await startProxy({ upstream: upstream.url, recorder, translation: { protocol: 'chat' } });
    closing.push(() => proxy.close(0));
    const client = await rawClient(proxy.port, post('/v1/responses', [], JSON.stringify(REQUESTS.responses(false))));
    const { socket } = await upstream.accept();
    socket.write('HTTP/1.1 102\r\n\r\nHTTP/1.1 429 Slow\r\nContent-Length: 2\r\n\r\n{}');
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 429 /);
    const { attempts, informational } = await recorder.closed(0);
    expect(attempts[0]?.informational).toEqual([{ status: 102, statusText: '', headers: [] }]);
    expect(informational).toEqual([]);
  });

  it('ends the provider when the client goes away', async () => {
    let ended = () => {};
    const gone = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const whole = answerItems({ items: [{ type: 'message', text: 'one two' }] });
    const step: ScriptStep = {
      answer: (request, context) => {
        const answer = whole(request, context);
        return answer.kind === 'events' ? { ...answer, ending: 'open', events: answer.events.slice(0, 3) } : answer;
      },
    };
    const upstream = await upstreamThat(['chat'], [step]);
    const proxy = await startProxy({
      upstream: upstream.url,
      translation: { protocol: 'chat' },
      onExchange: (_, outcome) => {
        expect(outcome).toBe('client-aborted');
        ended();
      },
    });
    closing.push(() => proxy.close(0));
    const socket = connect(proxy.port, '127.0.0.1');
    const body = JSON.stringify(REQUESTS.responses(true));
    socket.write(`POST /v1/responses HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    await once(socket, 'data');
    socket.destroy();
    await gone;
  });
});
