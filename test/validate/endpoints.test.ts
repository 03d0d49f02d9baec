import { describe, expect, it } from 'vitest';
import { findEndpoint } from '../../src/validate/endpoints.ts';

const header = (name: string, value = 'x') => [{ name, value }];

describe('findEndpoint', () => {
  it.each<[string, string, string | undefined]>([
    ['POST', 'http://127.0.0.1:1/v1/responses', 'responses.response'],
    ['POST', '/responses', 'responses.response'],
    ['post', '/v1//responses/?a=b#c', 'responses.response'],
    ['POST', '/backend-api/codex/responses/compact', 'responses.compact-response'],
    ['POST', '/openai/deployments/x/chat/completions?api-version=1', 'chat.response'],
    ['POST', '/v1/messages', 'messages.response'],
    ['POST', '/v1/messages/count_tokens', 'messages.count-tokens-response'],
    ['GET', '/v1/models', 'models'],
    ['GET', '/v1/models?client_version=0.169.0', 'codex.models'],
    ['GET', '/v1/responses', undefined],
    ['POST', '/v1/threads/t_1/messages', undefined],
    ['POST', '/v1/embeddings', undefined],
    ['GET', '/', undefined],
  ])('%s %s: %s', (method, url, answer) => {
    expect(findEndpoint(method, url, [])?.answer).toBe(answer);
  });

  it('knows by its header who asks for a list of models', () => {
    const due = findEndpoint('GET', '/v1/models', header('Anthropic-Version', '2023-06-01'));
    expect(due).toMatchObject({ answer: 'messages.models', protocol: 'messages' });
  });
});
