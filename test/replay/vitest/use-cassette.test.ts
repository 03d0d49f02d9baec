import { fetch as undiciFetch } from 'undici';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { legOf } from '../../../src/cassette/legs.ts';
import { useCassette } from '../../../src/replay/vitest/use-cassette.ts';
import { fixture, readAll } from '../../helpers/cassette-files.ts';

const folder = fixture('cassettes/0.169.0');
const cassette = useCassette('text', { folder, mode: 'none' });

const [recorded] = (await readAll(fixture('cassettes/0.169.0/text.har'))).exchanges;
const body = legOf(recorded!, 'client-request')?.body?.text ?? '';
const expected = legOf(recorded!, 'client-response')?.body?.text ?? '';

// An `afterEach` still has the cassette.
afterEach(() => expect(cassette.path).toBe(fixture('cassettes/0.169.0/text.har')));

afterAll(() => expect(() => cassette.path).toThrow('can be used while a test runs'));

test.each([1, 2])('every test begins with the whole cassette (%i)', async () => {
  expect(cassette.leftovers()).toHaveLength(1);
  const answer = await fetch('https://api.openai.com/v1/responses', { method: 'POST', body });
  expect(await answer.text()).toBe(expected);
  expect([cassette.mode, cassette.served, cassette.recorded, cassette.misses]).toEqual(['none', 1, 0, []]);
});

test('a client with a dispatcher of its own gets that of the cassette', async () => {
  const { dispatcher } = cassette;
  const answer = await undiciFetch('https://api.openai.com/v1/responses', { method: 'POST', body, dispatcher });
  expect(await answer.text()).toBe(expected);
});

describe('a function', () => {
  const own = useCassette(({ name }) => name.split(' ')[0]!, { folder, mode: 'none' });

  test('tool is the cassette that it names', () => {
    expect(own.path).toBe(fixture('cassettes/0.169.0/tool.har'));
    expect(own.leftovers().length).toBeGreaterThan(1);
  });
});

test('the request of a translator is compared with the cassette in use', async () => {
  await expect({ path: '/v1/responses', body }).toMatchCassette();
  await expect({ path: '/v1/responses', body: JSON.parse(body) }).toMatchCassette();
  const other = { path: '/v1/responses', body: { ...JSON.parse(body), model: 'other' } };
  await expect(other).not.toMatchCassette();
  await expect(expect(other).toMatchCassette()).rejects.toThrow('1 value differs, first at /model');
  await expect(expect({ path: '/v1/responses', body }).not.toMatchCassette()).rejects.toThrow('not to be recorded in');
  // Nothing was taken from the cassette of the test.
  expect([cassette.served, cassette.leftovers().length]).toEqual([0, 1]);
});

test('a request is compared with another cassette', async () => {
  await expect({ path: '/v1/responses', body }).not.toMatchCassette(fixture('cassettes/0.113.0/text.har'));
});

test.each([
  { path: '/v1/models', method: 'GET' },
  { path: 'https://provider.example/v1/models?client_version=0.169.0', method: 'GET' },
])('a request without a body is looked up: %j', async (asked) => {
  await expect(asked).not.toMatchCassette();
});
