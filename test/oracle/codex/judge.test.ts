import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerOf, readFixture } from '../../../fixtures/oracle/format.ts';
import { judgeAnswer } from '../../../src/oracle/codex/judge.ts';
import type { CodexAnswer, CodexKind, CodexSettings } from '../../../src/oracle/codex/types.ts';
import { concatBytes } from '../../../src/util/bytes.ts';
import { callDone, completed, makeAnswer, messageDone, sse } from '../../helpers/codex-answers.ts';
import { assertProperty } from '../../helpers/properties.ts';

const NEW = '0.169.0';
const OLD = '0.122.0';
const OK = sse(messageDone('hi'), completed());

function errorBody(code: string, message = 'no'): string {
  return JSON.stringify({ error: { code, message } });
}

function usage(text: string): string {
  return sse(messageDone('hi'), `{"type":"response.completed","response":{"id":"r","usage":${text}}}`);
}

interface Row {
  name: string;
  version?: string;
  kind?: CodexKind;
  answer: CodexAnswer;
  settings?: Partial<CodexSettings>;
  rule: string;
  action: string;
  message?: string;
  delayMs?: number;
  requests?: number;
}

const STREAM_ERROR = 'stream disconnected before completion: ';

const ROWS: Row[] = [
  {
    name: 'a count written as 12.0',
    answer: makeAnswer(usage('{"input_tokens":12.0,"output_tokens":1,"total_tokens":13}')),
    rule: 'codex.completed.integer-as-float',
    action: 'retry',
    message: `${STREAM_ERROR}failed to parse ResponseCompleted: invalid number`,
  },
  {
    name: 'a detail written as 1e1',
    answer: makeAnswer(
      usage('{"input_tokens":1,"input_tokens_details":{"cached_tokens":1e1},"output_tokens":1,"total_tokens":2}'),
    ),
    rule: 'codex.completed.integer-as-float',
    action: 'retry',
  },
  {
    name: 'a float that Codex does not read',
    answer: makeAnswer(usage('{"input_tokens":1,"output_tokens":1,"total_tokens":2,"cost":12.0}')),
    rule: 'codex.accept',
    action: 'accept',
  },
  {
    name: 'a count that is a string',
    answer: makeAnswer(usage('{"input_tokens":"12","output_tokens":1,"total_tokens":13}')),
    rule: 'codex.completed.usage-type',
    action: 'retry',
    message: `${STREAM_ERROR}failed to parse ResponseCompleted: invalid type: string "12", expected i64`,
  },
  {
    name: 'usage that is no object',
    answer: makeAnswer(usage('[]')),
    rule: 'codex.completed.usage-type',
    action: 'retry',
  },
  {
    name: 'an id that is null',
    answer: makeAnswer(sse(completed({ id: null }))),
    rule: 'codex.completed.no-id',
    action: 'retry',
    message: `${STREAM_ERROR}failed to parse ResponseCompleted: invalid type: null, expected a string`,
  },
  {
    name: 'completed without a response object is no terminal event',
    answer: makeAnswer(sse(messageDone('hi'), { type: 'response.completed' })),
    rule: 'codex.stream.closed',
    action: 'retry',
  },
  {
    name: 'what follows response.completed does not count',
    answer: makeAnswer(`${OK}data: {"type":"response.failed","response":{"error":null}}\n\n`, { end: 'reset' }),
    rule: 'codex.accept',
    action: 'accept',
  },
  {
    name: 'an item without text or call',
    answer: makeAnswer(
      sse({ type: 'response.output_item.done', item: { type: 'reasoning', summary: [] } }, completed()),
    ),
    rule: 'codex.silent.nothing-to-show',
    action: 'silent',
  },
  {
    name: 'a custom call without input',
    answer: makeAnswer(
      sse(
        { type: 'response.output_item.done', item: { type: 'custom_tool_call', name: 'x', call_id: 'c' } },
        completed(),
      ),
    ),
    rule: 'codex.silent.items-dropped',
    action: 'silent',
  },
  {
    name: 'bytes that are no text',
    answer: makeAnswer('', { chunks: [{ ms: 1, data: Uint8Array.of(0x1f, 0x8b) }] }),
    rule: 'codex.body.not-utf8',
    action: 'retry',
  },
  {
    name: 'a page at a wrong base URL',
    answer: makeAnswer('<!doctype html><html><body>Welcome</body></html>'),
    rule: 'codex.body.not-a-stream',
    action: 'retry',
  },
  { name: 'nothing at all', answer: makeAnswer(''), rule: 'codex.stream.closed', action: 'retry', requests: 6 },
  {
    name: 'a refused connection, old',
    version: OLD,
    answer: makeAnswer('', { status: 0, end: 'none' }),
    rule: 'codex.network.refused',
    action: 'retry',
    requests: 30,
  },
  {
    name: 'a refused connection, new',
    answer: makeAnswer('', { status: 0, end: 'none' }),
    rule: 'codex.network.waits',
    action: 'hang',
  },
  {
    name: 'a head that never came',
    answer: makeAnswer('', { status: 0, end: 'timeout' }),
    rule: 'codex.network.no-head',
    action: 'hang',
  },
  {
    name: 'silence of five minutes',
    answer: makeAnswer(': still here\n\n', { end: 'closed', endMs: 300_010 }),
    rule: 'codex.stream.idle',
    action: 'retry',
    message: `${STREAM_ERROR}idle timeout waiting for SSE`,
  },
  {
    name: 'silence between two events',
    answer: makeAnswer('', {
      chunks: [
        { ms: 10, data: new TextEncoder().encode(sse(messageDone('hi'))) },
        { ms: 2000, data: new TextEncoder().encode(sse(completed())) },
      ],
      endMs: 2001,
    }),
    settings: { idleTimeoutMs: 1500 },
    rule: 'codex.stream.idle',
    action: 'retry',
  },
  {
    name: 'a retry-after that is a date, counted from the date header',
    answer: makeAnswer(errorBody('rate_limit_exceeded'), {
      status: 429,
      headers: ['Retry-After', 'Fri, 20 Nov 2026 18:12:20 GMT', 'Date', 'Fri, 20 Nov 2026 18:12:17 GMT'],
    }),
    rule: 'codex.http.429-retry-after',
    action: 'retry',
    delayMs: 3000,
  },
  {
    name: 'a retry-after that is no time',
    answer: makeAnswer('', { status: 429, headers: ['retry-after', 'soon'] }),
    rule: 'codex.http.429-no-retry-after',
    action: 'fail',
  },
  {
    name: 'a 503 with retry-after, before it was obeyed',
    version: '0.160.0',
    answer: makeAnswer('busy', { status: 503, headers: ['retry-after', '7'] }),
    rule: 'codex.http.5xx',
    action: 'retry',
    delayMs: 200,
  },
  {
    name: 'a 503 with retry-after, since',
    version: '0.162.0',
    answer: makeAnswer('busy', { status: 503, headers: ['retry-after', '7'] }),
    rule: 'codex.http.5xx',
    action: 'retry',
    delayMs: 7000,
  },
  {
    name: '404 model_not_found, before it was final',
    version: '0.164.0',
    answer: makeAnswer(errorBody('model_not_found'), { status: 404 }),
    rule: 'codex.http.4xx',
    action: 'retry',
    requests: 6,
  },
  {
    name: '404 model_not_found, since',
    version: '0.166.0',
    answer: makeAnswer(errorBody('model_not_found', 'no such model'), { status: 404 }),
    rule: 'codex.http.model-not-found',
    action: 'fail',
    message: 'no such model',
  },
  {
    name: 'incomplete for length, before it was final',
    version: '0.162.0',
    answer: makeAnswer(
      sse({ type: 'response.incomplete', response: { incomplete_details: { reason: 'max_output_tokens' } } }),
    ),
    rule: 'codex.incomplete.length',
    action: 'retry',
  },
  ...(
    [
      ['0.169.0', 'adapter_eof', 'fail'],
      ['0.169.0', 'content_filter', 'retry'],
      ['0.122.0', 'adapter_eof', 'retry'],
    ] as const
  ).map(([version, reason, action]) => ({
    name: `incomplete for ${reason}, Codex ${version}`,
    version,
    answer: makeAnswer(sse({ type: 'response.incomplete', response: { incomplete_details: { reason } } })),
    rule: 'codex.incomplete.other',
    action,
  })),
  {
    name: 'rate limit with milliseconds',
    answer: makeAnswer(
      sse({
        type: 'response.failed',
        response: { error: { code: 'rate_limit_exceeded', message: 'Please try again in 300ms.' } },
      }),
    ),
    rule: 'codex.failed.rate-limit',
    action: 'retry',
    delayMs: 300,
  },
  {
    name: 'a 401 of a ChatGPT login',
    answer: makeAnswer(errorBody('token_expired'), { status: 401 }),
    settings: { refreshableToken: true },
    rule: 'codex.http.401-refresh',
    action: 'retry',
    delayMs: 0,
  },
  {
    name: 'no retries by configuration',
    answer: makeAnswer(sse(messageDone('hi'))),
    settings: { streamRetries: 0 },
    rule: 'codex.stream.closed',
    action: 'fail',
  },
  {
    name: 'an inline compaction with two items',
    kind: 'compact',
    answer: makeAnswer(
      sse(
        { type: 'response.output_item.done', item: { type: 'compaction', encrypted_content: 'a' } },
        { type: 'response.output_item.done', item: { type: 'compaction', encrypted_content: 'b' } },
        completed(),
      ),
    ),
    rule: 'codex.compact.items',
    action: 'fail',
    message:
      'Error running remote compact task: Fatal error: remote compaction v2 expected exactly one compaction output item, got 2 from 2 output items',
  },
  {
    name: 'an inline compaction whose item has no content',
    kind: 'compact',
    answer: makeAnswer(sse({ type: 'response.output_item.done', item: { type: 'compaction' } }, completed())),
    rule: 'codex.compact.items',
    action: 'fail',
  },
  {
    name: 'an inline compaction that breaks off is repeated',
    kind: 'compact',
    answer: makeAnswer('', { end: 'reset' }),
    rule: 'codex.stream.broken',
    action: 'retry',
  },
  {
    name: 'the compaction endpoint with a page',
    version: OLD,
    kind: 'compact',
    answer: makeAnswer('<html>'),
    rule: 'codex.compact.shape',
    action: 'fail',
  },
  {
    name: 'the compaction endpoint out of order is repeated',
    version: OLD,
    kind: 'compact',
    answer: makeAnswer('x', { status: 502 }),
    rule: 'codex.http.5xx',
    action: 'retry',
  },
  {
    name: 'a summary is an ordinary turn',
    kind: 'compact',
    settings: { compactForm: 'summary' },
    answer: makeAnswer(OK),
    rule: 'codex.accept',
    action: 'accept',
  },
  {
    name: 'one model entry without slug',
    kind: 'models',
    answer: makeAnswer('{"models":[{}]}'),
    rule: 'codex.models.entry',
    action: 'silent',
  },
];

describe('judgeAnswer', () => {
  it.each(ROWS)('$name: $action by $rule', (row) => {
    const verdict = judgeAnswer(row.version ?? NEW, row.kind ?? 'turn', row.answer, row.settings);
    expect(verdict).toMatchObject({
      rule: row.rule,
      action: row.action,
      ...(row.message === undefined ? {} : { message: row.message }),
    });
    if (row.delayMs !== undefined) expect(verdict.retry?.delayMs).toBe(row.delayMs);
    if (row.requests !== undefined) expect(verdict.retry?.requests).toBe(row.requests);
  });

  it('names the items that it keeps, and those that it drops', () => {
    const bad = {
      type: 'response.output_item.done',
      item: { type: 'function_call', name: 'x', id: 'fc_1', arguments: '{}' },
    };
    const verdict = judgeAnswer(
      NEW,
      'turn',
      makeAnswer(sse(messageDone('hi'), callDone('exec_command', 'c1'), bad, completed())),
    );
    expect(verdict.action).toBe('accept');
    expect(verdict.items).toEqual([
      { type: 'message', text: 'hi' },
      { type: 'function_call', name: 'exec_command', callId: 'c1', runs: true },
    ]);
    expect(verdict.remarks?.map((remark) => remark.rule)).toEqual(['codex.item.no-call-id']);
  });

  it('takes apply_patch as a function call in 0.122 and refuses it in 0.169', () => {
    const answer = makeAnswer(sse(callDone('apply_patch', 'c1'), completed()));
    expect(judgeAnswer(OLD, 'turn', answer).remarks).toBeUndefined();
    expect(judgeAnswer(NEW, 'turn', answer).remarks?.[0]?.rule).toBe('codex.item.function-apply-patch');
  });

  it('does not depend on how a stream was cut into reads', () => {
    const fixture = readFixture(NEW);
    const streams = fixture.scenarios
      .filter(({ scenario }) => /^[mie]-/.test(scenario))
      .flatMap(({ exchanges }) => exchanges.slice(0, 1))
      .map((exchange) => answerOf(fixture, exchange))
      .filter((answer) => answer.endMs < 1000 && answer.chunks.length > 0);
    expect(streams.length).toBeGreaterThan(60);
    assertProperty(
      fc.property(
        fc.constantFrom(...streams),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
        (answer, cuts) => {
          const bytes = concatBytes(answer.chunks.map((chunk) => chunk.data));
          const at = [0, ...cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b), bytes.length];
          const chunks = at.slice(1).map((end, i) => ({ ms: answer.headMs, data: bytes.subarray(at[i], end) }));
          expect(judgeAnswer(NEW, 'turn', { ...answer, chunks })).toEqual(judgeAnswer(NEW, 'turn', answer));
        },
      ),
      { numRuns: 200, seed: 7 },
    );
  });

  it('answers for any bytes', () => {
    assertProperty(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('turn', 'compact', 'models'),
        fc.integer({ min: 0, max: 599 }),
        (data, kind, status) => {
          const verdict = judgeAnswer(NEW, kind as CodexKind, makeAnswer('', { status, chunks: [{ ms: 1, data }] }));
          expect(verdict.rule).toMatch(/^codex\./);
        },
      ),
      { numRuns: 200, seed: 7 },
    );
  });
});
