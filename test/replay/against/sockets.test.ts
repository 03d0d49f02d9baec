import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RecordedExchange } from '../../../src/cassette/legs.ts';
import { createRecorder } from '../../../src/cassette/recorder.ts';
import { writeCassette } from '../../../src/cassette/store.ts';
import { startProxy } from '../../../src/proxy/server.ts';
import { startStage } from '../../../src/replay/against/stage.ts';
import { type AgainstOptions, runAgainst } from '../../../src/replay/against.ts';
import type { CheckResult, ReplayReport } from '../../../src/report/results/model.ts';
import { HEADER, temporaryFolder } from '../../helpers/cassette-files.ts';
import { recorded } from '../../helpers/recorded.ts';
import {
  CREATE,
  client,
  completed,
  created,
  itemDone,
  recordedSocket,
  type SocketSpec,
  server,
  socketError,
} from '../../helpers/recorded-socket.ts';
import { answerAsCaptured, SESSION_VERSIONS, sayAsCodex, socketSessions } from '../../helpers/socket-sessions.ts';
import { serveSockets } from '../../helpers/websocket.ts';
import { type SocketFault, startSocketGateway } from './socket-gateway.ts';

const OPTIONS = { profiles: [], splits: 'none', strict: false, bail: false, against: 'the gateway' } as const;

async function runFile(
  path: string,
  gateway: (upstream: string) => Promise<string>,
  more: Partial<AgainstOptions> = {},
): Promise<ReplayReport> {
  const stage = await startStage({ host: '127.0.0.1', port: 0, speed: 'instant' });
  onTestFinished(() => stage.close());
  return runAgainst({
    inputs: [{ path, name: 'ws.har' }],
    options: { ...OPTIONS, profiles: [] },
    url: await gateway(stage.url),
    stage,
    speed: 'instant',
    credentials: {},
    flags: [],
    ...more,
  });
}

async function run(
  exchanges: readonly RecordedExchange[],
  gateway: (upstream: string) => Promise<string>,
  more?: Partial<AgainstOptions>,
): Promise<ReplayReport> {
  const path = join(temporaryFolder(), 'ws.har');
  await writeCassette(
    path,
    { ...HEADER, upstream: { url: 'http://127.0.0.1:4000/v1', protocol: 'responses' } },
    exchanges.flatMap(({ client: entry, attempts }) => [entry, ...attempts]),
  );
  return runFile(path, gateway, more);
}

const faulty = (fault: SocketFault) => (upstream: string) => startSocketGateway(upstream, fault);

async function proxy(upstream: string): Promise<string> {
  const started = await startProxy({ upstream });
  onTestFinished(() => started.close());
  return started.url;
}

function resultsIn({ cassettes }: ReplayReport): CheckResult[] {
  return cassettes.flatMap(({ exchanges }) => exchanges.flatMap(({ results }) => results));
}

/** `CHECK: MESSAGE` of all that failed. */
function failuresIn(report: ReplayReport): string[] {
  return resultsIn(report).flatMap(({ failures = [] }) => failures.map(({ rule, message }) => `${rule}: ${message}`));
}

const verdictsIn = (report: ReplayReport) => resultsIn(report).map(({ check, verdict }) => `${check} ${verdict}`);

const ask = (text: string, previous?: string) => ({
  ...CREATE,
  input: [{ type: 'message', role: 'user', content: text }],
  ...(previous === undefined ? {} : { previous_response_id: previous }),
});

const turn = (text: string, id: string, more: Partial<SocketSpec> & { previous?: string } = {}) =>
  recordedSocket({
    say: [client(ask(text, more.previous)), server(created(id)), server(itemDone(id)), server(completed(id))],
    ...more,
  });

/** Changes messages of one type. */
const editType = (type: string, edit: (message: Record<string, unknown>) => void) => (text: string) => {
  const message = JSON.parse(text);
  if (message.type === type) edit(message);
  return [JSON.stringify(message)];
};

const dropType = (type: string) => (text: string) => (JSON.parse(text).type === type ? [] : [text]);

describe('a gateway that passes WebSockets on', () => {
  it.each(SESSION_VERSIONS)('passes with what Codex %s said: our own proxy', async (version) => {
    const upstream = await serveSockets();
    onTestFinished(() => upstream.close());
    for (const session of socketSessions(version)) {
      const path = join(temporaryFolder(), 'ws.har');
      const { client: _, redacted: __, elided: ___, ...header } = HEADER;
      const recorder = await createRecorder({
        path,
        header: { ...header, upstream: { url: upstream.url, protocol: 'responses' } },
      });
      const recording = await startProxy({ upstream: upstream.url, recorder });
      await Promise.all([sayAsCodex(recording.url, session), answerAsCaptured(upstream, session)]);
      await recording.close();
      await recorder.close();
      const report = await runFile(path, proxy);
      expect(failuresIn(report), session.scenario).toEqual([]);
      expect(report.receipt.served).toBe(
        session.messages.filter(([, type, text]) => type === 'send' && text.includes('"response.create"')).length,
      );
      expect(report.counts.passed).toBeGreaterThanOrEqual(report.counts.exchanges * 3);
    }
  });

  it('uses one connection for the exchanges of a recorded one, with its headers and the key', async () => {
    const seen: Record<string, unknown>[] = [];
    const key = ['sk', 'made-up'].join('-');
    const headers = ['Authorization', '[redacted:authorization#1]', 'session_id', 's', 'Sec-WebSocket-Key', 'recorded'];
    const report = await run(
      [
        turn('one', 'r1', { headers }),
        turn('two', 'r2', { previous: 'r1', headers }),
        turn('three', 'r3', { connection: 'c2' }),
      ],
      faulty({ seen: (one) => seen.push(one) }),
      { credentials: { key } },
    );
    expect(failuresIn(report)).toEqual([]);
    expect(report.receipt).toEqual({ served: 3, denied: 0 });
    expect(verdictsIn(report)).toHaveLength(15);
    expect(new Set(verdictsIn(report).map((one) => one.split(' ')[1]))).toEqual(new Set(['passed']));
    expect(seen.map((one) => [one.authorization, one.session_id])).toEqual([
      [`Bearer ${key}`, 's'],
      [`Bearer ${key}`, undefined],
    ]);
    expect(seen[0]!['sec-websocket-key']).not.toBe('recorded');
  });

  it('passes with whatever it says behind the end of the connection', async () => {
    const report = await run([turn('one', 'r1', { connection: 'c1' })], faulty({ garblesEnd: true }));
    expect(failuresIn(report)).toEqual([]);
    expect(report.counts.passed).toBe(5);
  });

  it('passes when it gives answers ids of its own, which what follows goes on with', async () => {
    const asked: unknown[] = [];
    const report = await run(
      [turn('one', 'resp_a'), turn('two', 'resp_b', { previous: 'resp_a' })],
      faulty({
        up: (text) => {
          asked.push(JSON.parse(text).previous_response_id);
          return [text.replace('resp_mine', 'resp_a')];
        },
        down: (text) => [text.replaceAll('resp_a', 'resp_mine')],
      }),
    );
    expect(asked).toEqual([undefined, 'resp_mine']);
    expect(failuresIn(report)).toEqual([]);
  });

  it('says what the client said within an answer when so much of the answer has come', async () => {
    const passed: string[] = [];
    const note = (text: string) => {
      passed.push(JSON.parse(text).type);
      return [text];
    };
    const say = [client(CREATE), server(created()), client({ type: 'response.cancel' }), server(completed())];
    expect(failuresIn(await run([recordedSocket({ say })], faulty({ up: note, down: note })))).toEqual([]);
    expect(passed.indexOf('response.cancel')).toBeGreaterThan(passed.indexOf('response.created'));
  });

  it.each([
    ['with a code', 1011, 'internal'],
    ['without a code', 1005, ''],
    ['abruptly', 1006, ''],
  ] as const)('passes an end of the upstream on: %s', async (_, code, reason) => {
    const cut = recordedSocket({
      say: [client(CREATE), server(created())],
      outcome: 'upstream-aborted',
      close: { by: 'upstream', code, reason },
    });
    expect(failuresIn(await run([cut], proxy))).toEqual([]);
    const another = await run([cut], faulty({ closesWith: code === 1011 ? 1000 : 1011 }));
    expect(failuresIn(another).join('\n')).toMatch(
      /^against\.stream: the WebSocket ended in another way: it was closed/,
    );
  });

  it('judges no more than was recorded of a client that went away, and of errors', async () => {
    const gone = recordedSocket({
      say: [client(CREATE), server(created())],
      outcome: 'client-aborted',
      by: 'client',
      close: { by: 'client', code: 1006, reason: '' },
    });
    const limited = recordedSocket({
      say: [client(CREATE), server(socketError(429, 'rate_limit_exceeded'))],
      connection: 'c2',
    });
    const report = await run([gone, limited], proxy);
    expect(failuresIn(report)).toEqual([]);
    expect(
      resultsIn(report)
        .filter(({ verdict }) => verdict === 'not-applicable')
        .map(({ check, reason }) => `${check}: ${reason}`),
    ).toEqual([
      'against.stream: the client went away before the answer came to its end',
      'against.body: the client went away before the answer came to its end',
    ]);
  });

  it('asks for a WebSocket again where that was refused', async () => {
    const spec = {
      method: 'GET',
      requestHeaders: ['connection', 'Upgrade', 'upgrade', 'websocket'],
      status: 426,
      headers: ['content-type', 'application/json'],
      answer: '{"error":{"type":"invalid_request_error","message":"Use HTTP."}}',
    };
    const refused = recorded({ ...spec }, [{ ...spec, url: 'http://127.0.0.1:4000/v1/responses', status: 404 }]);
    const bodiless = verdictsIn(await run([refused], proxy));
    expect(bodiless.slice(0, 3)).toEqual(['against.request passed', 'against.status passed', 'against.headers passed']);
    const accepted = failuresIn(await run([refused], faulty({})));
    expect(accepted).toEqual(['against.status: the status is 101, and recorded is 426']);
  });
});

describe('a gateway that differs over a WebSocket', () => {
  it.each<[string, SocketFault, string[]]>([
    [
      'never calls the upstream',
      { refuses: 503 },
      [
        'against.request.never-called: the gateway answered 503 and never called the upstream',
        'against.status: the status is 503, and recorded is 101',
      ],
    ],
    [
      'loses a field of the request',
      { up: editType('response.create', (message) => delete message.model) },
      ['against.request: the request differs at /model'],
    ],
    [
      'asks twice',
      { up: (text) => [text, text], down: asOnce() },
      ['against.request.more-calls: the upstream was called once more than recorded: WS /v1/responses'],
    ],
    [
      'drops an event',
      { down: dropType('response.output_item.done') },
      ['against.stream: event 2 (response.output_item.done) is missing'],
    ],
    [
      'adds an event',
      { down: (text) => (text.includes('response.created') ? ['{"type":"ping"}', text] : [text]) },
      ['against.stream: event 1 (ping) is one too many'],
    ],
    [
      'changes an answer',
      {
        down: editType('response.completed', (message) => {
          (message.response as { status: string }).status = 'incomplete';
        }),
      },
      [
        'against.stream: event 3 (response.completed) differs at /response/status',
        'against.body: the answer differs at /status',
      ],
    ],
    [
      'drops a header that Codex acts upon',
      { headers: [] },
      ['against.headers: the header x-codex-turn-state differs'],
    ],
    [
      'ends the connection before the answer is whole',
      { down: dropType('response.completed'), endsAfter: [(text) => text.includes('response.completed'), 1001] },
      ['against.stream: the stream broke off: it was closed with 1001', 'against.body: the answer differs at '],
    ],
  ])('%s', async (_, fault, expected) => {
    const failures = failuresIn(await run([turn('one', 'r1')], faulty(fault)));
    for (const one of expected) expect(failures.join('\n')).toContain(one);
    const checkOf = (failure: string) => /^against\.\w+/.exec(failure)?.[0];
    expect(new Set(failures.map(checkOf))).toEqual(new Set(expected.map(checkOf)));
  });

  it('ends the connection between two exchanges: told once, the third gets a new one', async () => {
    const fault: SocketFault = { endsAfter: [(text) => text.includes('"resp_a"') && text.includes('completed'), 1000] };
    const report = await run(
      [turn('one', 'resp_a'), turn('two', 'resp_b', { previous: 'resp_a' }), turn('three', 'resp_c')],
      faulty(fault),
    );
    const failing = report.cassettes[0]!.exchanges.filter(({ results }) =>
      results.some(({ verdict }) => verdict === 'failed'),
    );
    expect(failing.map(({ number }) => number)).toEqual([2]);
    expect(failuresIn(report)).toEqual([
      'against.request.never-called: the gateway did not answer and never called the upstream',
      'against.status: no answer came: the gateway ended the WebSocket before this exchange: it was closed with 1000',
    ]);
  });

  it('hangs up on its upstream in the middle of the answer', async () => {
    const say = [client(CREATE), server(created()), ...Array(200).fill(server(itemDone())), server(completed())];
    const fault: SocketFault = { hangsUpAfter: (text) => text.includes('response.created') };
    const report = await run([recordedSocket({ say }), turn('two', 'r2', { connection: 'c2' })], faulty(fault));
    const [first, second] = report.cassettes[0]!.exchanges.map(({ results }) => results.map(({ verdict }) => verdict));
    expect(first).toEqual(['passed', 'passed', 'passed', 'failed', 'failed']);
    expect(second).toHaveLength(5);
    expect(failuresIn(report).join('\n')).toContain('against.stream: the stream broke off: it was closed with 1001');
  });

  it('asks its upstream over HTTP', async () => {
    const failures = failuresIn(await run([turn('one', 'r1')], faulty({ overHttp: true })));
    expect(failures).toContain(
      'against.request.path: the upstream was asked for POST /responses, and recorded is WS /responses',
    );
    expect(failures.join('\n')).toContain('against.stream: event 1 (error) is one too many');
  });

  it('stops where nobody listens', async () => {
    await expect(run([turn('one', 'r1')], async () => 'http://127.0.0.1:9/v1')).rejects.toMatchObject({
      code: 'gateway-unreachable',
      exitCode: 4,
    });
  });

  it('says what cannot be sent', async () => {
    const idle = recordedSocket({ say: [] });
    const cut = turn('one', 'r1', { connection: 'c2' });
    cut.client._webSocketCut = 3;
    const reasons = resultsIn(await run([idle, cut], proxy)).map(({ reason }) => reason);
    expect(new Set(reasons.slice(0, 5))).toEqual(new Set(['nothing was asked for over its WebSocket']));
    expect(new Set(reasons.slice(5))).toEqual(new Set(['the cassette does not hold all of its messages']));
  });
});

/** Hands the messages of the first answer on alone. */
function asOnce(): (text: string) => string[] {
  let over = false;
  return (text) => {
    if (over) return [];
    over = text.includes('response.completed');
    return [text];
  };
}
