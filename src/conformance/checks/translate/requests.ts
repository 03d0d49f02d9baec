import { type Check, type ConformanceProfile, EVERY_CLIENT } from '../../check.ts';
import { type Prompt, WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import { startOfJson } from '../shared/words.ts';
import { readToldModel, type ToldModel, type Turn } from './read-request.ts';

const ALL_CLIENTS: readonly ConformanceProfile[] = ['codex', 'open-responses', 'openai', 'anthropic'];
const UP = { where: 'upstream request' } as const;

/** 1 × 1 pixels. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Sends a prompt and reads what the provider was told; a provider that refuses it is the fault. */
async function told(t: Trial, prompt: Partial<Prompt>): Promise<ToldModel> {
  const reply = await t.call({ body: t.prompt(prompt) });
  const [refusal] = t.upstream.refusals;
  if (refusal) {
    const { message, pointer, rule, source } = refusal;
    t.expect(false, `the provider refuses what the gateway sends: ${message}`, { ...UP, pointer, rule, source });
  }
  await reply.bytes();
  const { request } = t.onlyCall();
  return readToldModel(request.protocol ?? t.protocol, request.json ?? {});
}

function textsOf(turns: readonly Turn[]): [string, string][] {
  return turns.flatMap((turn): [string, string][] => (turn.kind === 'text' ? [[turn.role, turn.text]] : []));
}

/** One thing that a client tells the model, and how it is seen that the model was told. */
interface Told {
  name: string;
  requirement: string;
  source: string;
  level?: Check['level'];
  clients?: Check['clients'];
  upstreams?: Check['upstreams'];
  prompt: Partial<Prompt>;
  judge(t: Trial, model: ToldModel): void;
}

const UNICODE = 'naïve 你好 🙂 "quoted" \\ back\nnew line\ttab';

const CALL = { id: 'call_made_up_1', name: WEATHER_TOOL.name, arguments: { city: 'Åre "x"\n' }, output: '7 degrees' };
const SECOND = { id: 'call_made_up_2', name: WEATHER_TOOL.name, arguments: { city: 'Rome' }, output: '21 degrees' };

const TOLD: readonly Told[] = [
  {
    name: 'text',
    requirement: "The user's text arrives as the user's text, character by character.",
    source: 'whatever the protocol: measured on fifteen gateways',
    prompt: { text: UNICODE },
    judge(t, { turns }) {
      const [role, text] = textsOf(turns).at(-1) ?? ['nobody', ''];
      t.expect(role === 'user' && text.includes(UNICODE), `the last text is ${role}'s: ${JSON.stringify(text)}`, UP);
    },
  },
  {
    name: 'system',
    requirement: 'Instructions arrive as instructions, and not as something that the user said.',
    source:
      'OpenAI and Anthropic: system texts have another weight; measured: developer texts dropped or given to the user',
    prompt: { system: 'Answer in rhymes, made-up rule 17.' },
    judge(t, { system, turns }) {
      t.expect(system.includes('made-up rule 17'), `the instructions are ${startOfJson(system, 200)}`, UP);
      const user = textsOf(turns).filter(([role, text]) => role === 'user' && text.includes('made-up rule 17'));
      t.expect(user.length === 0, 'the instructions stand in what the user said', UP);
    },
  },
  {
    name: 'history',
    requirement: 'What was said before arrives in order, each text with who said it.',
    source: 'whatever the protocol',
    prompt: {
      before: [
        { role: 'user', text: 'first of the user' },
        { role: 'assistant', text: 'first of the model' },
        { role: 'user', text: 'second of the user' },
        { role: 'assistant', text: 'second of the model' },
      ],
    },
    judge(t, { turns }) {
      const said = textsOf(turns).filter(([, text]) => /^(?:first|second) of/.test(text));
      const due = [
        ['user', 'first of the user'],
        ['assistant', 'first of the model'],
        ['user', 'second of the user'],
        ['assistant', 'second of the model'],
      ];
      t.expectSame(said, due, 'the history is not the same', UP);
    },
  },
  {
    name: 'image',
    requirement: 'An image arrives as an image, with its bytes.',
    source: 'Codex sends screenshots and files as data URLs',
    prompt: { image: PNG },
    judge(t, { turns }) {
      const images = turns.filter((turn) => turn.kind === 'image');
      t.expectSame(images, [{ kind: 'image', data: PNG }], 'the image is not the same', UP);
    },
  },
  {
    name: 'tools',
    requirement: 'Every tool arrives under its name, with its parameters.',
    source: 'measured: gateways that keep 7 of 12 tools',
    prompt: { tools: [WEATHER_TOOL, { ...WEATHER_TOOL, name: 'get_time' }] },
    judge(t, { tools }) {
      t.expectSame(tools.map(({ name }) => name).sort(), ['get_time', 'get_weather'], 'the tools are not the same', UP);
      const sent = Object.keys(WEATHER_TOOL.parameters.properties as object).sort();
      for (const { name, parameters } of tools) {
        const got = Object.keys((parameters as { properties?: object } | undefined)?.properties ?? {}).sort();
        t.expectSame(got, sent, `the parameters of ${name} are not the same`, UP);
      }
    },
  },
  {
    name: 'no-invented-tools',
    requirement: 'No tool arrives that the client did not offer.',
    source: 'measured: image_generation and dummy tools that no client asked for',
    prompt: {},
    judge(t, { tools }) {
      t.expectSame(tools, [], 'there are tools', UP);
    },
  },
  {
    name: 'call-and-result',
    requirement: 'A call arrives with its name and arguments, and its result after it, under the same id.',
    source: 'whatever the protocol; a result without its call is refused by every provider',
    prompt: { tools: [WEATHER_TOOL], calls: [CALL] },
    judge(t, { turns }) {
      const call = turns.find((turn) => turn.kind === 'call');
      const result = turns.find((turn) => turn.kind === 'result');
      t.expectSame(call && [call.name, call.arguments], [CALL.name, CALL.arguments], 'the call is not the same', UP);
      t.expect(result?.text === CALL.output, `the result says ${JSON.stringify(result?.text)}`, UP);
      t.expect(
        call !== undefined && call.id === result?.id,
        `the call is ${call?.id} and the result is for ${result?.id}`,
        UP,
      );
    },
  },
  {
    name: 'parallel-calls',
    requirement:
      'Two calls of one answer arrive in order, each with its result, and every result has its call before it.',
    source: 'Codex runs calls side by side; measured: gateways that mix them up or give both the index 0',
    prompt: { tools: [WEATHER_TOOL], calls: [CALL, SECOND] },
    judge(t, { turns }) {
      const calls = turns.filter((turn) => turn.kind === 'call');
      const results = turns.filter((turn) => turn.kind === 'result');
      t.expectSame(
        calls.map((call) => call.arguments),
        [CALL.arguments, SECOND.arguments],
        'the calls are not the same',
        UP,
      );
      // Results may stand in any order, each under the id of its call.
      t.expectSame(
        calls.map(({ id }) => results.filter((result) => result.id === id).map(({ text }) => text)),
        [[CALL.output], [SECOND.output]],
        'the results are not those of these calls',
        UP,
      );
      for (const { id } of results) {
        const before = turns.findIndex((turn) => turn.kind === 'call' && turn.id === id);
        const at = turns.findIndex((turn) => turn.kind === 'result' && turn.id === id);
        t.expect(before >= 0 && before < at, `the result for ${id} has no call before it`, UP);
      }
    },
  },
  {
    name: 'max-tokens',
    requirement: 'The limit of the answer arrives.',
    source: 'a limit that is lost costs money; measured: dropped by one gateway on all three routes',
    level: 'should',
    prompt: { maxTokens: 1234 },
    judge(t, { maxTokens }) {
      t.expectSame(maxTokens, 1234, 'the limit is another one', UP);
    },
  },
  {
    name: 'temperature',
    requirement: 'The temperature arrives.',
    source: 'API references; the Messages API has none (@anthropic-ai/sdk 1.11.0)',
    level: 'should',
    clients: ['responses', 'chat'],
    upstreams: ['responses', 'chat'],
    prompt: { more: { temperature: 0.5 } },
    judge(t, { temperature }) {
      t.expectSame(temperature, 0.5, 'the temperature is another one', UP);
    },
  },
  {
    name: 'stream',
    requirement: 'A stream is asked for as a stream.',
    source: 'measured: gateways that ask for a document and cut it up afterwards',
    prompt: { stream: true },
    judge(t, { stream }) {
      t.expect(stream, 'the provider was asked for a document', UP);
    },
  },
  {
    name: 'string-input',
    requirement: 'Input that is a plain string arrives like any other.',
    source: 'Responses API, `input`; measured: `messages: []` and a 200',
    clients: ['responses'],
    prompt: {},
    judge(t, { turns }) {
      t.expect(
        textsOf(turns).some(([role, text]) => role === 'user' && text.includes(t.marker)),
        'the text of the user is lost',
        UP,
      );
    },
  },
];

const SCHEMA = {
  type: 'object',
  properties: { answer: { type: 'string' } },
  required: ['answer'],
  additionalProperties: false,
};

/** How each client asks for an answer that fits a schema. */
const STRUCTURED = {
  responses: { text: { format: { type: 'json_schema', name: 'made_up', strict: true, schema: SCHEMA } } },
  chat: { response_format: { type: 'json_schema', json_schema: { name: 'made_up', strict: true, schema: SCHEMA } } },
  messages: { output_config: { format: { type: 'json_schema', schema: SCHEMA } } },
} as const;

export const TRANSLATED_REQUEST_CHECKS: readonly Check[] = [
  ...TOLD.map(
    ({ name, requirement, source, level = 'must', clients = EVERY_CLIENT, upstreams, prompt, judge }): Check => ({
      id: `translate.request.${name}`,
      revision: 2,
      requirement,
      source,
      level,
      profiles: ALL_CLIENTS,
      needs: 'upstream',
      clients,
      ...(upstreams ? { upstreams } : {}),
      async run(t) {
        const asked = name === 'string-input' ? { more: { input: `Say something. [${t.marker}]` } } : prompt;
        judge(t, await told(t, asked));
      },
    }),
  ),
  {
    id: 'translate.request.schema',
    revision: 1,
    requirement: 'The schema that an answer has to fit arrives.',
    source: 'structured output of all three APIs; measured: dropped by four gateways',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const { schema } = await told(t, { more: STRUCTURED[t.protocol] });
      t.expectSame(
        (schema as typeof SCHEMA | undefined)?.properties,
        SCHEMA.properties,
        'the schema is another one',
        UP,
      );
    },
  },
  {
    id: 'translate.request.strict',
    revision: 1,
    requirement: 'A provider that takes only what its API has takes what the gateway sends.',
    source: "schemas generated from the official SDKs' types; OpenAI and Anthropic refuse unknown fields with 400",
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    pair: 'translated',
    async run(t) {
      await told(t, { system: 'Be short.', tools: [WEATHER_TOOL], calls: [CALL], image: PNG, maxTokens: 500 });
    },
  },
];
