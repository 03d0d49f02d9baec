import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIXTURE_VERSIONS, readFixture } from '../../fixtures/oracle/format.ts';
import { CAUSES_FILE, renderCauses } from '../../fixtures/oracle/table.ts';
import type { RecordedExchange } from '../../src/cassette/legs.ts';
import { forecastFor } from '../../src/cli/explain/forecast.ts';
import type { Diagnosis } from '../../src/validate/diagnose/types.ts';
import { CAUSES, diagnoseExchange } from '../../src/validate/diagnose.ts';
import { validateExchange } from '../../src/validate/exchange.ts';
import { completed, messageDone, sse } from '../helpers/codex-answers.ts';
import { capturedExchange } from '../helpers/fixture-exchange.ts';
import { assertProperty } from '../helpers/properties.ts';
import { recorded, type SideSpec } from '../helpers/recorded.ts';

function diagnose(exchange: RecordedExchange, version?: string): Diagnosis {
  const forecast = forecastFor(exchange, version);
  return diagnoseExchange(exchange, {
    findings: validateExchange(exchange, { profiles: ['tolerant', 'codex'] }),
    ...(forecast ? { forecast } : {}),
    cassette: 'session.har',
    exchange: '1',
  });
}

/** Version, scenario, number of the answer, id of the cause, and words that must stand in what is told. */
const CAPTURED: readonly [version: string, scenario: string, index: number, cause: string, says: RegExp][] = [
  ['0.169.0', 'i-400', 0, 'request.unknown-field', /client_metadata/],
  ['0.169.0', 'i-401', 0, 'auth.refused', /Incorrect API key/],
  ['0.113.0', 'n-authcommand-401', 0, 'auth.no-credential', /CODEX_API_KEY/],
  ['0.122.0', 'i-403', 0, 'auth.refused', /Forbidden/],
  ['0.169.0', 'i-404', 0, 'model.not-found', /gives up at once/],
  ['0.113.0', 'i-404', 0, 'model.not-found', /up to 5 times/],
  ['0.169.0', 'i-404-html', 0, 'url.web-page', /base URL/],
  ['0.169.0', 'i-413', 0, 'request.too-large', /client_max_body_size/],
  ['0.169.0', 'i-415', 0, 'request.media-type', /zstd/],
  ['0.169.0', 'i-429', 0, 'limit.rate', /pausing 1\.00 s, 1\.00 s/],
  ['0.113.0', 'i-429', 0, 'limit.final-429', /before 0\.162|first 429/],
  ['0.122.0', 'i-retry-after-ms', 0, 'limit.no-retry-after', /retry-after-ms does not count/],
  ['0.169.0', 'i-retry-after-ms', 0, 'limit.no-retry-after', /gives up at once/],
  ['0.169.0', 'i-429-quota', 0, 'limit.quota', /Quota exceeded/],
  ['0.169.0', 'i-429-usage', 0, 'limit.plan', /usage limit/],
  ['0.169.0', 'i-500', 0, 'server.error', /29 times/],
  ['0.122.0', 'i-502', 0, 'server.error-page', /load balancer/],
  ['0.169.0', 'i-503-overloaded', 0, 'model.overloaded', /up to 4 times/],
  ['0.169.0', 'i-529', 0, 'model.overloaded', /at capacity/],
  ['0.169.0', 'i-conn-reset', 0, 'upstream.reset', /resetting the connection/],
  ['0.169.0', 'i-error-event', 0, 'stream.error-event', /The server had an error/],
  ['0.113.0', 'i-error-nested', 0, 'stream.error-event', /upstream died/],
  ['0.169.0', 'i-failed-context', 0, 'request.context-length', /ran out of room/],
  ['0.169.0', 'i-failed-invalid', 0, 'request.invalid-prompt', /limited access/],
  ['0.169.0', 'i-failed-nullerror', 0, 'answer.failed', /without an error object/],
  ['0.169.0', 'i-failed-overloaded', 0, 'model.overloaded', /at capacity/],
  ['0.169.0', 'i-failed-quota', 0, 'limit.quota', /billing/],
  ['0.169.0', 'i-failed-ratelimit', 0, 'limit.rate', /1\.20 s/],
  ['0.169.0', 'i-failed-server', 0, 'answer.failed', /An error occurred/],
  ['0.169.0', 'i-idle', 0, 'stream.idle', /Ended by the client.*1\.51 s after the last byte/],
  ['0.169.0', 'i-idle-comments', 0, 'stream.only-comments', /do not reset the idle timer/],
  ['0.169.0', 'i-incomplete-filter', 0, 'answer.content-filter', /content filter/],
  ['0.122.0', 'i-incomplete-maxtok', 0, 'answer.max-output-tokens', /up to 5 times/],
  ['0.169.0', 'i-incomplete-maxtok', 0, 'answer.max-output-tokens', /gives up at once/],
  ['0.169.0', 'i-trunc-clean', 0, 'upstream.ended-early', /stream closed before response\.completed/],
  ['0.122.0', 'i-trunc-after-call-once', 0, 'upstream.ended-early', /last event was response\.output_item\.done/i],
  ['0.169.0', 'i-trunc-reset-once', 0, 'upstream.reset', /ECONNRESET/],
  ['0.169.0', 'm-gzip', 0, 'answer.coded', /gzip/],
  ['0.169.0', 'm-chat-chunks', 0, 'stream.chat-chunks', /Chat Completions/],
  ['0.169.0', 'm-usage-chatstyle', 0, 'usage.chat-names', /prompt_tokens/],
  ['0.169.0', 'm-usage-emptydetails', 0, 'usage.incomplete', /cached_tokens/],
  ['0.169.0', 'm-usage-nototal', 0, 'usage.incomplete', /total_tokens/],
  ['0.169.0', 'm-completed-noid', 0, 'completed.no-id', /no id/],
  ['0.169.0', 'm-response-done', 0, 'stream.response-done', /Realtime/],
  ['0.169.0', 'm-nofinal-blank', 0, 'stream.no-final-blank-line', /blank line/],
  ['0.169.0', 'm-nonstream', 0, 'stream.not-a-stream', /server-sent events/],
  ['0.169.0', 'm-event-lines-notype', 0, 'stream.no-type', /lacks type/],
  ['0.169.0', 'm-content-text', 0, 'answer.items-dropped', /exit code 0 and shows nothing/],
  ['0.169.0', 'm-deltas-only', 0, 'answer.no-item-done', /response\.output_item\.done/],
  ['0.169.0', 'm-completed-only', 0, 'answer.empty', /shows nothing/],
  ['0.169.0', 'e-no-callid', 0, 'answer.items-dropped', /call_id/],
  ['0.169.0', 'e-local-shell', 0, 'answer.items-dropped', /local_shell_call/],
  ['0.169.0', 'g-compact-v2-wrongitems', 1, 'compaction.items', /exactly one compaction/],
  ['0.169.0', 'g-compact-404', 1, 'compaction.refused', /compaction_trigger/],
  ['0.113.0', 'g-compact-404', 1, 'compaction.refused', /responses\/compact/],
];

const WARNINGS: readonly [version: string, scenario: string, cause: string, says: RegExp][] = [
  ['0.169.0', 'e-apply-patch-function', 'tool.apply-patch-function', /custom_tool_call/],
  ['0.169.0', 'e-unknown-item', 'answer.item-dropped', /brand_new_item/],
  ['0.169.0', 'r-model-header', 'model.rerouted', /gpt-routed-elsewhere/],
];

function told(diagnosis: Diagnosis): string {
  const causes = diagnosis.causes.flatMap(({ cause, fix, evidence }) => [cause, fix, evidence]);
  return [diagnosis.headline, ...causes, ...diagnosis.ended, ...diagnosis.next].join('\n');
}

describe('captured exchanges that ended badly', () => {
  it.each(CAPTURED)('%s %s #%i: %s', (version, scenario, index, cause, says) => {
    const diagnosis = diagnose(capturedExchange(version, scenario, index));
    expect(diagnosis.level).toBe('broken');
    expect(diagnosis.causes[0]?.id).toBe(cause);
    expect(told(diagnosis)).toMatch(says);
  });

  it.each(WARNINGS)('%s %s: %s, a warning', (version, scenario, cause, says) => {
    const diagnosis = diagnose(capturedExchange(version, scenario));
    expect(diagnosis.level).toBe('warning');
    expect(diagnosis.causes.map(({ id }) => id)).toEqual([cause]);
    expect(told(diagnosis)).toMatch(says);
  });

  it.each(FIXTURE_VERSIONS)(
    '%s: every answer that Codex did not take is explained by a cause, and no other is',
    (version) => {
      for (const { scenario, exchanges } of readFixture(version).scenarios) {
        const count = exchanges.filter(({ kind }) => kind !== 'models').length;
        // Repeats of a request got the same answer.
        for (let index = 0; index < Math.min(count, 3); index++) {
          const { level, causes, forecast } = diagnose(capturedExchange(version, scenario, index));
          const taken = forecast?.action === 'accept' || forecast?.rule === 'codex.http.redirect';
          const broken = causes.filter((cause) => cause.level === 'broken').length;
          expect([scenario, level === 'broken', broken]).toEqual([scenario, !taken, taken ? 0 : 1]);
        }
      }
    },
  );
});

const CODEX = ['user-agent', 'codex_exec/0.169.0 (Linux)', 'content-type', 'application/json'];
const KEY = ['authorization', 'Bearer [redacted:api-key#1]'];
const OK = sse(messageDone('hi'), completed());
const REQUEST = { model: 'gpt-5.5', stream: true, input: [] };

function exchangeWith(spec: SideSpec, upstream: SideSpec = spec): RecordedExchange {
  const common = { body: REQUEST, requestHeaders: [...CODEX, ...KEY], headers: ['content-type', 'text/event-stream'] };
  return recorded({ ...common, ...spec }, [{ ...common, ...upstream }]);
}

const NOT_JSON = '{"error":{"message":"invalid character \'(\' looking for beginning of value"}}';

/** What no capture shows: these need a proxy, another hop, or a fault in the middle. */
const MADE: readonly [name: string, exchange: RecordedExchange, cause: string, says: RegExp][] = [
  [
    'a zstd body that the next hop read as JSON',
    exchangeWith({ status: 400, answer: NOT_JSON, requestHeaders: [...CODEX, ...KEY, 'content-encoding', 'zstd'] }),
    'request.coded-body',
    /enable_request_compression/,
  ],
  [
    'a zstd body whose header was lost',
    exchangeWith({ status: 400, answer: NOT_JSON }),
    'request.unlabelled-coding',
    /dropped the content-encoding header/,
  ],
  [
    'a plain body that was no JSON to the next hop',
    exchangeWith({ status: 400, answer: '{"error":"Unexpected end of JSON input"}' }),
    'request.not-json',
    /not JSON to that hop/,
  ],
  [
    'no credential at all',
    exchangeWith({ status: 401, answer: '{}', requestHeaders: CODEX }),
    'auth.no-credential',
    /ignores OPENAI_API_KEY/,
  ],
  [
    'a credential that a hop lost',
    exchangeWith({ status: 401, answer: '{}' }, { status: 401, answer: '{}', requestHeaders: CODEX }),
    'auth.no-credential',
    /lost on the way/,
  ],
  [
    'the stand-in key of `record`',
    exchangeWith({
      status: 401,
      answer: '{}',
      requestHeaders: [...CODEX, 'authorization', `Bearer ${'tapedeck-no-key'}`],
    }),
    'auth.dummy-key',
    /OPENAI_API_KEY/,
  ],
  [
    'the login of ChatGPT at a gateway',
    exchangeWith({ status: 403, answer: '{}', requestHeaders: [...CODEX, ...KEY, 'chatgpt-account-id', 'acc'] }),
    'auth.chatgpt-login',
    /requires_openai_auth/,
  ],
  [
    'a base URL that ends with what is appended',
    exchangeWith({ status: 404, answer: '{}', url: 'https://provider.example/v1/responses/responses' }),
    'url.doubled',
    /responses\/responses/,
  ],
  [
    'a base URL without /v1',
    exchangeWith({ status: 404, answer: '{}', url: 'https://provider.example/responses' }),
    'url.missing-v1',
    /lacks \/v1/,
  ],
  ['a path that is not there', exchangeWith({ status: 405, answer: '{}' }), 'url.not-found', /does not exist/],
  [
    'a page with status 200',
    exchangeWith({ answer: '<!doctype html><title>Sign in</title>', headers: ['content-type', 'text/html'] }),
    'url.web-page',
    /web page answered/i,
  ],
  [
    'a strict validator in FastAPI style',
    exchangeWith({
      status: 422,
      answer: '{"detail":[{"msg":"Extra inputs are not permitted","loc":["body","client_metadata"]}]}',
    }),
    'request.unknown-field',
    /Extra inputs/,
  ],
  ['a 400 for another reason', exchangeWith({ status: 400, answer: '{"message":"no"}' }), 'request.refused', /400: no/],
  [
    'an upstream that refuses the connection',
    exchangeWith(
      {
        status: 502,
        answer: '{}',
        outcome: 'refused',
        end: { by: 'tapedeck', ms: 9, how: 'complete' },
      },
      { status: 0, outcome: 'refused', end: { by: 'upstream', ms: 8, how: 'refused', detail: 'ECONNREFUSED' } },
    ),
    'upstream.unreachable',
    /ECONNREFUSED/,
  ],
  [
    'an upstream that keeps silent',
    exchangeWith(
      {
        status: 504,
        answer: '{}',
        outcome: 'timeout',
        end: { by: 'tapedeck', ms: 60_000, how: 'complete' },
      },
      { status: 0, outcome: 'timeout', end: { by: 'tapedeck', ms: 60_000, how: 'timeout' } },
    ),
    'upstream.timeout',
    /Ended by Tapedeck, because a time limit ran out, 60\.00 s/,
  ],
  [
    'a stream that breaks off, and an upstream that says why',
    exchangeWith(
      {
        answer: sse(messageDone('ha')),
        outcome: 'upstream-aborted',
        end: { by: 'tapedeck', ms: 30, how: 'closed' },
      },
      {
        answer: sse(messageDone('ha')),
        outcome: 'upstream-aborted',
        end: { by: 'upstream', ms: 29, how: 'reset', detail: 'ECONNRESET' },
      },
    ),
    'upstream.reset',
    /Ended by the next hop \(upstream\), by resetting the connection \(ECONNRESET\)/,
  ],
  [
    'an error event before the connection breaks',
    exchangeWith({
      answer: sse({ type: 'error', message: 'out of memory' }),
      outcome: 'upstream-aborted',
      end: { by: 'upstream', ms: 3, how: 'reset' },
    }),
    'stream.error-event',
    /out of memory/,
  ],
  [
    'Chat chunks before the connection breaks',
    exchangeWith({
      answer: sse({ object: 'chat.completion.chunk', choices: [] }),
      outcome: 'upstream-aborted',
      end: { by: 'upstream', ms: 3, how: 'closed' },
    }),
    'stream.chat-chunks',
    /nobody translated it/,
  ],
  [
    '[DONE] in place of response.completed',
    exchangeWith({ answer: sse(messageDone('hi'), '[DONE]') }),
    'stream.done-only',
    /\[DONE\] may follow/,
  ],
  [
    'a count as a float',
    exchangeWith({
      answer: `${sse(messageDone('hi'))}data: {"type":"response.completed","response":{"id":"r","usage":{"input_tokens":1.0,"output_tokens":1,"total_tokens":2}}}\n\n`,
    }),
    'usage.float',
    /Write integers as integers/,
  ],
  [
    'a client that was interrupted',
    exchangeWith({
      chunks: [[5, sse(messageDone('hi'))]],
      outcome: 'client-aborted',
      end: { by: 'client', ms: 300, how: 'closed' },
    }),
    'client.left',
    /Ended by the client/,
  ],
  [
    'a recording that was killed',
    exchangeWith({ chunks: [[5, sse(messageDone('hi'))]], outcome: 'recorder-killed' }),
    'recording.killed',
    /Record again/,
  ],
  [
    'a WebSocket upgrade that is refused with 404',
    exchangeWith({
      method: 'GET',
      status: 404,
      answer: '{}',
      requestHeaders: [...CODEX, ...KEY, 'upgrade', 'websocket'],
    }),
    'websocket.refused',
    /6\.4 s/,
  ],
];

describe('exchanges that were made up', () => {
  it.each(MADE)('%s', (_name, exchange, cause, says) => {
    const diagnosis = diagnose(exchange);
    expect([diagnosis.level, diagnosis.causes[0]?.id]).toEqual(['broken', cause]);
    expect(told(diagnosis)).toMatch(says);
  });

  it('finds nothing wrong with an upgrade that is answered 426', () => {
    const upgrade = exchangeWith({
      method: 'GET',
      status: 426,
      answer: '{}',
      requestHeaders: [...CODEX, 'upgrade', 'websocket'],
    });
    expect(diagnose(upgrade).causes).toEqual([]);
  });

  it('takes a client that leaves after response.completed for content', () => {
    const left = exchangeWith({
      answer: OK,
      outcome: 'client-aborted',
      end: { by: 'client', ms: 30, how: 'closed' },
    });
    expect(diagnose(left)).toMatchObject({ forecast: { action: 'accept' }, causes: [] });
  });

  it('judges by the version that is asked for, not by the one in the user agent', () => {
    const limited = exchangeWith({ status: 429, answer: '{}', headers: ['retry-after', '2'] });
    expect(diagnose(limited).causes[0]?.id).toBe('limit.rate');
    expect(diagnose(limited, '0.122.0').causes[0]?.id).toBe('limit.final-429');
  });

  it('goes by status, outcome and findings where the client is not Codex', () => {
    const headers = ['user-agent', 'curl/8', ...KEY];
    const other = (spec: SideSpec) => diagnose(exchangeWith({ requestHeaders: headers, ...spec }));
    expect(other({ status: 500, answer: 'no' })).toMatchObject({
      level: 'broken',
      next: [],
      causes: [{ id: 'server.error' }],
    });
    expect(
      other({
        answer: sse(messageDone('hi')),
        outcome: 'upstream-aborted',
        end: { by: 'upstream', ms: 3, how: 'reset' },
      }),
    ).toMatchObject({
      level: 'broken',
      causes: [{ id: 'upstream.reset' }],
    });
  });

  it('says what was looked at when nothing is wrong', () => {
    const exchange = exchangeWith({ answer: OK });
    const forecast = forecastFor(exchange, undefined);
    const context = { findings: [], ...(forecast ? { forecast } : {}), cassette: "'my session.har'", exchange: '2' };
    expect(diagnoseExchange(exchange, context)).toMatchObject({
      level: 'ok',
      headline: 'Nothing wrong was found.',
      commands: ["tapedeck show 'my session.har' 2"],
    });
    expect(diagnoseExchange(exchange, context).checked.join('\n')).toMatch(/Codex 0\.169\.0[\s\S]*common causes/);
  });

  it('names the last event, its bytes and the silence after it', () => {
    const text = sse(messageDone('hi'));
    const stalled = exchangeWith({
      chunks: [
        [10, text],
        [500, ': ping\n\n'],
      ],
      outcome: 'client-aborted',
      end: { by: 'client', ms: 2510, how: 'closed' },
    });
    const { ending, ended, forecast } = diagnose(stalled);
    expect(ending).toMatchObject({
      by: 'client',
      gapMs: 2010,
      eventGapMs: 2500,
      lastEvent: { type: 'response.output_item.done', number: 1, start: 0, end: text.length, ms: 10 },
    });
    expect(ended.join(' ')).toContain(`bytes 0 to ${text.length} of ${text.length + 8}`);
    expect(forecast?.rule).toBe('codex.stream.idle');
  });
});

describe('any answer at all', () => {
  it('is diagnosed', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'data: [DONE]',
        '',
        ': ping',
        'event: error',
        'data: {"type":"response.completed","response":{}}',
      ),
      fc.json().map((json) => `data: ${json}`),
    );
    assertProperty(
      fc.property(
        fc.array(line, { maxLength: 8 }),
        fc.constantFrom(0, 200, 400, 401, 404, 429, 500),
        fc.constantFrom('complete', 'upstream-aborted', 'client-aborted', 'timeout', 'refused', 'recorder-killed'),
        (lines, status, outcome) => {
          const diagnosis = diagnose(exchangeWith({ status, outcome, answer: `${lines.join('\n')}\n\n` }));
          expect(diagnosis.headline).not.toBe('');
          if (diagnosis.level === 'ok') expect(diagnosis.findings).toEqual([]);
        },
      ),
      { numRuns: 150, seed: 7 },
    );
  });
});

describe('the table of causes', () => {
  it('has an id, a look, a fix and a source for each', () => {
    expect(new Set(CAUSES.map(({ id }) => id)).size).toBe(CAUSES.length);
    for (const { id, looks, cause, fix, source } of CAUSES) {
      expect(id).toMatch(/^[a-z]+\.[a-z0-9-]+$/);
      expect(cause).toMatch(/[.)]$/);
      expect(fix).toMatch(/^[A-Z].*[.)?]$/s);
      expect(looks.length * source.length).toBeGreaterThan(0);
    }
  });

  it('is matched by a test for every cause', () => {
    const tested = new Set([
      ...CAPTURED.map((row) => row[3]),
      ...WARNINGS.map((row) => row[2]),
      ...MADE.map((row) => row[2]),
    ]);
    // Those of a WebSocket are in websocket.test.ts.
    const socket = ['websocket.previous-not-found', 'websocket.connection-limit'];
    const elsewhere = [...socket, 'client.error', 'models.ignored'];
    expect(CAUSES.map(({ id }) => id).filter((id) => !tested.has(id))).toEqual(elsewhere);
  });

  it('knows the rest of 4xx, and lists of models', () => {
    expect(diagnose(capturedExchange('0.169.0', 'i-402')).causes[0]?.id).toBe('client.error');
    const models = {
      method: 'GET',
      url: 'https://provider.example/v1/models?client_version=0.169.0',
      requestHeaders: CODEX,
    };
    const list = recorded({ ...models, answer: '{"object":"list","data":[]}' });
    expect(diagnose(list)).toMatchObject({ level: 'warning', causes: [{ id: 'models.ignored' }] });
  });

  it('is written down in docs/explain.md (npx tsx fixtures/oracle/table.ts)', () => {
    const document = readFileSync(CAUSES_FILE, 'utf8');
    expect(renderCauses(document)).toBe(document);
  });
});

describe('who left', () => {
  const left = exchangeWith(
    { answer: sse(messageDone('ha')), end: { by: 'upstream', ms: 30, how: 'complete' } },
    { answer: sse(messageDone('ha')), outcome: 'client-aborted', end: { by: 'tapedeck', ms: 29, how: 'closed' } },
  );

  it.each([
    ['tapedeck', 'Ended by Tapedeck, by closing'],
    ['theirs', 'Ended by the gateway (theirs), by closing'],
  ])('is told where %s stands between client and upstream', (name, expected) => {
    const exchange = { ...left, client: { ...left.client, _producer: { name } } };
    const { ended } = diagnoseExchange(exchange, { findings: [], cassette: 'x.har', exchange: '1' });
    expect(ended[0]).toContain(expected);
  });
});
