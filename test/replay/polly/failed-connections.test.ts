import { expect, test } from 'vitest';
import type { RecordedExchange } from '../../../src/cassette/legs.ts';
import { sourceOfList } from '../../../src/replay/exchange-source.ts';
import { createCassetteDispatcher } from '../../../src/replay/polly/dispatcher.ts';
import { withFailedConnections } from '../../../src/replay/polly/failed-connections.ts';
import type { Outcome } from '../../../src/util/types.ts';
import { collect } from '../../helpers/cassette-files.ts';
import { dispatch } from '../../helpers/dispatch.ts';
import { recorded } from '../../helpers/recorded.ts';

function exchange(outcome: Outcome, how: string, attempts = 0): RecordedExchange {
  const made = recorded({ status: 502, outcome }, Array(attempts).fill({}));
  made.client._producer = { name: 'tapedeck', how };
  return made;
}

test.each([
  ['refused', 'error', 0, 1],
  ['timeout', 'error', 0, 1],
  ['upstream-error', 'error', 0, 1],
  // The proxy itself refused the request, or the client went away before.
  ['complete', 'error', 0, 0],
  ['client-aborted', 'error', 0, 0],
  // Somebody answered.
  ['timeout', 'passthrough', 0, 0],
  // The request was written: what became of it is recorded.
  ['refused', 'error', 2, 2],
] as const)('%s with an answer by %s and %i attempts has %i', async (outcome, how, recordedAttempts, expected) => {
  const original = exchange(outcome, how, recordedAttempts);
  const source = withFailedConnections(sourceOfList([original]));
  const [listed] = await collect(source.exchanges());
  expect(listed?.attempts).toHaveLength(expected);
  expect(await source.exchange(1)).toEqual(listed);
  expect(await source.exchange(2)).toBeUndefined();
  expect(original.attempts).toHaveLength(recordedAttempts);
});

test('a request without an answer in the file of another program is no attempt of ours', async () => {
  const failed = recorded({ status: 0, outcome: 'upstream-error' });
  failed.client._producer = { name: 'WebInspector' };
  const source = sourceOfList([failed, recorded({ method: 'GET', url: '/v1/models', answer: 'all' })]);
  expect((await withFailedConnections(source).exchange(1))?.attempts).toEqual([]);
  // So a cassette with one side alone is served by that.
  const deck = await createCassetteDispatcher({ cassette: source });
  const asked = dispatch(deck.dispatcher, { method: 'GET', path: '/v1/models' });
  await asked.over;
  expect(asked.text()).toBe('all');
  await deck.close();
});

test('the attempt asks what the client asked, and has no answer', async () => {
  const original = exchange('refused', 'error');
  const made = await withFailedConnections(sourceOfList([original])).exchange(1);
  expect(made?.attempts[0]).toMatchObject({ _side: 'upstream', _attempt: 1, response: { status: 0, headers: [] } });
  expect(made?.attempts[0]?.request).toEqual(original.client.request);
});
