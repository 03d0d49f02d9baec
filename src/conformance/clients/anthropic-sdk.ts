import type Anthropic from '@anthropic-ai/sdk';
import { MADE_UP_KEY } from '../codex-home.ts';
import { WEATHER_TOOL } from '../harness/prompt.ts';
import type { Trial } from '../harness/trial.ts';
import type { ReceivedRequest } from '../script.ts';
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

const ASKED = /How is the weather/;

function asked(t: Trial) {
  const content = `How is the weather? [${t.marker}]`;
  return { model: t.model, max_tokens: 1024, messages: [{ role: 'user' as const, content }] };
}

function textOf(message: { content: readonly { type: string; text?: string }[] }): string {
  return message.content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
}

/** `@anthropic-ai/sdk` for Node. */
export const ANTHROPIC_SDK: Sdk<Anthropic> = {
  name: 'anthropic-sdk',
  package: { name: '@anthropic-ai/sdk', version: '1.11.0' },
  profiles: ['anthropic'],
  connect: (clientClass, baseUrl, t) =>
    new (clientClass as typeof Anthropic)({
      // It appends `/v1/messages` itself.
      baseURL: baseUrl.replace(/\/v1$/, ''),
      ...{ apiKey: MADE_UP_KEY, maxRetries: 0, timeout: t.timeoutMs, defaultHeaders: t.extraHeaders },
    }),
  cases: [
    {
      rule: 'stream',
      requirement: "The stream helper of Anthropic's SDK gives the text in pieces and the message as a whole.",
      protocol: 'messages',
      script: [say(FORECAST)],
      sent: [[ASKED]],
      async run(client, t) {
        const stream = client.messages.stream(asked(t));
        let pieces = '';
        stream.on('text', (piece) => {
          pieces += piece;
        });
        const whole = await stream.finalMessage();
        t.expectSame(pieces, FORECAST, 'the pieces do not make up the text', { where: 'answer' });
        t.expectSame(textOf(whole), FORECAST, 'the message does not have the text', { where: 'answer' });
        t.expect(whole.usage.input_tokens > 0, 'no input tokens were counted', { where: 'answer' });
      },
    },
    ...([true, false] as const).map(
      (stream): SdkCase<Anthropic> => ({
        rule: stream ? 'tool-runner-stream' : 'tool-runner',
        requirement: `The tool runner of Anthropic's SDK runs a tool and goes on to the answer, ${stream ? 'streamed' : 'without streams'}.`,
        protocol: 'messages',
        script: [callWeather(), say(FORECAST)],
        sent: [[ASKED], [ASKED, new RegExp(CITY), new RegExp(TOOL_RESULT)]],
        run: (client, t) => runTools(client, t, { stream, thread: false }),
      }),
    ),
    {
      rule: 'tool-runner-thread',
      requirement:
        "A request of Anthropic's SDK that goes on from a message by its id gets to a provider that knows the message, or is refused, on which the SDK sends everything.",
      protocol: 'messages',
      script: [callWeather(), say(FORECAST)],
      sent: [[ASKED]],
      unmarked: true,
      judge: expectHistory,
      run: (client, t) => runTools(client, t, { stream: true }),
    },
    {
      rule: 'structured-output',
      requirement: "Anthropic's SDK parses an answer for which a JSON schema was given.",
      protocol: 'messages',
      script: [say(JSON.stringify(WEATHER))],
      sent: [[ASKED]],
      async run(client, t) {
        const parse = (text: string) => JSON.parse(text) as unknown;
        const format = { type: 'json_schema' as const, schema: WEATHER_SCHEMA, parse };
        const parsed = await client.messages.parse({ ...asked(t), output_config: { format } });
        t.expectSame(parsed.parsed_output, WEATHER, 'the parsed answer is another', { where: 'answer' });
      },
    },
    {
      rule: 'rate-limit',
      requirement: "A 429 of the provider is a RateLimitError of Anthropic's SDK.",
      protocol: 'messages',
      script: [REFUSE],
      sent: [[ASKED]],
      provokes: true,
      run: (client, t) => expectRateLimit(t, client.messages.create(asked(t))),
    },
  ],
};

/** The last turn either says which message it goes on from, or has all that was said. */
function expectHistory(t: Trial, turns: readonly ReceivedRequest[]): void {
  const last = turns.at(-1)?.json ?? {};
  const text = JSON.stringify(last);
  t.expect(text.includes(TOOL_RESULT), 'the result of the tool did not get to the provider', {
    where: 'upstream request',
  });
  t.expect(
    'thread' in last || ASKED.test(text),
    'the provider was asked to go on, and neither told what was said nor from which message',
    { where: 'upstream request' },
  );
}

async function runTools(client: Anthropic, t: Trial, how: { stream: boolean; thread?: false }): Promise<void> {
  const given: unknown[] = [];
  const { name, description, parameters } = WEATHER_TOOL;
  const tool = {
    ...{ type: 'custom' as const, name, description },
    input_schema: { ...parameters, type: 'object' as const },
    parse: (content: unknown) => content,
    run: (input: unknown) => {
      given.push(input);
      return TOOL_RESULT;
    },
  };
  const last = await client.beta.messages.toolRunner({ ...asked(t), tools: [tool], ...how }).runUntilDone();
  t.expectSame(given, [{ city: CITY }], 'the tool was not called with its arguments, once', { where: 'answer' });
  t.expectSame(textOf(last), FORECAST, 'the last answer does not have the text', { where: 'answer' });
}
