import { describe, expect, it } from 'vitest';
import {
  headerWithoutValue,
  keyFromEnv,
  launchPlan,
  parseHeader,
  readCredentials,
  readPort,
  readPositive,
} from '../../src/cli/gateway-flags.ts';

describe('the flags about a gateway', () => {
  it('read a header', () => {
    expect(parseHeader('X-Team:  a: b ')).toEqual(['X-Team', 'a: b']);
    expect(parseHeader('x-empty:')).toEqual(['x-empty', '']);
    for (const text of ['x', ': y', 'a b: c', 'a: b\r\nc: d']) expect(() => parseHeader(text)).toThrow('is no header');
  });

  it('repeat a header without its value', () => {
    expect(headerWithoutValue('X-Team: a: b')).toBe('X-Team: …');
  });

  it('read a key from the environment', () => {
    expect(keyFromEnv('--key-env', 'KEY', { KEY: 'value' })).toBe('value');
    for (const env of [{}, { KEY: '' }]) expect(() => keyFromEnv('--key-env', 'KEY', env)).toThrow('"KEY" is not set');
  });

  it('read a port', () => {
    expect([readPort('--p', undefined), readPort('--p', 0), readPort('--p', 65_535)]).toEqual([undefined, 0, 65_535]);
    for (const port of [-1, 1.5, 65_536, Number.NaN]) expect(() => readPort('--p', port)).toThrow('is not a port');
  });

  it('read the key and the headers together', () => {
    const env = { KEY: 'value' };
    expect(readCredentials({}, { env })).toEqual({ headers: [] });
    expect(readCredentials({ 'key-env': 'KEY', header: ['a: b', 'A: c'] }, { env })).toEqual({
      key: 'value',
      headers: [
        ['a', 'b'],
        ['A', 'c'],
      ],
    });
    expect(() => readCredentials({ 'key-env': 'NONE' }, { env })).toThrow('"NONE" is not set');
  });

  it('read a number above 0', () => {
    expect([readPositive('--n', undefined), readPositive('--n', 0.5)]).toEqual([undefined, 0.5]);
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1'])
      expect(() => readPositive('--n', value)).toThrow('is no number above 0');
  });

  it('say how a gateway is launched', () => {
    const io = { cwd: '/there' };
    expect(launchPlan({ command: 'x' }, io)).toEqual({ command: 'x', cwd: '/there' });
    expect(launchPlan({ command: 'x', url: 'https://[::1]/v1', seconds: 1.5 }, io)).toEqual({
      ...{ command: 'x', cwd: '/there', timeoutMs: 1500 },
      ...{ host: '::1', port: 443 },
    });
  });
});
