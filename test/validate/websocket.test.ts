import { describe, expect, it } from 'vitest';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { forecastFor } from '../../src/cli/explain/forecast.ts';
import { diagnoseExchange } from '../../src/validate/diagnose.ts';
import { validateExchange } from '../../src/validate/exchange.ts';
import { findSecrets } from '../../src/validate/secrets.ts';
import {
  CREATE,
  client,
  completed,
  completedEmpty,
  created,
  itemAdded,
  itemDone,
  recordedSocket,
  type SocketSpec,
  server,
  socketError,
} from '../helpers/recorded-socket.ts';

const TURN = [CREATE, created(), itemAdded(), itemDone(), completed()].map((data, i) =>
  (i === 0 ? client : server)(data),
);
const AGENT = (version: string) => ['user-agent', `codex_exec/${version} (test)`];

function findings(spec: SocketSpec): string[] {
  return validateExchange(recordedSocket(spec), { profiles: ['tolerant', 'codex'] }).map(
    ({ leg, event, severity, rule }) => `${leg} ${event} ${severity} ${rule}`,
  );
}

describe('messages of a WebSocket', () => {
  it.each<[string, SocketSpec, string[]]>([
    ['a whole turn', { say: TURN }, []],
    ['a connection on which nothing was said', { say: [] }, []],
    ['an error in the place of an answer', { say: [client(CREATE), server(socketError(400, 'x'))] }, []],
    [
      'a request that is none',
      { say: [client({ type: 'response.create', input: 1 }), ...TURN.slice(1)] },
      ['client-request 0 error schema.type'],
    ],
    [
      'an answer that the server breaks off',
      { say: TURN.slice(0, 2), outcome: 'upstream-aborted', by: 'upstream' },
      ['upstream-response 0 error grammar.responses.no-terminal'],
    ],
    ['an answer whose reader left', { say: TURN.slice(0, 2), outcome: 'client-aborted', by: 'client' }, []],
    [
      'an event that Codex cannot read',
      { say: [...TURN.slice(0, 4), server({ type: 'response.completed', response: { output: [] } })] },
      [
        'upstream-response 3 error schema.required',
        'upstream-response 3 error schema.required',
        'upstream-response 3 warning grammar.responses.output-incomplete',
      ],
    ],
    [
      'an event without a type',
      { say: [client(CREATE), server({ response: { id: 'r' } }), ...TURN.slice(1)] },
      ['upstream-response 0 error grammar.responses.no-type'],
    ],
    [
      'a binary message',
      { say: [client(CREATE), server(Buffer.from('{}')), ...TURN.slice(1)] },
      ['upstream-response 0 error exchange.binary-message'],
    ],
  ])('%s', (_name, spec, expected) => {
    expect(findings(spec)).toEqual(expected);
  });

  it('are searched for secrets, across deltas too, and a secret is told once', () => {
    const secret = ['sk', '-proj-', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6'].join('');
    const delta = (text: string) =>
      server({ type: 'response.output_text.delta', output_index: 0, content_index: 0, item_id: 'm', delta: text });
    const say = [client(CREATE), delta(`key ${secret.slice(0, 20)}`), delta(secret.slice(20)), server(completed())];
    expect(findSecrets(recordedSocket({ say })).map(({ rule, leg }) => `${rule} ${leg}`)).toEqual([
      'secret.api-key upstream-response',
    ]);
    expect(findSecrets(recordedSocket({ say: TURN }))).toEqual([]);
  });
});

function explain(exchange: RecordedExchange) {
  const forecast = forecastFor(exchange, undefined);
  const diagnosis = diagnoseExchange(exchange, {
    findings: validateExchange(exchange, { profiles: ['tolerant', 'codex'] }),
    ...(forecast ? { forecast } : {}),
    cassette: 'session.har',
    exchange: '1',
  });
  return { ...diagnosis, cause: diagnosis.causes[0]?.id, action: forecast?.action, rule: forecast?.rule };
}

describe('what Codex makes of what comes over a WebSocket', () => {
  const prewarm = client({ ...CREATE, generate: false });
  const rows: [string, string, SocketSpec['say'], object][] = [
    ['a turn', '0.169.0', TURN, { level: 'ok', action: 'accept', request: 'WS /v1/responses → 101' }],
    ['a prewarm', '0.169.0', [prewarm, server(created()), server(completedEmpty())], { level: 'ok', action: 'accept' }],
    [
      'an error to a prewarm',
      '0.122.0',
      [prewarm, server(socketError(400, 'unknown_parameter'))],
      { level: 'broken', action: 'retry', rule: 'codex.socket.prewarm' },
    ],
    [
      'a lost response, before 0.146',
      '0.122.0',
      [client(CREATE), server(socketError(400, 'previous_response_not_found'))],
      { action: 'fail', rule: 'codex.http.400', cause: 'websocket.previous-not-found' },
    ],
    [
      'a lost response',
      '0.169.0',
      [client(CREATE), server(socketError(400, 'previous_response_not_found'))],
      { action: 'retry', rule: 'codex.socket.previous-not-found', cause: 'websocket.previous-not-found' },
    ],
    [
      'a connection that is too old',
      '0.122.0',
      [client(CREATE), server(socketError(400, 'websocket_connection_limit_reached'))],
      { action: 'retry', rule: 'codex.socket.connection-limit', cause: 'websocket.connection-limit' },
    ],
    [
      'a 429, before 0.162',
      '0.122.0',
      [client(CREATE), server(socketError(429, 'rate_limit_exceeded', { 'retry-after': '1' }))],
      { action: 'fail', rule: 'codex.http.429-final', cause: 'limit.final-429' },
    ],
    [
      'a 429',
      '0.169.0',
      [client(CREATE), server(socketError(429, 'rate_limit_exceeded', { 'retry-after': '1' }))],
      { action: 'retry', rule: 'codex.http.429-retry-after', cause: 'limit.rate' },
    ],
  ];
  it.each(rows)('%s (%s)', (_name, version, say, expected) => {
    expect(explain(recordedSocket({ say, headers: AGENT(version) }))).toMatchObject(expected);
  });

  it('a close in the middle of an answer', () => {
    const spec: SocketSpec = { say: TURN.slice(0, 2), outcome: 'upstream-aborted', headers: AGENT('0.169.0') };
    const close = { by: 'upstream', code: 1011, reason: 'internal' } as const;
    expect(explain(recordedSocket({ ...spec, close }))).toMatchObject({
      level: 'broken',
      action: 'retry',
      rule: 'codex.stream.broken',
      cause: 'upstream.reset',
    });
  });

  it('knows the version of an upgrade without a user agent by its other headers', () => {
    const headers = ['originator', 'codex_exec', 'version', '0.122.0'];
    expect(forecastFor(recordedSocket({ say: TURN, headers }), undefined)?.client).toBe('Codex 0.122.0');
    expect(forecastFor(recordedSocket({ say: TURN, headers: headers.slice(2) }), undefined)).toBeUndefined();
  });
});
