import { expect, test } from 'vitest';
import { createRouter } from '../../src/proxy/router.ts';
import { parseBaseUrl, upstreamUrl } from '../../src/route/base-url.ts';
import { classify } from '../../src/route/endpoints.ts';

const base = parseBaseUrl('https://gateway.test/v4?key=1');

test('says the same the first time and again', () => {
  const router = createRouter(base);
  const lines = [
    ['POST', '/v1/responses'],
    ['GET', '/v1/responses'],
    ['POST', '/chat/completions?x=1'],
    ['POST', '/v1/../messages'],
    ['GET', '/'],
  ] as const;
  for (const [method, target] of [...lines, ...lines]) {
    const expected = { ...classify(method, target), upstream: upstreamUrl(base, target) };
    expect(router(method, target), `${method} ${target}`).toEqual(expected);
  }
});

test('remembers a handful, and reads the rest each time', () => {
  const router = createRouter(base);
  const routes = Array.from({ length: 100 }, (_, i) => router('GET', `/responses/${i}`));
  expect(router('GET', '/responses/0')).toBe(routes[0]);
  expect(router('GET', '/responses/99')).not.toBe(routes[99]);
  expect(router('GET', '/responses/99')).toEqual(routes[99]);
});
