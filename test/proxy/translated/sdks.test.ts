import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { answerItems } from '../../../src/conformance/provider/default-answer.ts';
import type { ScriptedItem } from '../../../src/conformance/provider/responses.ts';
import type { ScriptStep } from '../../../src/conformance/script.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../../../src/conformance/scripted-upstream.ts';
import { startProxy } from '../../../src/proxy/server.ts';
import type { Protocol } from '../../../src/util/types.ts';

const PROTOCOLS: readonly Protocol[] = ['responses', 'chat', 'messages'];
const KEY = `sk-${'test-not-a-key'}`;
const TEXT = 'It is 7 °C in "Reykjavík".';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const turn = (...items: ScriptedItem[]): ScriptStep => ({ when: { turn: true }, answer: answerItems({ items }) });
const say = (text: string) => turn({ type: 'message', text });
const WEATHER = turn({ type: 'function_call', name: 'weather', arguments: { city: 'Reykjavík' } });
const PARAMETERS = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const } },
  required: ['city'],
  additionalProperties: false,
};

async function serve(spoken: Protocol, script: ScriptStep[]): Promise<{ url: string; upstream: ScriptedUpstream }> {
  const upstream = await startScriptedUpstream({ script, speaks: [spoken] });
  const proxy = await startProxy({ upstream: upstream.url, translation: { protocol: spoken } });
  closing.push(
    () => upstream.close(),
    () => proxy.close(0),
  );
  return { url: proxy.url, upstream };
}

const openai = (baseURL: string) => new OpenAI({ baseURL, apiKey: KEY, maxRetries: 0 });
const anthropic = (url: string) => new Anthropic({ baseURL: url.replace(/\/v1$/, ''), apiKey: KEY, maxRetries: 0 });

describe.each(PROTOCOLS)('before a provider that speaks %s', (spoken) => {
  describe("OpenAI's SDK, Responses", () => {
    it('reads a whole answer and a stream', async () => {
      const { url } = await serve(spoken, [say(TEXT), say(TEXT)]);
      const request = { model: 'm', input: 'How cold is it?' };
      expect((await openai(url).responses.create(request)).output_text).toBe(TEXT);
      const stream = openai(url).responses.stream(request);
      let deltas = '';
      stream.on('response.output_text.delta', ({ delta }) => {
        deltas += delta;
      });
      expect((await stream.finalResponse()).output_text).toBe(TEXT);
      expect(deltas).toBe(TEXT);
    });

    it('parses structured output', async () => {
      const { url, upstream } = await serve(spoken, [say('{"city":"Reykjavík"}')]);
      const format = { type: 'json_schema' as const, name: 'place', strict: true, schema: PARAMETERS };
      const response = await openai(url).responses.parse({ model: 'm', input: 'Where?', text: { format } });
      expect(JSON.parse(response.output_text)).toEqual({ city: 'Reykjavík' });
      expect(JSON.stringify(upstream.requests[0]!.json)).toContain('"city"');
    });
  });

  describe("OpenAI's SDK, Chat Completions", () => {
    it('reads a whole answer and a stream', async () => {
      const { url } = await serve(spoken, [say(TEXT), say(TEXT)]);
      const request = { model: 'm', messages: [{ role: 'user' as const, content: 'How cold is it?' }] };
      const whole = await openai(url).chat.completions.create(request);
      expect(whole.choices[0]?.message.content).toBe(TEXT);
      const stream = openai(url).chat.completions.stream({ ...request, stream_options: { include_usage: true } });
      const final = await stream.finalChatCompletion();
      expect(final.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: TEXT } });
      expect(final.usage?.total_tokens).toBeGreaterThan(0);
    });

    it.each([true, false])('runs a tool, stream: %s', async (stream) => {
      const { url, upstream } = await serve(spoken, [WEATHER, say(TEXT)]);
      const asked: unknown[] = [];
      const tool = {
        type: 'function' as const,
        function: {
          name: 'weather',
          description: 'Tells the weather',
          parameters: PARAMETERS,
          parse: JSON.parse,
          function: (args: { city: string }) => {
            asked.push(args);
            return '7 °C';
          },
        },
      };
      const body = { model: 'm', messages: [{ role: 'user' as const, content: 'How cold is it?' }], tools: [tool] };
      const { completions } = openai(url).chat;
      const runner = stream ? completions.runTools({ ...body, stream: true }) : completions.runTools(body);
      expect(await runner.finalContent()).toBe(TEXT);
      expect(asked).toEqual([{ city: 'Reykjavík' }]);
      expect(JSON.stringify(upstream.requests[1]!.json)).toContain('7 °C');
    });

    it('parses structured output', async () => {
      const { url, upstream } = await serve(spoken, [say('{"city":"Reykjavík"}')]);
      const json_schema = { name: 'place', strict: true, schema: PARAMETERS };
      const messages = [{ role: 'user' as const, content: 'Where?' }];
      const completion = await openai(url).chat.completions.parse({
        model: 'm',
        messages,
        response_format: { type: 'json_schema', json_schema },
      });
      expect(JSON.parse(completion.choices[0]?.message.content ?? '')).toEqual({ city: 'Reykjavík' });
      expect(JSON.stringify(upstream.requests[0]!.json)).toContain('"city"');
    });

    it('throws the error that the provider meant', async () => {
      const body = { error: { message: 'No such model.', type: 'invalid_request_error', code: 'model_not_found' } };
      const { url } = await serve(spoken, [{ answer: { kind: 'body', status: 404, body } }]);
      const messages = [{ role: 'user' as const, content: 'x' }];
      await expect(openai(url).chat.completions.create({ model: 'm', messages })).rejects.toMatchObject({
        status: 404,
        code: 'model_not_found',
      });
    });
  });

  describe("Anthropic's SDK", () => {
    const request = {
      model: 'm',
      max_tokens: 100,
      messages: [{ role: 'user' as const, content: 'How cold is it?' }],
    };

    it('reads a whole answer and a stream', async () => {
      const { url } = await serve(spoken, [say(TEXT), say(TEXT)]);
      expect((await anthropic(url).messages.create(request)).content).toMatchObject([{ type: 'text', text: TEXT }]);
      const stream = anthropic(url).messages.stream(request);
      let deltas = '';
      stream.on('text', (delta) => {
        deltas += delta;
      });
      const final = await stream.finalMessage();
      expect(final).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: TEXT }] });
      expect(deltas).toBe(TEXT);
    });

    it.each([true, false])('runs a tool, stream: %s', async (stream) => {
      const { url, upstream } = await serve(spoken, [WEATHER, say(TEXT)]);
      const asked: unknown[] = [];
      const tool = betaTool({
        name: 'weather',
        description: 'Tells the weather',
        inputSchema: PARAMETERS,
        run: (input) => {
          asked.push(input);
          return '7 °C';
        },
      });
      const runner = anthropic(url).beta.messages.toolRunner({ ...request, tools: [tool], stream });
      const final = await runner.runUntilDone();
      expect(final).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: TEXT }] });
      expect(asked).toEqual([{ city: 'Reykjavík' }]);
      expect(JSON.stringify(upstream.requests.at(-1)!.json)).toContain('7 °C');
    });

    it('counts tokens', async () => {
      const { url } = await serve(spoken, [{ answer: { kind: 'body', status: 200, body: { input_tokens: 5 } } }]);
      const { messages } = anthropic(url);
      expect((await messages.countTokens({ model: 'm', messages: request.messages })).input_tokens).toBeGreaterThan(0);
    });

    it('throws the error that the provider meant', async () => {
      const body = { error: { message: 'Overloaded', type: 'overloaded_error' } };
      const { url } = await serve(spoken, [{ answer: { kind: 'body', status: 529, body } }]);
      await expect(anthropic(url).messages.create(request)).rejects.toMatchObject({ status: 529 });
    });
  });
});
