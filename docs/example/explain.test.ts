import { useCassette } from 'codex-tapedeck/vitest';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { explain } from './explain.ts';

// Every test has a cassette of its own: __cassettes__/explain/NAME-OF-THE-TEST.har
const cassette = useCassette((test) => `explain/${test.name}`, { strict: true });

// Where nothing is recorded no key is needed.
const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY ?? 'no key in CI' });

test('a word is explained', async () => {
  const parts: string[] = [];
  const text = await explain(client, 'tape deck', (part) => parts.push(part));
  expect(text).toMatch(/tape/i);
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.join('')).toBe(text);
});

test('a limit is told', async () => {
  await expect(explain(client, 'limit', () => {})).rejects.toThrow(/429/);
  expect(cassette.served + cassette.recorded).toBe(1);
});
