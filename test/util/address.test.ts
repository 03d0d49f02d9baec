import { expect, it } from 'vitest';
import { addressOf, isLoopback } from '../../src/util/address.ts';

it.each([
  ['http://127.0.0.1:4000/v1', '127.0.0.1', 4000],
  ['http://gateway.test', 'gateway.test', 80],
  ['https://gateway.test/v1', 'gateway.test', 443],
  ['https://[::1]:8443', '::1', 8443],
])('addressOf(%s)', (url, host, port) => {
  expect(addressOf(new URL(url))).toEqual({ host, port });
});

it.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['LOCALHOST', true],
  ['a.localhost.', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.0.2.7', false],
  ['127.0.0.1.example.org', false],
  ['notlocalhost', false],
])('isLoopback(%s) is %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
