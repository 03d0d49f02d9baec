import type OpenAI from 'openai';
import type { ResponseInputItem } from 'openai/resources/responses/responses';
import { MADE_UP_KEY } from '../codex-home.ts';
import { WEATHER_TOOL } from '../harness/prompt.ts';
import type { Trial } from '../harness/trial.ts';
import {
  CITY,
  callWeather,
  expectRateLimit,
  FORECAST,
  REFUSE,
  type Sdk,
  type SdkCase,
  say,
  TOOL_RESULT,
  WEATHER,
  WEATHER_SCHEMA,
} from './sdk-check.ts';

const FORMAT = { name: 'weather', strict: true, schema: WEATHER_SCHEMA };

function question(t: Trial): string {
  return `How is the weather? [${t.marker}]`;
}

const ASKED = /How is the weather/;

/** `openai` for Node, over Responses and over Chat Completions. */
export const OPENAI_SDK: Sdk<OpenAI> = {
  name: 'openai-sdk',
  package: { name: 'openai', version: '7.55.0' },
  profiles: ['openai'],
  connect: (clientClass, baseURL, t) =>
    new (clientClass as typeof OpenAI)({
      ...{ baseURL, apiKey: MADE_UP_KEY, maxRetries: 0, timeout: t.timeoutMs },
      defaultHeaders: t.extraHeaders,
    }),
  cases: [...responsesCases(), ...chatCases()],
};

function responsesCases(): SdkCase<OpenAI>[] {
  const protocol = 'responses';
  return [
    {
      rule: 'stream',
      requirement: "The stream helper of OpenAI's SDK gives the text in pieces and the response as a whole.",
      protocol,
      script: [say(FORECAST)],
      sent: [[ASKED]],
      async run(client, t) {
        const stream = client.responses.stream({ model: t.model, input: question(t), store: false });
        let pieces = '';
        stream.on('response.output_text.delta', ({ delta }) => {
          pieces += delta;
        });
        const whole = await stream.finalResponse();
        t.expectSame(pieces, FORECAST, 'the pieces do not make up the text', { where: 'answer' });
        t.expectSame(whole.output_text, FORECAST, 'the response does not have the text', { where: 'answer' });
        t.expect((whole.usage?.input_tokens ?? 0) > 0, 'no input tokens were counted', { where: 'answer' });
      },
    },
    {
      rule: 'tool-turn',
      requirement:
        "OpenAI's SDK gets a function call, and the provider its output, with the items sent back as they came.",
      protocol,
      script: [callWeather(), say(FORECAST)],
      sent: [[ASKED], [ASKED, new RegExp(CITY), new RegExp(TOOL_RESULT)]],
      async run(client, t) {
        const fixed = {
          model: t.model,
          store: false,
          tools: [{ type: 'function', strict: false, ...WEATHER_TOOL }] as const,
        };
        const ask = (input: ResponseInputItem[]) =>
          client.responses.stream({ ...fixed, tools: [...fixed.tools], input }).finalResponse();
        const asked: ResponseInputItem = { role: 'user', content: question(t) };
        const first = await ask([asked]);
        const call = first.output.find((item) => item.type === 'function_call');
        if (!call) return t.stop('fail', 'no function call came');
        t.expectSame(JSON.parse(call.arguments), { city: CITY }, 'the arguments of the call are others', {
          where: 'answer',
        });
        const result = { type: 'function_call_output', call_id: call.call_id, output: TOOL_RESULT } as const;
        // What the SDK parsed for its caller is no part of the item.
        const { parsed_arguments: _, ...item } = call as typeof call & { parsed_arguments?: unknown };
        const second = await ask([asked, item, result]);
        t.expectSame(second.output_text, FORECAST, 'the second answer does not have the text', { where: 'answer' });
      },
    },
    {
      rule: 'structured-output',
      requirement: "OpenAI's SDK parses an answer for which a JSON schema was given.",
      protocol,
      script: [say(JSON.stringify(WEATHER))],
      sent: [[ASKED, /"degrees"/]],
      async run(client, t) {
        const format = { type: 'json_schema', ...FORMAT } as const;
        const parsed = await client.responses.parse({
          ...{ model: t.model, input: question(t), store: false },
          text: { format },
        });
        t.expectSame(parsed.output_parsed, WEATHER, 'the parsed answer is another', { where: 'answer' });
      },
    },
    refusal(protocol, (client, t) => client.responses.create({ model: t.model, input: question(t), store: false })),
  ];
}

function refusal(
  protocol: SdkCase<OpenAI>['protocol'],
  ask: (client: OpenAI, t: Trial) => Promise<unknown>,
): SdkCase<OpenAI> {
  return {
    rule: 'rate-limit',
    requirement: "A 429 of the provider is a RateLimitError of OpenAI's SDK.",
    protocol,
    script: [REFUSE],
    sent: [[ASKED]],
    provokes: true,
    run: (client, t) => expectRateLimit(t, ask(client, t)),
  };
}

function chatCases(): SdkCase<OpenAI>[] {
  const protocol = 'chat';
  const messages = (t: Trial) => [{ role: 'user' as const, content: question(t) }];
  return [
    {
      rule: 'stream',
      requirement: "The stream helper of OpenAI's SDK gives the text in pieces and the completion as a whole.",
      protocol,
      script: [say(FORECAST)],
      sent: [[ASKED]],
      async run(client, t) {
        const stream_options = { include_usage: true };
        const stream = client.chat.completions.stream({ model: t.model, messages: messages(t), stream_options });
        let pieces = '';
        stream.on('content', (piece) => {
          pieces += piece;
        });
        const whole = await stream.finalChatCompletion();
        t.expectSame(pieces, FORECAST, 'the pieces do not make up the text', { where: 'answer' });
        t.expectSame(whole.choices[0]?.message.content, FORECAST, 'the completion does not have the text', {
          where: 'answer',
        });
        t.expect((whole.usage?.prompt_tokens ?? 0) > 0, 'no prompt tokens were counted', { where: 'answer' });
      },
    },
    ...([true, false] as const).map(
      (stream): SdkCase<OpenAI> => ({
        rule: stream ? 'tool-runner-stream' : 'tool-runner',
        requirement: `The tool runner of OpenAI's SDK runs a function and goes on to the answer, ${stream ? 'streamed' : 'without streams'}.`,
        protocol,
        script: [callWeather(), say(FORECAST)],
        sent: [[ASKED], [ASKED, new RegExp(CITY), new RegExp(TOOL_RESULT)]],
        async run(client, t) {
          const given: unknown[] = [];
          const tools = [
            {
              type: 'function' as const,
              function: {
                ...WEATHER_TOOL,
                parse: (text: string) => JSON.parse(text) as object,
                function: (args: object) => {
                  given.push(args);
                  return TOOL_RESULT;
                },
              },
            },
          ];
          const asked = { model: t.model, messages: messages(t), tools };
          const runner = stream
            ? client.chat.completions.runTools({ ...asked, stream: true })
            : client.chat.completions.runTools(asked);
          const text = await runner.finalContent();
          t.expectSame(given, [{ city: CITY }], 'the function was not called with its arguments, once', {
            where: 'answer',
          });
          t.expectSame(text, FORECAST, 'the last answer does not have the text', { where: 'answer' });
        },
      }),
    ),
    {
      rule: 'structured-output',
      requirement: "OpenAI's SDK parses an answer for which a JSON schema was given.",
      protocol,
      script: [say(JSON.stringify(WEATHER))],
      sent: [[ASKED, /"degrees"/]],
      async run(client, t) {
        const response_format = { type: 'json_schema', json_schema: FORMAT } as const;
        const parsed = await client.chat.completions.parse({ model: t.model, messages: messages(t), response_format });
        t.expectSame(parsed.choices[0]?.message.parsed, WEATHER, 'the parsed answer is another', { where: 'answer' });
      },
    },
    refusal(protocol, (client, t) => client.chat.completions.create({ model: t.model, messages: messages(t) })),
  ];
}
