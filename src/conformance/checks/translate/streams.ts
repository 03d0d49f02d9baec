import type { Protocol } from '../../../util/types.ts';
import type { Check } from '../../check.ts';
import { WEATHER_TOOL } from '../../harness/prompt.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { StreamEvent } from '../../provider/events.ts';
import { tellEnding } from '../shared/words.ts';
import { DOWN, parsed, TRANSLATED } from './told.ts';

type Json = Record<string, unknown>;

const TEXT = 'I look it up.';
const ARGUMENTS = { city: 'Åre "x"\n' };
const USAGE = { input: 1234, output: 56 };

/** The same answer as another provider of the protocol streams it. */
export interface Manner {
  name: string;
  upstream: Protocol;
  requirement: string;
  source: string;
  level?: Check['level'];
  /** It is about the usage, which other checks judge otherwise. */
  counts?: true;
  rewrite(events: readonly StreamEvent[]): StreamEvent[];
}

function dataOf({ data }: StreamEvent): Json | undefined {
  return typeof data === 'string' ? undefined : (data as Json);
}

/** Changes the data of every event but `[DONE]`; undefined leaves the event out. */
function each(events: readonly StreamEvent[], change: (data: Json) => Json | undefined): StreamEvent[] {
  return events.flatMap((event) => {
    const data = dataOf(event);
    if (!data) return [event];
    const after = change(structuredClone(data));
    return after ? [{ ...event, data: after }] : [];
  });
}

interface Choice {
  delta: { tool_calls?: { index?: number; function: Json }[]; content?: string | null } & Json;
  finish_reason: string | null;
}

function choiceOf(data: Json): Choice | undefined {
  return (data.choices as Choice[] | undefined)?.[0];
}

/** The usage of the last chunk, which has no choice. */
function usageOf(events: readonly StreamEvent[]): unknown {
  return events.map(dataOf).find((data) => data && !choiceOf(data))?.usage;
}

const CHAT: readonly Omit<Manner, 'upstream'>[] = [
  {
    name: 'end-with-last-delta',
    requirement: 'The reason of the end may stand in the chunk of the last delta.',
    source: 'Chat Completions API reference, chunks: nothing says that it stands alone; Gemini, Ollama',
    rewrite(events) {
      const last = events.findLastIndex((event) => choiceOf(dataOf(event) ?? {})?.delta.tool_calls);
      return each(events, (data) => {
        const choice = choiceOf(data);
        if (choice?.finish_reason) return undefined;
        if (choice && JSON.stringify(data) === JSON.stringify(events[last]?.data)) choice.finish_reason = 'tool_calls';
        return data;
      });
    },
  },
  {
    name: 'usage-with-end',
    requirement: 'The usage may stand in the chunk of the end, with no chunk behind it.',
    source: 'DeepSeek and Mistral: the last chunk with a choice has the usage',
    counts: true,
    rewrite(events) {
      const usage = usageOf(events);
      return each(events, (data) => {
        const choice = choiceOf(data);
        if (!choice) return undefined;
        return choice.finish_reason ? { ...data, usage } : data;
      });
    },
  },
  {
    name: 'usage-everywhere',
    requirement: 'A usage in every chunk is the count so far, and not one more.',
    source: 'vLLM with continuous_usage_stats, xAI; measured: doubled numbers',
    counts: true,
    rewrite(events) {
      const usage = usageOf(events);
      return each(events, (data) => ({ ...data, usage }));
    },
  },
  {
    name: 'call-in-one-chunk',
    requirement: 'A call may come whole in one chunk.',
    source: 'Ollama, Gemini: id, name and arguments in one delta',
    rewrite(events) {
      const whole = events.flatMap((event) => choiceOf(dataOf(event) ?? {})?.delta.tool_calls ?? []);
      const text = whole.map((call) => call.function.arguments).join('');
      return each(events, (data) => {
        const call = choiceOf(data)?.delta.tool_calls?.[0];
        if (!call) return data;
        if (call.function.name === undefined) return undefined;
        call.function.arguments = text;
        return data;
      });
    },
  },
  {
    name: 'chunk-without-choices',
    requirement: 'A chunk without choices before the answer does no harm.',
    source: 'Azure OpenAI: the first chunk has the results of the filter, and `choices: []`',
    rewrite: ([first, ...rest]) => [
      { data: { ...dataOf(first!), choices: [], usage: null, prompt_filter_results: [] } },
      first!,
      ...rest,
    ],
  },
  {
    name: 'role-everywhere',
    requirement: 'The role and an empty text in every delta do no harm.',
    source: 'vLLM, SGLang and others: `role: assistant` and `content: ""` stand in each delta',
    rewrite: (events) =>
      each(events, (data) => {
        const choice = choiceOf(data);
        if (choice) choice.delta = { role: 'assistant', content: '', ...choice.delta };
        return data;
      }),
  },
];

const MESSAGES: readonly Omit<Manner, 'upstream'>[] = [
  {
    name: 'input-at-the-start',
    requirement: 'The tokens of the input may be told at the start alone.',
    source: 'Messages API reference: `message_delta` needs no more than `output_tokens`; measured: an input of 0',
    counts: true,
    rewrite: (events) =>
      each(events, (data) => {
        if (data.type === 'message_delta') data.usage = { output_tokens: (data.usage as Json).output_tokens };
        return data;
      }),
  },
  {
    name: 'unknown-event',
    requirement: 'An event of a type that is not known does no harm.',
    source: "Anthropic's versioning policy: new types of events may be added",
    rewrite: ([first, ...rest]) => [first!, { event: 'made_up', data: { type: 'made_up', index: 0 } }, ...rest],
  },
  {
    name: 'two-texts',
    requirement: 'Two blocks of text are one text.',
    source: 'Messages API: citations and searches cut a text into blocks; measured: the second one lost',
    rewrite(events) {
      const at = events.findIndex((event) => (dataOf(event)?.delta as Json | undefined)?.text === ' look');
      const cut = [
        { type: 'content_block_stop', index: 0 },
        { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '', citations: null } },
      ].map((data) => ({ event: data.type, data }));
      const later = each(events.slice(at), (data) =>
        typeof data.index === 'number' ? { ...data, index: data.index + 1 } : data,
      );
      return [...events.slice(0, at), ...cut, ...later];
    },
  },
];

const RESPONSES: readonly Omit<Manner, 'upstream'>[] = [
  {
    name: 'no-output-at-the-end',
    requirement: 'Items that were told one by one need not stand in the last event once more.',
    source:
      "ChatGPT's backend, captured: `output: []` in response.completed; Codex reads the items from their own events",
    rewrite: (events) =>
      each(events, (data) => {
        if (data.type === 'response.completed') (data.response as Json).output = [];
        return data;
      }),
  },
  {
    name: 'unknown-event',
    requirement: 'An event of a type that is not known does no harm.',
    source: 'Open Responses specification, extensions; Codex ignores what it does not know',
    rewrite([first, ...rest]) {
      const data = { type: 'made_up:event', sequence_number: 0, note: 'made up' };
      return [first!, { event: data.type, data }, ...rest];
    },
  },
];

/** Each manner of streaming, for every provider. */
export const MANNERS: readonly Manner[] = [
  ...CHAT.map((one) => ({ ...one, upstream: 'chat' as const })),
  ...MESSAGES.map((one) => ({ ...one, upstream: 'messages' as const })),
  ...RESPONSES.map((one) => ({ ...one, upstream: 'responses' as const })),
];

/** Streams as providers differ in them, which a translation has to read all the same. */
export const TRANSLATED_STREAM_CHECKS: readonly Check[] = MANNERS.map(
  ({ name, upstream, requirement, source, level = 'should', counts = false, rewrite }): Check => ({
    ...TRANSLATED,
    id: `translate.stream.${upstream}-${name}`,
    requirement,
    source,
    level,
    upstreams: [upstream],
    async run(t) {
      const call = { type: 'function_call', name: WEATHER_TOOL.name, arguments: ARGUMENTS } as const;
      t.upstream.answer((request, context) => {
        const items = [{ type: 'message' as const, text: TEXT }, call];
        const answer = answerItems({ items, usage: USAGE })(request, context);
        return answer.kind === 'events' ? { ...answer, events: rewrite(answer.events) } : answer;
      });
      const said = await t.ask({ tools: [WEATHER_TOOL] });
      t.expectSame(said.text, TEXT, 'the text is not the same', DOWN);
      const calls = said.toolCalls.map(({ name: called, arguments: text }) => [called, parsed(text)]);
      t.expectSame(calls, [[call.name, ARGUMENTS]], 'the calls are not the same', DOWN);
      t.expect(said.ending === 'calls', `the answer ${tellEnding(said.ending)}`, DOWN);
      if (!counts) return;
      const asked = JSON.stringify(t.sentUp().stream_options ?? {}).includes('true');
      if (upstream === 'chat' && !asked)
        return t.stop('inconclusive', 'the gateway asks for no usage; translate.answer.usage-stream says so');
      const { input, output } = said.usage ?? {};
      t.expectSame({ input, output }, USAGE, 'the tokens are not the same', DOWN);
    },
  }),
);
