import { describe, expect, it } from 'vitest';
import type { RequestHead, ResponseHead } from '../../../src/cassette/tap.ts';
import { lostOn } from '../../../src/conformance/clients/lost.ts';
import { createObserver } from '../../../src/conformance/clients/observer.ts';
import { beginSide, type Observed } from '../../../src/conformance/harness/observed.ts';
import { fromUtf8, toUtf8 } from '../../../src/util/bytes.ts';

const POST: RequestHead = { method: 'POST', url: '/v1/responses', httpVersion: 'HTTP/1.1', headers: [] };

function head(status: number): ResponseHead {
  return { status, statusText: '', httpVersion: 'HTTP/1.1', headers: [] };
}

describe('the observer', () => {
  it('keeps what the client sent and got, and how it ended', () => {
    const observer = createObserver();
    const tap = observer.open({ startedAt: 1000, seed: 's', protocol: 'responses', request: POST, connection: 'c' });
    tap.clientRequest.data(1, toUtf8('{"a"'));
    tap.clientRequest.data(2, toUtf8(':1}'));
    tap.clientRequest.end({ by: 'client', ms: 2, how: 'complete' });
    const answer = tap.clientResponse(5, head(200), { name: 'gateway' });
    answer.data(6, toUtf8('data: 1'));
    answer.end({ by: 'upstream', ms: 7, how: 'complete' });
    tap.close('complete', { by: 'upstream', ms: 7, how: 'complete' });
    const [seen] = observer.exchanges;
    expect(fromUtf8(seen!.requestBody)).toBe('{"a":1}');
    expect(seen!.chunks.map(([ms, bytes]) => [ms, fromUtf8(bytes)])).toEqual([[6, 'data: 1']]);
    expect(seen).toMatchObject({ startedAt: 1000, headMs: 5, connection: 'c', outcome: 'complete', end: { ms: 7 } });
  });

  it('counts an upgrade that was refused, whatever is behind the tap', () => {
    const observer = createObserver();
    const upgrade = { ...POST, method: 'GET', headers: ['upgrade', 'websocket'] };
    const tap = observer.open({ startedAt: 0, seed: 's', protocol: 'responses', request: upgrade });
    tap.attempt().response(1, head(404)).end({ by: 'upstream', ms: 1, how: 'complete' });
    tap.clientResponse(2, head(404), { name: 'gateway' }).data(2, toUtf8('refused'));
    tap.close('complete', { by: 'tapedeck', ms: 2, how: 'complete' });
    expect(observer.exchanges[0]!.response!.status).toBe(404);
    expect(lostOn(observer.exchanges)).toEqual({ attempts: 1, ms: 0 });
  });

  it('says that an exchange without an end timed out', () => {
    const observer = createObserver();
    observer.open({ startedAt: 0, seed: 's', protocol: null, request: POST });
    expect(observer.exchanges[0]!.outcome).toBe('timeout');
  });
});

/** An exchange of a client: a status, or what else became of it. */
function exchange(startedAt: number, status: number, more: Partial<Observed> = {}): Observed {
  const answered: Partial<Observed> =
    status === 0 ? {} : { response: head(status), chunks: [[1, toUtf8('x')]], outcome: 'complete' };
  return { ...beginSide('responses', POST, new Uint8Array()), startedAt, attempts: [], ...answered, ...more };
}

const UPGRADE: Partial<Observed> = { request: { ...POST, method: 'GET', headers: ['Upgrade', 'websocket'] } };
const MODELS: Partial<Observed> = { request: { ...POST, method: 'GET', url: '/v1/models' } };

describe('what a client lost', () => {
  it.each<[string, Observed[], ReturnType<typeof lostOn>]>([
    ['nothing', [exchange(0, 200), exchange(10, 200)], undefined],
    ['a refused upgrade', [exchange(0, 426, UPGRADE), exchange(30, 200)], { attempts: 1, ms: 30 }],
    [
      'seven upgrades',
      [...Array(7).keys()].map((i) => exchange(i * 100, 404, UPGRADE)).concat(exchange(6400, 200)),
      { attempts: 7, ms: 6400 },
    ],
    ['an upgrade that nobody answered', [exchange(0, 0, UPGRADE), exchange(15_000, 200)], { attempts: 1, ms: 15_000 }],
    [
      'two broken streams, apart from one another',
      [exchange(0, 200, { outcome: 'upstream-aborted' }), exchange(5, 200), exchange(20, 503), exchange(29, 200)],
      { attempts: 2, ms: 14 },
    ],
    ['what was never answered', [exchange(0, 500)], { attempts: 1, ms: 0 }],
    ['no model list', [exchange(0, 404, MODELS), exchange(9, 200)], undefined],
    ['no client that has its answer and goes', [exchange(0, 200, { outcome: 'client-aborted' })], undefined],
    ['no turn on a WebSocket', [exchange(0, 101, { connection: 'c', ...UPGRADE })], undefined],
  ])('%s', (_, exchanges, lost) => expect(lostOn(exchanges)).toEqual(lost));
});
