import { describe, expect, it } from 'vitest';
import type { RecordedExchange } from '../../../src/cassette/legs.ts';
import { type Credentials, planRequest, type SentRequest } from '../../../src/replay/against/recorded-request.ts';
import { fromUtf8, toUtf8 } from '../../../src/util/bytes.ts';
import { recorded, type SideSpec } from '../../helpers/recorded.ts';

const REDACTED = '[redacted:authorization#1]';
const ANY_KEY = ['sk', 'made-up'].join('-');

function plan(spec: SideSpec, credentials: Credentials = {}, change: (exchange: RecordedExchange) => void = () => {}) {
  const exchange = recorded({ body: { a: 1 }, ...spec });
  change(exchange);
  return planRequest(exchange, credentials);
}

const sent = (...args: Parameters<typeof plan>): SentRequest => plan(...args) as SentRequest;

describe('planRequest', () => {
  it('keeps method, path, query, and headers in their order and case', () => {
    const requestHeaders = ['X-B', '1', 'x-a', '2', 'X-B', '3', 'Content-Type', 'application/json'];
    const request = sent({ method: 'PUT', url: 'http://127.0.0.1:1/api/v1/responses?a=b', requestHeaders });
    expect(request).toMatchObject({ method: 'PUT', target: '/api/v1/responses?a=b', headers: requestHeaders });
    expect(fromUtf8(request.body!)).toBe('{"a":1}');
  });

  it('leaves out what belongs to the connection, to HTTP/2, or to whoever sends it', () => {
    const requestHeaders = [
      [':method', 'POST'],
      ['Host', 'a'],
      ['Content-Length', '7'],
      ['Connection', 'x-hop'],
      ['X-Hop', '1'],
      ['Transfer-Encoding', 'chunked'],
      ['Expect', '100-continue'],
      ['X-Kept', '1'],
    ].flat();
    expect(sent({ requestHeaders }).headers).toEqual(['X-Kept', '1']);
  });

  it('sends the bytes of the wire with their coding, and the text without it where they are not known', () => {
    const requestHeaders = ['content-encoding', 'zstd'];
    const base64 = Buffer.from('coded').toString('base64');
    const known = sent({ requestHeaders, requestWire: { encodings: ['zstd'], bytes: 5, base64 } });
    expect([fromUtf8(known.body!), known.headers]).toEqual(['coded', requestHeaders]);
    const unknown = sent({ requestHeaders, requestWire: { encodings: ['zstd'], bytes: 5 } });
    expect([unknown.body, unknown.headers]).toEqual([toUtf8('{"a":1}'), []]);
  });

  it.each<[string, string[], Credentials, string[]]>([
    ['no key', ['authorization', `Bearer ${REDACTED}`], {}, ['authorization', 'Bearer tapedeck-no-key']],
    ['a key', ['Authorization', `Bearer ${REDACTED}`], { key: ANY_KEY }, ['Authorization', `Bearer ${ANY_KEY}`]],
    ['a key of Anthropic', ['X-Api-Key', REDACTED], { key: ANY_KEY }, ['X-Api-Key', ANY_KEY]],
    ['a key where none was recorded', ['a', 'b'], { key: ANY_KEY }, ['a', 'b', 'authorization', `Bearer ${ANY_KEY}`]],
    ['a key that was not redacted', ['authorization', 'Bearer dummy'], {}, ['authorization', 'Bearer dummy']],
    ['a cookie', ['cookie', '[redacted:cookie#1]', 'a', 'b'], {}, ['a', 'b']],
    ['another header', ['X-Team', 'old', 'a', 'b'], { headers: ['x-team', 'new'] }, ['a', 'b', 'x-team', 'new']],
    ['a key in a header', ['a', 'b'], { key: ANY_KEY, headers: ['api-key', 'own'] }, ['a', 'b', 'api-key', 'own']],
  ])('puts in the credentials: %s', (_, requestHeaders, credentials, expected) => {
    expect(sent({ requestHeaders }, credentials).headers).toEqual(expected);
  });

  it('knows where Anthropic and a query carry the key', () => {
    const messages = sent({ requestHeaders: [], protocol: 'messages' }, { key: ANY_KEY });
    expect(messages.headers).toEqual(['x-api-key', ANY_KEY]);
    const url = 'http://a/v1/responses?key=[redacted:api-key#2]&b=c';
    expect(sent({ url }, { key: 'a b' }).target).toBe('/v1/responses?key=a%20b&b=c');
  });

  it.each<[string, (exchange: RecordedExchange) => void]>([
    ['nothing was asked for over its WebSocket', ({ client }) => Object.assign(client, { _webSocketMessages: [] })],
    ['the request did not arrive whole', ({ client }) => Object.assign(client.request, { _incomplete: true })],
    [
      'the cassette does not hold the body of the request',
      ({ client }) => {
        client.request.postData = {
          mimeType: 'application/json',
          text: '',
          _wire: { encodings: ['zstd'], bytes: 5, undecodable: 'it is damaged' },
        };
      },
    ],
  ])('says that %s', (reason, change) => {
    expect(plan({}, {}, change)).toBe(reason);
  });
});
