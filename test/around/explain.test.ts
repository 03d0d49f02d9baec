import { WebSocket } from 'undici';
import { describe, expect, it } from 'vitest';
import { explainHop, type HopReport } from '../../src/around/explain-hop.ts';
import { answerItems } from '../../src/conformance/provider/default-answer.ts';
import type { ScriptedTurn } from '../../src/conformance/provider/responses.ts';
import { type EventsAnswer, type ScriptStep, truncate } from '../../src/conformance/script.ts';
import { encodeBody } from '../../src/decode/body.ts';
import { startProxy } from '../../src/proxy/server.ts';
import type { Protocol } from '../../src/util/types.ts';
import { onEvents, onHead, onRequests } from '../conformance/defects/edit.ts';
import { type Hooks, startHop } from '../conformance/defects/hop.ts';
import { post, recordAround } from './around-kit.ts';

const PATHS = { responses: '/responses', chat: '/chat/completions', messages: '/messages' } as const;

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

/** A request in the middle of a conversation with a tool, as a client of each protocol makes it. */
const REQUESTS: Record<Protocol, object> = {
  responses: {
    model: 'gpt-5.5',
    instructions: 'You are brief.\nYou are kind.',
    input: [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is the weather in Turin?' }] },
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Turin"}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'rain, 9 degrees' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'And in Genoa tomorrow?' }] },
    ],
    tools: [
      { type: 'function', name: 'weather', description: 'Tells the weather.', parameters: PARAMETERS, strict: false },
    ],
    tool_choice: 'auto',
    store: false,
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: 'a-session',
    stream: true,
  },
  chat: {
    model: 'gpt-5.5',
    messages: [
      { role: 'system', content: 'You are brief.\nYou are kind.' },
      { role: 'user', content: 'What is the weather in Turin?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Turin"}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'rain, 9 degrees' },
      { role: 'user', content: 'And in Genoa tomorrow?' },
    ],
    tools: [
      { type: 'function', function: { name: 'weather', description: 'Tells the weather.', parameters: PARAMETERS } },
    ],
    stream: true,
    stream_options: { include_usage: true },
  },
  messages: {
    model: 'gpt-5.5',
    max_tokens: 1000,
    system: 'You are brief.\nYou are kind.',
    messages: [
      { role: 'user', content: 'What is the weather in Turin?' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Turin' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'rain, 9 degrees' }] },
      { role: 'assistant', content: 'It rains.' },
      { role: 'user', content: 'And in Genoa tomorrow?' },
    ],
    tools: [{ name: 'weather', description: 'Tells the weather.', input_schema: PARAMETERS }],
    stream: true,
  },
};

const TURN: ScriptedTurn = {
  items: [
    { type: 'message', text: 'Let me look that up for you.' },
    { type: 'function_call', name: 'weather', arguments: { city: 'Genoa' } },
  ],
};

const SCRIPT: ScriptStep[] = [{ when: { turn: true }, answer: answerItems(TURN), times: 99 }];

async function explainAround(options: {
  hooks?: Hooks;
  translate?: Protocol;
  client?: Protocol;
  script?: ScriptStep[];
  /** The gateway asks for something of its own as well. */
  aside?: boolean;
}): Promise<HopReport[]> {
  const { client = 'responses', translate, hooks } = options;
  const { exchanges } = await recordAround({
    gateway: async (provider) => {
      const hop = hooks && (await startHop(provider, options.aside ? withAside(provider, hooks) : hooks));
      if (hop && !translate) return hop;
      const proxy = await startProxy({
        upstream: hop?.url ?? provider,
        ...(translate ? { translation: { protocol: translate } } : {}),
      });
      return { url: proxy.url, close: () => proxy.close(0).then(() => hop?.close()) };
    },
    clients: (url) => post(url, PATHS[client], REQUESTS[client], { 'session-id': 'a-session' }).catch(() => {}),
    provider: { script: options.script ?? SCRIPT },
  });
  return exchanges.map(explainHop);
}

function withAside(provider: string, hooks: Hooks): Hooks {
  return {
    ...hooks,
    request() {
      const input = 'Write a title of three words for the conversation.';
      void post(provider, '/responses', { model: 'small', input }).catch(() => {});
      return undefined;
    },
  };
}

const briefly = (report: HopReport | undefined) =>
  report?.findings.map(({ kind, place, path }) => `${kind} ${place} ${path}`);

describe('a right gateway', () => {
  it.each(
    (['responses', 'chat', 'messages'] as const).flatMap((client) =>
      (['responses', 'chat', 'messages'] as const).map((upstream) => [client, upstream] as const),
    ),
  )('from %s to %s is accused of nothing', async (client, upstream) => {
    const [report] = await explainAround({ client, ...(client === upstream ? {} : { translate: upstream }) });
    expect(report?.notJudged).toEqual([]);
    expect(report?.hop).toBe(`${client} -> ${upstream}`);
    // Generic Chat providers refuse a cache key, so our own translation leaves it out and says so in its losses.
    const isToChat = client === 'responses' && upstream === 'chat';
    expect(briefly(report)).toEqual(isToChat ? ['dropped request /prompt_cache_key'] : []);
    expect(report?.findings.some(({ harm }) => harm !== undefined)).toBe(false);
  });
});

describe('a gateway with one fault', () => {
  it.each<[what: string, hooks: Hooks, expected: string[]]>([
    [
      'leaves fields out',
      onRequests((json) => {
        delete json.store;
        delete json.include;
      }),
      ['dropped request /store', 'dropped request /include'],
    ],
    [
      'adds a tool',
      onRequests((json) => {
        json.tools = [{ type: 'function', name: 'ads', parameters: {} }, ...(json.tools as object[])];
      }),
      ['added request /tools/0'],
    ],
    [
      'renames the ids of calls in the answer',
      onEvents((event) => JSON.parse(JSON.stringify(event).replaceAll(':"call_', ':"toolu_'))),
      [
        'changed stream response.output_item.added /item/call_id',
        'changed stream response.output_item.done /item/call_id',
        'changed stream response.completed /response/output/1/call_id',
        'changed answer ids of calls',
      ],
    ],
    [
      'writes requests and events anew with other white space and order',
      {
        ...onEvents((event) => Object.fromEntries(Object.entries(event).reverse())),
        ...onRequests((json) => {
          const { model, ...rest } = json;
          delete json.model;
          Object.assign(json, rest, { model });
        }),
      },
      [],
    ],
    [
      'leaves an event out',
      onEvents((event) => (event.type === 'response.content_part.done' ? undefined : event)),
      ['lost stream response.content_part.done'],
    ],
    [
      'makes usage up',
      onEvents((event) => {
        if (event.type === 'response.completed')
          Object.assign(event.response as object, { usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } });
        return event;
      }),
      ['changed answer usage'],
    ],
  ])('%s', async (_what, hooks, expected) => {
    const [report] = await explainAround({ hooks });
    expect(briefly(report)).toEqual(expected);
  });

  it('takes a header away that says how long to wait', async () => {
    const answer = {
      kind: 'body',
      status: 429,
      headers: { 'retry-after': '7' },
      body: { error: { message: 'Slow down.', code: 'rate_limit_exceeded' } },
    } as const;
    const [report] = await explainAround({
      hooks: onHead({ 'retry-after': undefined }),
      script: [{ when: { turn: true }, answer }],
    });
    expect(briefly(report)).toEqual(['dropped answer headers retry-after']);
    expect(report?.findings[0]?.harm).toMatch(/gives up at once/);
  });

  it('asks again by itself', async () => {
    const overloaded = { kind: 'body', status: 503, body: { error: { message: 'Overloaded.' } } } as const;
    const [report] = await explainAround({
      hooks: { retry: { status: 503, times: 2 } },
      script: [{ when: { turn: true }, answer: overloaded }, ...SCRIPT],
    });
    expect(briefly(report)).toEqual(['extra upstream requests repeats']);
    expect(report?.findings[0]?.note).toMatch(/asked 2 times .*: 503; 200\.$/);
  });

  it('makes a stream that broke off look complete', async () => {
    const completed =
      'event: response.completed\ndata: {"type":"response.completed","response":{"id":"resp_x","status":"completed"}}\n\n';
    const [report] = await explainAround({
      hooks: { end: { append: completed } },
      script: [
        { when: { turn: true }, answer: (request, context) => truncate(answerItems(TURN)(request, context), 6) },
      ],
    });
    expect(briefly(report)).toEqual(['invented stream response.completed', 'invented stream end of the answer']);
  });

  it.each([
    ['ends early', 'end', 'ended without saying that the answer is complete'],
    ['is reset', 'reset', 'was broken off by a reset of the connection'],
  ] as const)('hands on a stream that %s', async (_, ending, what) => {
    const script: ScriptStep[] = [
      { when: { turn: true }, answer: (request, context) => truncate(answerItems(TURN)(request, context), 6, ending) },
    ];
    const [report] = await explainAround({ script });
    expect(report).toMatchObject({ findings: [], broke: `The provider's stream ${what}; the gateway passed that on.` });
    const [translated] = await explainAround({ script, translate: 'chat' });
    expect(translated?.broke).toMatch(/^The provider's stream .*; the gateway told the client with an error\.$/);
  });

  it('holds everything back to the end', async () => {
    const answer: ScriptStep['answer'] = (request, context) => ({
      ...(answerItems(TURN)(request, context) as EventsAnswer),
      // The provider takes its time: that is what the tap's clock is to see.
      hold: () => new Promise((resolve) => setTimeout(resolve, 20)),
    });
    const script = [{ when: { turn: true } as const, answer }];
    const [held] = await explainAround({ hooks: { holdStream: true }, script });
    expect(briefly(held)).toEqual(['buffered stream deltas']);
    const [right] = await explainAround({ script });
    // A machine that stands still for half a second delays as well.
    expect(briefly(right)?.filter((line) => !line.startsWith('delayed'))).toEqual([]);
  });

  it('asks the provider something that nobody asked', async () => {
    const reports = await explainAround({ hooks: {}, aside: true });
    expect(reports.map(briefly).sort()).toEqual([[], ['extra upstream requests POST /v1/responses → 200']]);
  });

  it('answers by itself', async () => {
    const own = () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"id":"r","status":"completed","output":[]}',
    });
    const [report] = await explainAround({ hooks: { request: own } });
    expect(briefly(report)).toEqual(['invented answer the whole answer']);
    expect(report?.attempts).toBe(0);
  });
});

describe('a translation that loses something', () => {
  it('is told what', async () => {
    const hooks = onRequests((json) => {
      json.messages = (json.messages as { role: string }[]).filter(({ role }) => role !== 'system');
      delete (json.tools as { function: Record<string, unknown> }[])[0]!.function.parameters;
      json.temperature = 0.1;
    });
    const [report] = await explainAround({ hooks, translate: 'chat' });
    expect(briefly(report)).toEqual([
      'dropped request /instructions',
      'dropped request /tools/0/parameters',
      'added request /temperature',
      'dropped request /prompt_cache_key',
    ]);
  });
});

describe('requests in another form', () => {
  it('does not count a body that the gateway decodes as a change', async () => {
    const body = await encodeBody(Buffer.from(JSON.stringify(REQUESTS.responses)), ['zstd']);
    const { exchanges } = await recordAround({
      gateway: (provider) => startProxy({ upstream: provider, requestCoding: 'decode' }),
      clients: (url) =>
        fetch(`${url}/responses`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'content-encoding': 'zstd' },
          body: new Uint8Array(body),
        }).then((response) => response.text()),
      provider: { script: SCRIPT },
    });
    expect(exchanges.map(explainHop)).toMatchObject([{ hop: 'responses -> responses', findings: [], notJudged: [] }]);
  });

  it('joins and compares messages of a WebSocket', async () => {
    const { exchanges } = await recordAround({
      gateway: (provider) => startProxy({ upstream: provider }),
      clients: (url) =>
        talk(`${url.replace('http', 'ws')}/responses`, { type: 'response.create', ...REQUESTS.responses }),
      provider: { websocket: 'accept', script: SCRIPT },
    });
    const [report] = exchanges.map(explainHop);
    expect(report).toMatchObject({ hop: 'responses -> responses', findings: [], notJudged: [], attempts: 1 });
    expect(report?.join?.certainty).toBe('certain');
  });
});

function talk(url: string, message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => socket.send(JSON.stringify(message)));
    socket.addEventListener('message', ({ data }) => {
      if (String(data).includes('"response.completed"')) socket.close();
    });
    socket.addEventListener('close', () => resolve());
    socket.addEventListener('error', () => reject(new Error('the socket failed')));
  });
}
