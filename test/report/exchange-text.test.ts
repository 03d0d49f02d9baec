import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { cassetteHeadLines } from '../../src/report/cassette-head.ts';
import { exchangeTable, rowOf } from '../../src/report/exchange-row.ts';
import { exchangeLines, legLines } from '../../src/report/exchange-text.ts';
import { viewExchange } from '../../src/report/exchange-view.ts';
import { textWidth } from '../../src/report/text.ts';
import { type MadeEntry, makeEntry, makeExchange, sse } from '../helpers/made-legs.ts';

const STYLE = { colour: new Chalk({ level: 0 }), columns: 90 };

const REQUEST = JSON.stringify({
  model: 'gpt-4.1-mini',
  stream: true,
  instructions: 'You are brief.',
  input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Say hello\nand run echo' }] }],
  tools: [
    { type: 'function', name: 'exec_command' },
    { type: 'function', name: 'write_stdin' },
    { type: 'web_search' },
  ],
  store: false,
});

const CALL = { type: 'function_call', name: 'exec_command', arguments: '{"cmd":"echo hi"}', call_id: 'call_1' };
const USAGE = {
  input_tokens: 1200,
  input_tokens_details: { cached_tokens: 1024 },
  output_tokens: 7,
  total_tokens: 1207,
};
const EVENTS = sse(
  { type: 'response.created', response: { id: 'resp_1', model: 'gpt-4.1-mini' } },
  { type: 'response.output_text.delta', output_index: 0, delta: 'Hello ' },
  { type: 'response.output_text.delta', output_index: 0, delta: 'there' },
  {
    type: 'response.output_item.done',
    item: { type: 'message', content: [{ type: 'output_text', text: 'Hello there' }] },
  },
  { type: 'response.output_item.done', item: CALL },
  { type: 'response.completed', response: { id: 'resp_1', status: 'completed', usage: USAGE } },
);
const CHUNKS = EVENTS.map((text, i): [number, string] => [20 + 10 * i, text]);

const CLIENT: MadeEntry = {
  requestText: REQUEST,
  response: CHUNKS,
  requestHeaders: { host: '127.0.0.1:8787', 'content-type': 'application/json', 'x-long': 'v'.repeat(200) },
};
const UPSTREAM: MadeEntry = {
  ...CLIENT,
  attempt: 1,
  requestHeaders: { host: 'provider.example', 'content-type': 'application/json', 'x-long': 'v'.repeat(200) },
};

function show(client: MadeEntry, upstreams: MadeEntry[], columns = STYLE.columns): string[] {
  const { exchange, legs } = makeExchange(makeEntry(client), upstreams.map(makeEntry));
  return exchangeLines(viewExchange(exchange, legs, 1), { ...STYLE, columns });
}

describe('one exchange', () => {
  it('is shown from the request to the end of the answer', () => {
    expect(show(CLIENT, [UPSTREAM]).join('\n')).toBe(`exchange 1  x1  complete  1.24 s
  started      2026-01-02T03:04:05.678Z
  protocol     responses

client request  POST http://127.0.0.1:8787/v1/responses HTTP/1.1
  headers      3
    host: 127.0.0.1:8787
    content-type: application/json
    x-long: ${'v'.repeat(77)}…
  body         ${REQUEST.length} B
  model        gpt-4.1-mini, streamed
  instructions 14 characters
  input        1 item
    #  role  type     chars  says
    0  user  message     99  Say hello and run echo
  tools        3
    function  exec_command, write_stdin
    web_search
  settings     1 field
    store false

upstream request  POST https://provider.example/v1/responses HTTP/1.1
  body         same bytes as the client request
    header changed: host: 127.0.0.1:8787 -> provider.example

upstream response  200 OK HTTP/1.1, head after 12 ms
  body         same bytes as the client response
  end          complete after 1.24 s

client response  200 OK HTTP/1.1, head after 12 ms
  headers      1
    content-type: text/event-stream
  body         ${EVENTS.join('').length} B
  time line    6 events
       ms  event                          says
       20  response.created               resp_1 gpt-4.1-mini
    30–40  response.output_text.delta ×2  Hello there
       50  response.output_item.done      message
       60  response.output_item.done      function_call exec_command
       70  response.completed             resp_1 completed in 1200, out 7
  tool calls   1
    function_call exec_command call_1
      {"cmd":"echo hi"}
  text         11 characters
    Hello there
  finish       completed
  usage        input 1,200, of it cached 1,024, output 7, total 1,207
  end          complete after 1.24 s`);
  });

  it.each([40, 60, 80])('keeps to %d columns, but for what is said in full', (columns) => {
    const said = ['{"cmd":"echo hi"}', 'Hello there'];
    for (const line of show(CLIENT, [UPSTREAM], columns)) {
      if (!said.includes(line.trim())) expect(textWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('shows every attempt, and in full what the client did not get', () => {
    const body = '{"error":{"code":"rate_limit_exceeded","message":"slow down"}}';
    const refused: MadeEntry = {
      ...UPSTREAM,
      status: 429,
      responseType: 'application/json',
      response: body,
      outcome: 'upstream-error',
    };
    const lines = show(CLIENT, [refused, { ...UPSTREAM, attempt: 2 }]);
    expect(lines).toContain('  attempts     2');
    expect(lines.filter((line) => line.startsWith('upstream'))).toEqual([
      'upstream request 1 of 2  POST https://provider.example/v1/responses HTTP/1.1',
      'upstream response 1 of 2  429 OK HTTP/1.1, head after 12 ms',
      'upstream request 2 of 2  POST https://provider.example/v1/responses HTTP/1.1',
      'upstream response 2 of 2  200 OK HTTP/1.1, head after 12 ms',
    ]);
    expect(lines).toContain('  error        rate_limit_exceeded: slow down');
    expect(lines.filter((line) => line.includes('same bytes as the client response'))).toHaveLength(1);
  });

  it('says how an answer ended that never came', () => {
    const end = { by: 'upstream', ms: 3, how: 'refused', detail: 'ECONNREFUSED' } as const;
    const { exchange } = makeExchange(makeEntry({ ...CLIENT, status: 502, outcome: 'refused' }), [
      makeEntry({ ...UPSTREAM, status: 0, over: { _end: end } }),
    ]);
    const text = exchangeLines(viewExchange(exchange, [], 7), STYLE).join('\n');
    expect(text).toContain('exchange 7  x1  refused');
    expect(text).toContain(
      'upstream response  no response\n  end          refused by upstream after 3 ms: ECONNREFUSED',
    );
  });

  it('says what a broken stream left over', () => {
    const response: [number, string][] = [[5, `${EVENTS[0]}data: {"type":"resp`]];
    const end = { by: 'upstream', ms: 9, how: 'reset' } as const;
    const lines = show({ ...CLIENT, response, outcome: 'upstream-aborted', over: { _end: end } }, []);
    expect(lines).toContain('  left over    19 characters without a blank line: data: {"type":"resp');
    expect(lines.at(-1)).toBe('  end          reset by upstream after 9 ms');
  });

  it('reads a stream that is not called one', () => {
    expect(show({ ...CLIENT, responseType: 'application/json' }, [])).toContain('  time line    6 events');
  });

  it('lists losses', () => {
    const loss = { hop: 'responses->chat', path: '/include', kind: 'dropped', reason: 'Chat has no such field' };
    const lines = show({ ...CLIENT, over: { _losses: [loss] } }, []);
    expect(lines.slice(-2)).toEqual(['1 loss', '  hint responses->chat /include dropped: Chat has no such field']);
  });

  it('lets no recorded text steer the terminal', () => {
    const evil = '\x1b[2J\x07';
    const text = show(
      {
        url: `http://h/${evil}`,
        requestHeaders: { [`x${evil}`]: evil },
        requestText: JSON.stringify({ model: evil, input: evil, tools: [{ type: evil, name: evil }], [evil]: 1 }),
        response: sse(
          { type: 'response.output_item.done', item: { ...CALL, name: evil, arguments: evil, call_id: evil } },
          { type: 'error', code: evil, message: evil },
          { type: evil },
        ).join(''),
        over: { _end: { by: 'upstream', ms: 1, how: 'error', detail: evil } },
      },
      [],
    ).join('');
    expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  });
});

describe('one leg', () => {
  it('has its whole headers and its whole body, tokens as they are written', () => {
    const { exchange, legs } = makeExchange(makeEntry({ ...CLIENT, requestText: '{"model":"m","n":12.0}' }));
    const [leg] = viewExchange(exchange, legs, 1).legs;
    const lines = legLines(leg!, 1, STYLE);
    expect(lines).toContain(`    x-long: ${'v'.repeat(200)}`);
    expect(lines.slice(-5)).toEqual(['', '{', '  "model": "m",', '  "n": 12.0', '}']);
  });

  it('shows a stream as it came', () => {
    const { exchange, legs } = makeExchange(makeEntry(CLIENT));
    const leg = viewExchange(exchange, legs, 1).legs.find((view) => view.leg === 'client-response');
    expect(legLines(leg!, 0, STYLE).join('\n')).toContain(`\n\n${EVENTS.join('')}`);
  });
});

describe('the table', () => {
  const rows = [
    rowOf(...row(CLIENT, [UPSTREAM]), 1),
    rowOf(
      ...row(
        {
          exchange: 'x2',
          method: 'GET',
          url: 'http://h/v1/models?client_version=0.169.0',
          protocol: null,
          response: '{"data":[]}',
          responseType: 'application/json',
          time: 3,
        },
        [UPSTREAM],
      ),
      2,
    ),
    rowOf(
      ...row(
        {
          ...CLIENT,
          exchange: 'x3',
          status: 500,
          outcome: 'upstream-error',
          response: 'high demand',
          responseType: 'text/plain',
        },
        [UPSTREAM, { ...UPSTREAM, attempt: 2 }],
      ),
      3,
    ),
  ];

  function row(
    client: MadeEntry,
    upstreams: MadeEntry[],
  ): Parameters<typeof rowOf> extends [infer A, infer B, number] ? [A, B] : never {
    const { exchange, legs } = makeExchange(makeEntry(client), upstreams.map(makeEntry));
    return [exchange, legs];
  }

  it('tells that what looks complete was broken off at the upstream', () => {
    const broken = rowOf(...row(CLIENT, [{ ...UPSTREAM, outcome: 'upstream-aborted' }]), 1);
    expect(broken.upstreamOutcome).toBe('upstream-aborted');
    expect(exchangeTable([broken], STYLE.colour, 200)[1]).toContain(' complete (upstream-aborted) ');
  });

  it('has a line an exchange', () => {
    expect(rows[0]).toEqual({
      number: 1,
      id: 'x1',
      started: '2026-01-02T03:04:05.678Z',
      method: 'POST',
      path: '/v1/responses',
      protocol: 'responses',
      model: 'gpt-4.1-mini',
      status: 200,
      outcome: 'complete',
      coding: [],
      bytesIn: REQUEST.length,
      bytesOut: EVENTS.join('').length,
      events: 6,
      durationMs: 1240,
      attempts: 1,
      result: 'exec_command({"cmd":"echo hi"}) "Hello there"',
    });
    expect(exchangeTable(rows, STYLE.colour, 200)).toEqual([
      '#  id  start         request                                model         status  outcome            in    out  events    time  tries  result',
      '1  x1  03:04:05.678  POST /v1/responses                     gpt-4.1-mini  200     complete        309 B  904 B       6  1.24 s         exec_command({"cmd":"echo hi"}) "Hello there"',
      '2  x2  03:04:05.678  GET /v1/models?client_version=0.169.0                200     complete          0 B   11 B            3 ms',
      '3  x3  03:04:05.678  POST /v1/responses                     gpt-4.1-mini  500     upstream-error  309 B   11 B          1.24 s      2  high demand',
    ]);
  });

  it.each([70, 90, 110, 130])('gives up columns to keep to %d', (columns) => {
    const lines = exchangeTable(rows, STYLE.colour, columns);
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
    for (const title of ['#', 'request', 'status', 'outcome']) expect(lines[0]).toContain(title);
  });
});

describe('the head of a cassette', () => {
  const header = {
    format: 1,
    tool: '0.1.0',
    recordedAt: '2026-01-02T03:04:05.678Z',
    gateway: { name: 'tapedeck' },
    upstream: { url: 'https://provider.example/v1', protocol: null },
    redacted: {},
    elided: { texts: 0, chars: 0 },
  };

  it('says who talked to whom', () => {
    expect(cassetteHeadLines(header, false)).toEqual([
      'recorded  2026-01-02 03:04:05 UTC by tapedeck 0.1.0',
      'client    unknown',
      'upstream  https://provider.example/v1',
      'redacted  nothing',
    ]);
  });

  it('says what was taken out, and that it was edited', () => {
    const full = {
      ...header,
      client: { name: 'codex_exec', version: '0.169.0' },
      gateway: { name: 'other', version: '1' },
      upstream: { ...header.upstream, protocol: 'responses' as const },
      redacted: { authorization: 3, jwt: 1, cookie: 0 },
      elided: { texts: 2, chars: 31415 },
    };
    expect(cassetteHeadLines(full, true)).toEqual([
      'recorded  2026-01-02 03:04:05 UTC by tapedeck 0.1.0',
      'client    codex_exec 0.169.0',
      'gateway   other 1',
      'upstream  https://provider.example/v1 (responses)',
      'redacted  3 authorization, 1 jwt',
      'elided    2 texts, 31,415 characters',
      'edited    the entries were changed after they were recorded',
    ]);
  });
});
