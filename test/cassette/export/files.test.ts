import { describe, expect, it } from 'vitest';
import { legFiles } from '../../../src/cassette/export/files.ts';
import { makeEntry, makeExchange } from '../../helpers/made-legs.ts';

const client = makeEntry({
  requestText: '{"n": 12.0}',
  response: [
    [1, 'data: {"a":1}\n'],
    [2, '\ndata: [DONE]\n\n'],
  ],
});
const failed = makeEntry({
  attempt: 1,
  requestText: '{"n":12}',
  status: 500,
  responseType: 'text/html',
  response: '<p>',
});
const second = makeEntry({
  attempt: 2,
  requestText: '{"n":12}',
  responseType: 'application/json',
  response: '{"b":2}',
});
const { exchange } = makeExchange(client, [failed, second]);

function filesOf(kind: 'sse' | 'json', leg?: 'client-response' | 'upstream-response'): Record<string, string> {
  const files = legFiles(exchange, 7, { kind, leg });
  return Object.fromEntries(files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('utf8')]));
}

describe('legFiles', () => {
  it('gives the event streams byte for byte', () => {
    expect(filesOf('sse')).toEqual({ '007-client-response.sse': 'data: {"a":1}\n\ndata: [DONE]\n\n' });
  });

  it('gives JSON bodies byte for byte, and the data of events as a list', () => {
    expect(filesOf('json')).toEqual({
      '007-client-request.json': '{"n": 12.0}',
      '007-upstream-request.json': '{"n":12}',
      '007-upstream-request-2.json': '{"n":12}',
      '007-upstream-response-2.json': '{"b":2}',
      '007-client-response.json': '[\n{"a":1},\n"[DONE]"\n]\n',
    });
  });

  it('gives one leg alone', () => {
    expect(Object.keys(filesOf('json', 'upstream-response'))).toEqual(['007-upstream-response-2.json']);
    expect(filesOf('sse', 'upstream-response')).toEqual({});
  });
});
