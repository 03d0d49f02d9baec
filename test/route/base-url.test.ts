import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TapedeckError } from '../../src/errors.ts';
import { parseBaseUrl, upstreamUrl } from '../../src/route/base-url.ts';
import { assertProperty } from '../helpers/properties.ts';

describe('parseBaseUrl', () => {
  test.each([
    ['https://api.openai.com', 'https://api.openai.com', '/v1', ''],
    ['https://api.openai.com/', 'https://api.openai.com', '/v1', ''],
    ['https://api.openai.com/v1', 'https://api.openai.com', '/v1', ''],
    ['https://api.openai.com/v1///', 'https://api.openai.com', '/v1', ''],
    [' https://api.openai.com//v1 ', 'https://api.openai.com', '/v1', ''],
    ['https://chatgpt.com/backend-api/codex', 'https://chatgpt.com', '/backend-api/codex', ''],
    ['https://openrouter.ai/api/v1/', 'https://openrouter.ai', '/api/v1', ''],
    ['https://open.example/api/paas/v4', 'https://open.example', '/api/paas/v4', ''],
    ['https://api.openai.com/v1/responses', 'https://api.openai.com', '/v1', ''],
    ['https://api.deepseek.com/chat/completions/', 'https://api.deepseek.com', '', ''],
    ['https://api.anthropic.com/v1/messages', 'https://api.anthropic.com', '/v1', ''],
    ['http://127.0.0.1:8080/responses', 'http://127.0.0.1:8080', '', ''],
    ['http://[::1]:8080', 'http://[::1]:8080', '/v1', ''],
    ['HTTPS://Host.Example:443/V1', 'https://host.example', '/V1', ''],
    ['https://x.example/openai?api-version=2025-04-01#top', 'https://x.example', '/openai', 'api-version=2025-04-01'],
    ['https://x.example?key=a', 'https://x.example', '/v1', 'key=a'],
    ['https://x.example/a/../b', 'https://x.example', '/b', ''],
  ])('%s', (text, origin, basePath, query) => {
    expect(parseBaseUrl(text)).toEqual({ origin, basePath, query });
  });

  test.each([
    ['', 'https://api.openai.com/v1'],
    ['not a url', 'https://api.openai.com/v1'],
    ['localhost:8080', 'http://localhost:8080'],
    ['127.0.0.1:8080/v1', 'http://127.0.0.1:8080/v1'],
    ['api.openai.com/v1', 'https://api.openai.com/v1'],
    ['wss://api.openai.com/v1', 'https://api.openai.com/v1'],
    ['file:///etc/passwd', 'https://api.openai.com/v1'],
    ['https://', 'https://api.openai.com/v1'],
    ['https://name:hunter2@host.example/v1', '--upstream-key-env'],
  ])('refuses %j with a hint', (text, hint) => {
    const failure = failureOf(() => parseBaseUrl(text));
    expect(failure).toBeInstanceOf(TapedeckError);
    expect(failure).toMatchObject({ code: 'usage', hint: expect.stringContaining(hint) });
    expect((failure as Error).message).not.toContain('hunter2');
  });
});

describe('upstreamUrl', () => {
  test.each([
    // base, client target, path upstream
    ['https://api.openai.com', '/v1/responses', '/v1/responses'],
    ['https://api.openai.com', '/responses', '/v1/responses'],
    ['https://api.openai.com', '/v1', '/v1'],
    ['https://api.openai.com', '/v1/', '/v1/'],
    ['https://api.openai.com', '/', '/v1/'],
    ['https://api.openai.com', '', '/v1'],
    ['https://api.openai.com', '*', '/v1'],
    ['https://api.openai.com', '/v10/responses', '/v1/v10/responses'],
    ['https://api.openai.com', '/v1/v1/responses', '/v1/v1/responses'],
    ['https://chatgpt.com/backend-api/codex', '/v1/responses', '/backend-api/codex/responses'],
    [
      'https://chatgpt.com/backend-api/codex',
      '/v1/models?client_version=1',
      '/backend-api/codex/models?client_version=1',
    ],
    ['https://x.example/v4/chat/completions', '/v1/chat/completions', '/v4/chat/completions'],
    ['https://x.example/responses', '/v1/responses', '/responses'],
    ['https://x.example/responses', '', '/'],
    ['https://x.example/openai?api-version=1', '/v1/responses', '/openai/responses?api-version=1'],
    [
      'https://x.example/openai?api-version=1',
      '/v1/responses?a=b&api-version=9&c',
      '/openai/responses?api-version=1&a=b&c',
    ],
    ['https://x.example', '/v1/responses?', '/v1/responses'],
    ['https://x.example', '/v1/responses?a=b?c=d&e=%26', '/v1/responses?a=b?c=d&e=%26'],
    ['https://x.example', 'http://other.example/v1/responses', '/v1/responses'],
    ['https://x.example', '//evil.example/v1', '/v1/evil.example/v1'],
    ['https://x.example', '//v1/responses', '/v1/responses'],
    ['https://x.example', '/v1//responses', '/v1//responses'],
    ['https://x.example', '/v1/files/a%2Fb%20c', '/v1/files/a%2Fb%20c'],
    ['https://x.example', '/v1/files/a.b/..c/...', '/v1/files/a.b/..c/...'],
    ['https://x.example', '/v1/../admin', '/v1/admin'],
    ['https://x.example', '/v1/../../admin', '/v1/admin'],
    ['https://x.example', '/../../..', '/v1/'],
    ['https://x.example', '..', '/v1/'],
    ['https://x.example', '/v1/%2e%2E/admin', '/v1/admin'],
    ['https://x.example', '/v1/..%2fadmin', '/v1/admin'],
    ['https://x.example', '/v1/..%5cadmin', '/v1/admin'],
    ['https://x.example', '/v1/..\\admin', '/v1/admin'],
    ['https://x.example', '/v1/a/./b/../c', '/v1/a/c'],
    ['https://x.example', '/a/../v1/responses', '/v1/responses'],
    ['https://x.example', '/v1/a?next=/../b', '/v1/a?next=/../b'],
    ['https://x.example', '/v1/a#frag', '/v1/a'],
    ['https://x.example', '/v1/ä b', '/v1/%C3%A4%20b'],
    ['https://x.example', '/v1/a\r\nhost: b', '/v1/a%0D%0Ahost:%20b'],
  ])('%s + %s', (base, target, path) => {
    expect(upstreamUrl(parseBaseUrl(base), target)).toEqual({ origin: parseBaseUrl(base).origin, path });
  });

  test('no client path leaves the base path', () => {
    const piece = fc.constantFrom('..', '.', '%2e', '%2E.', '/', '%2f', '\\', '%5C', 'v1', 'a', '', '?', '#', '//');
    const base = parseBaseUrl('https://x.example/base/path');
    assertProperty(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { path } = upstreamUrl(base, `/${pieces.join('')}`);
        const lenient = (path.split('?')[0] ?? '').replace(/%2f|%5c/gi, '/');
        expect(new URL(`https://x.example${lenient}`).pathname).toMatch(/^\/base\/path(\/|$)/);
      }),
      { numRuns: 500 },
    );
  });
});

function failureOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}
