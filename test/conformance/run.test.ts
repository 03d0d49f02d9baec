import { expect, it, onTestFinished } from 'vitest';
import { startProvider } from '../../src/conformance/run.ts';

it('the provider of a run keeps no request: together they are gigabytes', async () => {
  const { upstream, room } = await startProvider({ strict: true });
  onTestFinished(() => upstream.close());
  const { desk, close } = room.open('tdk0123456789ab', 1000);
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Say tdk0123456789ab.' }] });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer made-up' };
  await (await fetch(`${upstream.url}/chat/completions`, { method: 'POST', headers, body })).text();
  expect(desk.calls.map(({ request }) => request.nth)).toEqual([1]);
  close();
  expect(upstream.requests).toEqual([]);
});
