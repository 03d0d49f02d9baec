import { describe, expect, it } from 'vitest';
import { asTold, patternsOf, replacementsFor, secretsOf } from '../../../src/conformance/harness/secrets.ts';

const KEY = ['sk', 'made-up-1234'].join('-');

describe('secretsOf', () => {
  it('takes the key and what headers carry, with and without a scheme', () => {
    expect(secretsOf(KEY, { 'x-team': 'responses', 'X-Auth': `Bearer ${KEY}-more` })).toEqual([
      `Bearer ${KEY}-more`,
      `${KEY}-more`,
      KEY,
    ]);
  });

  it('goes by whole words of names, and takes no address', () => {
    const value = 'made-up-word';
    const names = ['authorization', 'x-api-key', 'x_session_token', 'x-apikey', 'proxy-authorization', 'cookie'];
    for (const name of names) expect([name, ...secretsOf(undefined, { [name]: value })]).toEqual([name, value]);
    for (const name of ['x-portkey-provider', 'x-keyboard', 'x-monkey'])
      expect([name, ...secretsOf(undefined, { [name]: value })]).toEqual([name]);
    expect(secretsOf(undefined, { 'x-auth-url': 'http://127.0.0.1:4000/v1' })).toEqual([]);
  });

  it('takes nothing that could stand anywhere by chance', () => {
    expect(secretsOf('x', { 'api-key': 'true' })).toEqual([]);
    expect(secretsOf(undefined, {})).toEqual([]);
  });
});

describe('asTold', () => {
  const places = { GATEWAY: 'http://127.0.0.1:4000/v1', UPSTREAM: 'http://[::1]:9000/v1' };

  it('cleans what a gateway said, at every depth, and nothing else', () => {
    const part = {
      check: KEY,
      reason: `no ${KEY} at 127.0.0.1:4000!`,
      faults: [{ message: KEY, actual: { deep: [KEY, 1, null, 'http://[::1]:9000/v1/x'] } }],
      detail: `401 ${KEY} ${KEY}`,
    };
    expect(asTold(part, replacementsFor([KEY], places))).toEqual({
      check: KEY,
      reason: 'no $TAPEDECK_KEY at GATEWAY!',
      faults: [{ message: '$TAPEDECK_KEY', actual: { deep: ['$TAPEDECK_KEY', 1, null, 'http://UPSTREAM/v1/x'] } }],
      detail: '401 $TAPEDECK_KEY $TAPEDECK_KEY',
    });
  });
});

it('patternsOf takes a secret literally', () => {
  const [pattern] = patternsOf(['a.b*c(d)[e]$1/-']);
  expect('xa.b*c(d)[e]$1/-x'.replace(pattern!, '')).toBe('xx');
  expect(pattern!.test('aXb*c(d)[e]$1/-')).toBe(false);
});
