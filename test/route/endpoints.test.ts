import { expect, test } from 'vitest';
import { classify } from '../../src/route/endpoints.ts';

test.each([
  ['POST', '/v1/responses', 'responses', 'responses'],
  ['POST', '/responses', 'responses', 'responses'],
  ['post', '/v1/responses/', 'responses', 'responses'],
  ['POST', '/v1//responses?api-version=2', 'responses', 'responses'],
  ['POST', '/backend-api/codex/responses', 'responses', 'responses'],
  ['POST', 'http://127.0.0.1:8080/v1/responses', 'responses', 'responses'],
  ['POST', '/v1/responses/compact', 'responses.compact', 'responses'],
  ['POST', '/v1/chat/completions', 'chat.completions', 'chat'],
  ['POST', '/openai/deployments/x/chat/completions', 'chat.completions', 'chat'],
  ['POST', '/v1/messages', 'messages', 'messages'],
  ['POST', '/anthropic/v1/messages?beta=true', 'messages', 'messages'],
  ['POST', '/v1/messages/count_tokens', 'messages.count_tokens', 'messages'],
  ['GET', '/v1/models', 'models', null],
  ['GET', '/models?client_version=0.169.0', 'models', null],
  ['GET', '/v1/models/gpt-5', 'other', null],
  ['POST', '/v1/models', 'other', null],
  ['GET', '/v1/responses', 'other', null],
  ['GET', '/v1/responses/resp_1', 'other', null],
  ['POST', '/v1/responses/resp_1/cancel', 'other', null],
  ['POST', '/v1/completions', 'other', null],
  ['POST', '/v1/messages/batches', 'other', null],
  ['POST', '/v1/threads/thread_1/messages', 'other', null],
  ['POST', '/v1/xresponses', 'other', null],
  ['POST', '/v1/embeddings?next=/responses', 'other', null],
  ['POST', '/', 'other', null],
  ['OPTIONS', '*', 'other', null],
  ['POST', '', 'other', null],
])('%s %s is %s', (method, path, endpoint, protocol) => {
  expect(classify(method, path)).toEqual({ endpoint, protocol });
});
