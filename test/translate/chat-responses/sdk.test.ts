import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import type { ScriptedTurn } from '../../../src/conformance/provider/responses.ts';
import { chatResponses } from '../../../src/translate/chat-responses/hop.ts';
import { type Bridge, startBridge } from '../../helpers/sdk-bridge.ts';

const CALL: ScriptedTurn = {
  items: [
    { type: 'reasoning', summary: 'I look it up.' },
    { type: 'function_call', name: 'get_weather', arguments: { city: 'Oslo ❄️' } },
    { type: 'function_call', name: 'get_weather', arguments: { city: 'Rome' } },
  ],
};
const TEXT: ScriptedTurn = { items: [{ type: 'message', text: 'Cold in Oslo ❄️, warm in Rome.' }] };
const WEATHER = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

let bridge: Bridge | undefined;

afterEach(async () => {
  await bridge?.close();
  bridge = undefined;
});

async function connect(turns: ScriptedTurn[]): Promise<OpenAI> {
  bridge = await startBridge(chatResponses, turns);
  return new OpenAI({ baseURL: `${bridge.url}/v1`, apiKey: 'made-up', maxRetries: 0 });
}

/** The chunk of OpenAI's own types has no thoughts. */
function realFindings() {
  return bridge?.findings.filter(({ message }) => !message.includes('reasoning_content'));
}

describe('the OpenAI SDK', () => {
  it('gets a text and its usage, whole and as a stream', async () => {
    const client = await connect([TEXT, TEXT]);
    const messages = [{ role: 'user' as const, content: 'Weather?' }];
    const whole = await client.chat.completions.create({ model: 'gpt-5.5', messages });
    expect(whole.choices[0]?.message.content).toBe('Cold in Oslo ❄️, warm in Rome.');
    expect(whole.usage?.total_tokens).toBe(132);
    const stream = client.chat.completions.stream({
      model: 'gpt-5.5',
      messages,
      stream_options: { include_usage: true },
    });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.message.content).toBe('Cold in Oslo ❄️, warm in Rome.');
    expect(final.usage).toMatchObject({ prompt_tokens: 120, completion_tokens: 12 });
    expect(realFindings()).toEqual([]);
  });

  it.each([false, true])('runs its tools, stream: %s', async (stream) => {
    const client = await connect([CALL, TEXT]);
    const asked: string[] = [];
    const tool = {
      type: 'function' as const,
      function: {
        name: 'get_weather',
        description: 'The weather in a city.',
        parameters: WEATHER,
        parse: JSON.parse as (text: string) => { city: string },
        function: ({ city }: { city: string }) => {
          asked.push(city);
          return `fine in ${city}`;
        },
      },
    };
    const messages = [{ role: 'user' as const, content: 'Weather?' }];
    const runner = stream
      ? client.chat.completions.runTools({ model: 'gpt-5.5', messages, tools: [tool], stream: true })
      : client.chat.completions.runTools({ model: 'gpt-5.5', messages, tools: [tool] });
    expect(await runner.finalContent()).toBe('Cold in Oslo ❄️, warm in Rome.');
    expect(asked).toEqual(['Oslo ❄️', 'Rome']);
    const input = bridge?.requests[1]?.input as { type: string; call_id?: string; output?: string }[];
    expect(input.map(({ type }) => type)).toEqual([
      'message',
      'function_call',
      'function_call',
      'function_call_output',
      'function_call_output',
    ]);
    expect(input[3]).toMatchObject({ call_id: input[1]?.call_id, output: 'fine in Oslo ❄️' });
    expect(realFindings()).toEqual([]);
  });

  it('parses structured output', async () => {
    const client = await connect([{ items: [{ type: 'message', text: '{"city":"Oslo"}' }] }]);
    const parsed = await client.chat.completions.parse({
      model: 'gpt-5.5',
      messages: [{ role: 'user', content: 'Where?' }],
      response_format: { type: 'json_schema', json_schema: { name: 'place', strict: true, schema: WEATHER } },
    });
    expect(parsed.choices[0]?.message.content).toBe('{"city":"Oslo"}');
    expect(bridge?.requests[0]?.text).toMatchObject({ format: { type: 'json_schema', name: 'place', strict: true } });
  });

  it('gets custom tool calls', async () => {
    const client = await connect([
      { items: [{ type: 'custom_tool_call', name: 'apply_patch', input: '*** "Begin"\n' }] },
    ]);
    const stream = await client.chat.completions.create({
      model: 'gpt-5.5',
      messages: [{ role: 'user', content: 'Patch it.' }],
      tools: [{ type: 'custom', custom: { name: 'apply_patch' } }],
      stream: true,
    });
    let input = '';
    for await (const chunk of stream) {
      for (const call of chunk.choices[0]?.delta.tool_calls ?? []) {
        input += (call as { custom?: { input?: string } }).custom?.input ?? '';
      }
    }
    expect(input).toBe('*** "Begin"\n');
    expect(bridge?.findings).toEqual([]);
  });

  it('is refused several choices', async () => {
    const client = await connect([TEXT]);
    const asked = client.chat.completions.create({ model: 'gpt-5.5', messages: [], n: 2 });
    await expect(asked).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter' });
  });
});
