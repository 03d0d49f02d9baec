import { describe, expect, it } from 'vitest';
import { fillIn, fillInAll, fillInCommand, fillInFile } from '../../../src/conformance/gateways/fill-in.ts';

const VALUES = { port: 4000, home: "/a folder/it's", upstream: 'http://127.0.0.1:9/v1' };

describe('placeholders', () => {
  it('are filled in where they are known, and nothing else is touched', () => {
    expect(fillIn('{port} {other} {{home}} { port }', VALUES)).toBe("4000 {other} {/a folder/it's} { port }");
  });

  it('know nothing that objects have by themselves', () => {
    expect(fillIn('{toString} {constructor}', VALUES)).toBe('{toString} {constructor}');
  });

  it('are quoted in a command line where the shell needs it', () => {
    expect(fillInCommand('run {home}/x --port {port} --url {upstream}', VALUES)).toBe(
      "run '/a folder/it'\\''s'/x --port 4000 --url http://127.0.0.1:9/v1",
    );
  });

  it('become numbers in JSON where a port stands alone', () => {
    const text = fillInFile(
      { port: '{port}', listen: '127.0.0.1:{port}', url: '{upstream}', list: ['{home}'] },
      VALUES,
    );
    expect(JSON.parse(text)).toEqual({
      ...{ port: 4000, listen: '127.0.0.1:4000', url: VALUES.upstream },
      list: [VALUES.home],
    });
  });

  it('are filled in in text as it is', () => {
    expect(fillInFile('port: {port}\n', VALUES)).toBe('port: 4000\n');
  });

  it('are filled in in the values of a table', () => {
    expect(fillInAll({ '{port}': 'p{port}' }, VALUES)).toEqual({ '{port}': 'p4000' });
  });
});
