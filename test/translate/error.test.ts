import { describe, expect, it } from 'vitest';
import { readProviderError, retryHeaders, writeClientError } from '../../src/translate/error.ts';

const json = (value: unknown) => JSON.stringify(value);

describe('an error before the stream', () => {
  it.each([
    [
      'OpenAI, context',
      400,
      json({ error: { message: 'too long', code: 'context_length_exceeded' } }),
      'context-length',
    ],
    [
      'Anthropic, context',
      400,
      json({
        type: 'error',
        error: { type: 'invalid_request_error', message: 'prompt is too long: 3 tokens > 2 maximum' },
      }),
      'context-length',
    ],
    [
      'llama-server, context',
      400,
      json({
        error: {
          code: 400,
          message: 'the request exceeds the available context size',
          type: 'exceed_context_size_error',
        },
      }),
      'context-length',
    ],
    [
      'vLLM, a model with a point in its name',
      404,
      json({ error: { message: 'The model `Qwen/Qwen2.5-7B` does not exist.', type: 'NotFoundError', code: 404 } }),
      'model-not-found',
    ],
    [
      'Ollama, the same',
      404,
      json({ error: { message: 'model "llama3.2" not found, try pulling it first', type: 'api_error' } }),
      'model-not-found',
    ],
    [
      'a model in one sentence, what was not found in the next',
      404,
      json({ error: { message: 'The model is fine. The file was not found.' } }),
      'not-found',
    ],
    [
      'OpenAI, quota',
      429,
      json({ error: { message: 'You exceeded your current quota', code: 'insufficient_quota' } }),
      'quota',
    ],
    [
      'Anthropic, credit',
      400,
      json({ type: 'error', error: { type: 'invalid_request_error', message: 'Your credit balance is too low' } }),
      'quota',
    ],
    ['DeepSeek, balance', 402, json({ error: { message: 'Insufficient Balance', type: 'unknown_error' } }), 'quota'],
    ['rate limit', 429, json({ error: { message: 'slow' } }), 'rate-limit'],
    [
      'Anthropic, overloaded',
      529,
      json({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
      'overloaded',
    ],
    ['OpenAI, overloaded', 503, json({ error: { message: 'The engine is currently overloaded' } }), 'overloaded'],
    [
      'model',
      404,
      json({ error: { message: 'The model `x` does not exist', code: 'model_not_found' } }),
      'model-not-found',
    ],
    [
      'Anthropic, model',
      404,
      json({ type: 'error', error: { type: 'not_found_error', message: 'model: x' } }),
      'model-not-found',
    ],
    ['key', 401, json({ error: { message: 'no' } }), 'authentication'],
    ['a list (Gemini)', 403, '[{"error":{"code":403,"message":"no"}}]', 'permission'],
    ['text', 500, 'Internal Server Error', 'server'],
    ['nothing', 418, '', 'invalid-request'],
  ])('knows %s', (_, status, text, kind) => {
    expect(readProviderError({ status, text }).kind).toBe(kind);
  });

  it.each([
    ['a string in `error`', '{"error":"Invalid proxy access key"}', 'Invalid proxy access key'],
    ['FastAPI', '{"detail":"Not Found"}', 'Not Found'],
    ['FastAPI, a list', '{"detail":[{"loc":["body"],"msg":"m"}]}', '[{"loc":["body"],"msg":"m"}]'],
    ['a bare message', '{"message":"m"}', 'm'],
    ['HTML', '<html><style>b{}</style><h1>502 Bad\nGateway</h1></html>', '502 Bad Gateway'],
    ['HTML that is cut within a style', '<h1>Bad Gateway</h1><style>b{} i{}', 'Bad Gateway'],
    ['brackets that open no tag', '<'.repeat(300_000), '<'.repeat(500)],
    ['HTML in blocks', '<p>Bad</p><p>Gateway</p>', 'Bad Gateway'],
    ['HTML around a script', 'Bad<script>a b</script>Gateway', 'Bad Gateway'],
    ['a text with gaps', ' Bad\n\n\tGateway ', 'Bad Gateway'],
    ['a long text', 'x'.repeat(600), 'x'.repeat(500)],
    ['an empty message beside a detail', '{"message":"","detail":"d"}', 'd'],
    ['an empty message', '{"message":""}', '{"message":""}'],
    ['an empty detail', '{"detail":""}', '{"detail":""}'],
    ['null for a detail', '{"detail":null}', '{"detail":null}'],
    ['a number for a detail', '{"detail":7}', '{"detail":7}'],
    ['nothing', '', 'The provider answered with status 502 and no message.'],
    ['JSON without a message', '{"a":1}', '{"a":1}'],
  ])('takes the message out of %s', (_, text, message) => {
    expect(readProviderError({ status: 502, text }).message).toBe(message);
  });

  it('gives Codex the code and the status that it acts on', () => {
    const facts = readProviderError({
      status: 529,
      text: '{"type":"error","error":{"type":"overloaded_error","message":"m"}}',
    });
    expect(writeClientError('responses', facts)).toEqual({
      status: 503,
      text: '{"error":{"message":"m","type":"server_error","param":null,"code":"server_is_overloaded"}}',
    });
  });

  it("keeps a provider's own words where the kind has none", () => {
    const facts = readProviderError({
      status: 422,
      text: '{"error":{"message":"m","type":"t","code":"c","param":"p"}}',
    });
    expect(writeClientError('chat', facts)).toEqual({
      status: 422,
      text: '{"error":{"message":"m","type":"t","param":"p","code":"c"}}',
    });
  });

  it.each([
    [422, 'invalid_request_error'],
    [500, 'server_error'],
  ])('gives an error of status %d without a type one', (status, type) => {
    const facts = readProviderError({ status, text: '{"error":{"message":"m"}}' });
    expect(JSON.parse(writeClientError('chat', facts).text)).toEqual({
      error: { message: 'm', type, param: null, code: null },
    });
  });

  it('gives Messages clients its own types and statuses', () => {
    const facts = readProviderError({ status: 503, text: '{"error":{"message":"overloaded"}}' });
    expect(writeClientError('messages', facts)).toEqual({
      status: 529,
      text: '{"type":"error","error":{"type":"overloaded_error","message":"overloaded"}}',
    });
  });

  const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);
  it.each([
    ['seconds', ['Retry-After', '7'], ['retry-after', '7']],
    ['parts of seconds', ['retry-after', '0.2'], ['retry-after', '1']],
    ['a date', ['retry-after', 'Sat, 21 Nov 2026 12:00:30 GMT'], ['retry-after', '30']],
    ['a date that is past', ['retry-after', 'Sat, 21 Nov 2026 11:00:00 GMT'], ['retry-after', '0']],
    ['milliseconds alone', ['retry-after-ms', '1500'], ['retry-after', '2', 'retry-after-ms', '1500']],
    ['parts of milliseconds', ['retry-after-ms', '999.75'], ['retry-after', '1', 'retry-after-ms', '999.75']],
    ['milliseconds with a unit', ['retry-after-ms', '1500ms'], ['retry-after-ms', '1500ms']],
    ['milliseconds below zero', ['retry-after-ms', '-1500'], ['retry-after-ms', '-1500']],
    ['many seconds', ['retry-after', '120.25'], ['retry-after', '121']],
    ['seconds with a unit', ['retry-after', '7s'], []],
    ['a word before seconds', ['retry-after', 'x7'], []],
    ['neither', ['x', 'y'], []],
    ['nonsense', ['retry-after', 'soon'], []],
  ])('tells when to try again from %s', (_, headers, expected) => {
    expect(retryHeaders(headers, NOW)).toEqual(expected);
  });
});
