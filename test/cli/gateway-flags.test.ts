import { describe, expect, it } from 'vitest';
import { headerWithoutValue, keyFromEnv, parseHeader, readPort } from '../../src/cli/gateway-flags.ts';

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
});
