import { expect, test } from 'vitest';
import '../../../src/replay/vitest/use-cassette.ts';
import { toMatchCassette } from '../../../src/replay/vitest/matchers.ts';
import { fixture } from '../../helpers/cassette-files.ts';

const request = { model: 'gpt-5.5', input: 'hi' };

test('toConformTo takes objects, text and bytes', () => {
  expect(request).toConformTo('responses.request');
  expect(JSON.stringify(request)).toConformTo('responses.request', { profile: 'strict' });
  expect(Buffer.from(JSON.stringify(request))).toConformTo('responses.request');
  // A key that stands twice is a warning.
  expect('{"model":"m","model":"n","input":"hi"}').toConformTo('responses.request');
  expect({ ...request, input: 7 }).not.toConformTo('responses.request');
});

test('toConformTo tells what is wrong, where, and by which rule', () => {
  expect(() => expect({ ...request, input: 7 }).toConformTo('responses.request')).toThrow(
    /^expected it to conform to responses\.request \(tolerant\); 1 finding:\n {2}\/input: .+ \(schema\.[\w-]+, openai@.+\)$/,
  );
  expect(() => expect(request).not.toConformTo('responses.request')).toThrow('expected it not to conform to');
  expect(() => expect(request).toConformTo('responses.wrong')).toThrow('responses.wrong');
});

test('toConformTo shows ten findings and counts the rest', () => {
  const input = Array.from({ length: 14 }, () => ({ type: 'function_call' }));
  expect(() => expect({ ...request, input }).toConformTo('responses.request')).toThrow(/\n {2}and \d+ more$/);
});

const chunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const chunks = [chunk({ role: 'assistant', content: 'a' }), chunk({ content: 'b' }), chunk({}, 'stop')];
const sse = (list: object[]) => [...list.map((one) => JSON.stringify(one)), '[DONE]'].map((one) => `data: ${one}\n\n`);

test('toBeGrammatical takes a stream as text, as bytes and as events', () => {
  const text = sse(chunks).join('');
  expect(text).toBeGrammatical('chat');
  expect(text).toBeGrammatical();
  expect(Buffer.from(text)).toBeGrammatical();
  expect(chunks).toBeGrammatical();
  expect(sse(chunks.slice(0, 2)).join('')).not.toBeGrammatical('chat');
});

test('toBeGrammatical finds Responses and Messages by the first event', () => {
  const response = { id: 'resp_1', object: 'response', status: 'completed', output: [] };
  const created = { type: 'response.created', sequence_number: 0, response: { ...response, status: 'in_progress' } };
  const completed = { type: 'response.completed', sequence_number: 1, response };
  expect([created, completed]).toBeGrammatical();
  expect(() => expect([created]).toBeGrammatical()).toThrow('expected it to be a grammatical stream of responses; 1 f');
  const start = { type: 'message_start', message: { id: 'msg_1', type: 'message', role: 'assistant', content: [] } };
  expect(() => expect([start]).toBeGrammatical()).toThrow('a grammatical stream of messages');
});

test('toBeGrammatical says when nobody knows the protocol', () => {
  expect(() => expect('data: {}\n\n').toBeGrammatical()).toThrow('its first event is of none');
  expect(() => expect('').toBeGrammatical()).toThrow('its first event is of none');
});

test('toMatchCassette needs a cassette', async () => {
  await expect(toMatchCassette({ path: '/' }, undefined)).rejects.toThrow('Call useCassette first');
});

test('toMatchCassette says of a request that cannot be sent what is wrong with it', async () => {
  await expect(toMatchCassette({ path: 'http://[' }, undefined, fixture('cassettes/0.169.0/text.har'))).rejects.toThrow(
    'Invalid URL',
  );
});
