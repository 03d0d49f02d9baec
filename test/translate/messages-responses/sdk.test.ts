import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { afterEach, describe, expect, it } from 'vitest';
import { OPAQUE_CONTENT, type ScriptedTurn } from '../../../src/conformance/provider/responses.ts';
import { messagesResponses } from '../../../src/translate/messages-responses/hop.ts';
import { type Bridge, startBridge } from '../../helpers/sdk-bridge.ts';

const CALL: ScriptedTurn = {
  items: [
    { type: 'reasoning', summary: 'I look it up.' },
    { type: 'message', text: 'One moment.' },
    { type: 'function_call', name: 'get_weather', arguments: { city: 'Oslo ❄️' } },
    { type: 'function_call', name: 'get_weather', arguments: { city: 'Rome' } },
  ],
};
const TEXT: ScriptedTurn = { items: [{ type: 'message', text: 'Cold in Oslo ❄️, warm in Rome.' }] };
const THINKING = { type: 'enabled' as const, budget_tokens: 2_000 };

let bridge: Bridge | undefined;

afterEach(async () => {
  await bridge?.close();
  bridge = undefined;
});

async function connect(turns: ScriptedTurn[]): Promise<Anthropic> {
  bridge = await startBridge(messagesResponses, turns);
  return new Anthropic({ baseURL: bridge.url, apiKey: 'made-up', maxRetries: 0 });
}

describe('the Anthropic SDK', () => {
  it('gets a text and its usage, whole and as a stream', async () => {
    const client = await connect([TEXT, TEXT]);
    const body = {
      model: 'claude-opus-5',
      max_tokens: 100,
      messages: [{ role: 'user' as const, content: 'Weather?' }],
    };
    const whole = await client.messages.create(body);
    expect(whole.content).toEqual([{ type: 'text', text: 'Cold in Oslo ❄️, warm in Rome.' }]);
    const streamed = await client.messages.stream(body).finalMessage();
    expect(streamed.content).toMatchObject([{ type: 'text', text: 'Cold in Oslo ❄️, warm in Rome.' }]);
    expect(streamed.usage).toMatchObject({ input_tokens: 120, output_tokens: 12 });
    expect(streamed.stop_reason).toBe('end_turn');
    expect(bridge?.findings).toEqual([]);
  });

  it.each([false, true])('runs its tools, and thoughts come back byte-equal, stream: %s', async (stream) => {
    const client = await connect([CALL, TEXT]);
    const asked: string[] = [];
    const tool = betaTool({
      name: 'get_weather',
      description: 'The weather in a city.',
      inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      run: ({ city }) => {
        asked.push(city);
        return `fine in ${city}`;
      },
    });
    const final = await client.beta.messages.toolRunner({
      model: 'claude-opus-5',
      max_tokens: 4_000,
      thinking: THINKING,
      messages: [{ role: 'user', content: 'Weather?' }],
      tools: [tool],
      stream,
    });
    const message = 'content' in final ? final : undefined;
    expect(message?.content).toMatchObject([{ type: 'text', text: 'Cold in Oslo ❄️, warm in Rome.' }]);
    expect(asked).toEqual(['Oslo ❄️', 'Rome']);
    const [asking, answering] = bridge?.requests ?? [];
    expect(asking?.include).toEqual(['reasoning.encrypted_content']);
    const input = answering?.input as { type: string }[];
    expect(input[1]).toMatchObject({
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: 'I look it up.' }],
      encrypted_content: OPAQUE_CONTENT,
    });
    expect(input.map(({ type }) => type)).toEqual([
      'message',
      'reasoning',
      'message',
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
    ]);
    expect(bridge?.findings).toEqual([]);
  });

  it('parses structured output', async () => {
    const client = await connect([{ items: [{ type: 'message', text: '{"city":"Oslo"}' }] }]);
    const schema = {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    };
    const parsed = await client.messages.parse({
      model: 'claude-opus-5',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Where?' }],
      output_config: { format: { type: 'json_schema', schema } },
    });
    expect(parsed.content).toMatchObject([{ type: 'text', text: '{"city":"Oslo"}' }]);
    expect(bridge?.requests[0]?.text).toMatchObject({ format: { type: 'json_schema', strict: true } });
    expect(bridge?.findings).toEqual([]);
  });

  it('is refused a thread in the words by which it goes on without one', async () => {
    const client = await connect([TEXT]);
    const body = { model: 'claude-opus-5', max_tokens: 100, messages: [], thread: { type: 'create' } };
    await expect(client.post('/v1/messages', { body })).rejects.toMatchObject({
      status: 400,
      error: { error: { details: { error_code: 'thread_unsupported_request' } } },
    });
  });
});
