import { describe, expect, it } from 'vitest';
import { mergeExchange, unaskedExchange } from '../../src/around/merge.ts';
import type { Entry } from '../../src/cassette/format.ts';
import { legOf } from '../../src/cassette/legs.ts';
import { recorded } from '../helpers/recorded.ts';

/** What the back tap records: what went through it is the same on both sides. */
function throughBack() {
  const back = recorded(
    { body: { model: 'm' }, chunks: [[100, 'data: a\n\n']], headers: ['content-type', 'text/event-stream'] },
    [{ url: 'https://provider.example/v1/responses' }],
  );
  const [attempt] = back.attempts as [Entry];
  attempt.startedDateTime = new Date(Date.parse(back.client.startedDateTime) + 40).toISOString();
  attempt.request.postData = { mimeType: 'application/json', text: '', _sameAs: 'client' };
  attempt.response.content = { mimeType: 'text/event-stream', size: 9, _sameAs: 'client' };
  return back;
}

describe('mergeExchange', () => {
  const join = { by: 'content', certainty: 'certain' } as const;

  it('gives the upstream side bodies of its own, with times from its own beginning', () => {
    const front = recorded({ body: { input: 'hi' }, answer: 'x' });
    const merged = mergeExchange(front, [{ back: throughBack(), join }]);
    expect(merged.attempts[0]).toMatchObject({ _exchange: front.id, _seq: front.seq, _attempt: 1, _join: join });
    expect(legOf(merged, 'upstream-request')?.body?.text).toBe('{"model":"m"}');
    expect(legOf(merged, 'upstream-request')?.entry.request.url).toBe('https://provider.example/v1/responses');
    const answer = legOf(merged, 'upstream-response')?.body;
    expect(answer?.text).toBe('data: a\n\n');
    expect(answer?.chunks.map(({ ms }) => ms)).toEqual([60]);
    expect(legOf(merged, 'client-response')?.body?.text).toBe('x');
  });

  it('takes what the gateway asked where the provider was never reached', () => {
    const merged = mergeExchange(recorded({}), [{ back: recorded({ body: { model: 'm' }, status: 502 }), join }]);
    expect(merged.attempts[0]).toMatchObject({ _side: 'upstream', _attempt: 1, response: { status: 502 } });
  });

  it('marks what has no other side', () => {
    expect(mergeExchange(recorded({}), []).client._join).toEqual({ by: 'none', certainty: 'certain' });
    const alone = unaskedExchange(throughBack());
    expect([alone.client, ...alone.attempts].map(({ _unasked }) => _unasked)).toEqual([true, true]);
  });
});
