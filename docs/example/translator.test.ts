import { translateDocument } from 'codex-tapedeck/translate';
import { useCassette } from 'codex-tapedeck/vitest';
import { expect, test } from 'vitest';

// Recorded by explain.test.ts.
useCassette('explain/a-word-is-explained', { mode: 'none' });

const chatRequest = {
  model: 'gpt-5.5',
  stream: true,
  messages: [{ role: 'user', content: 'Explain in one sentence: tape deck' }],
};

test('what a Chat client asks becomes a Responses request', () => {
  const { text, losses } = translateDocument(JSON.stringify(chatRequest), { from: 'chat', to: 'responses' });
  expect(text).toConformTo('responses.request');
  expect(losses).toEqual([]);
});

test('what a Responses provider streams becomes a Chat stream', async () => {
  // The recorded stream, from the cassette in use.
  const body = { model: 'gpt-5.5', input: 'Explain in one sentence: tape deck', stream: true };
  await expect({ path: '/v1/responses', body }).toMatchCassette();
  const recorded = await fetch('https://api.openai.com/v1/responses', { method: 'POST', body: JSON.stringify(body) });
  const stream = await recorded.text();
  expect(stream).toBeGrammatical('responses');

  const request = JSON.stringify(chatRequest);
  const { text } = translateDocument(stream, { from: 'responses', to: 'chat', kind: 'stream', request });
  expect(text).toBeGrammatical('chat');
  expect(text).toConformTo('chat.stream');
  expect(text).toContain('"finish_reason":"stop"');
});
