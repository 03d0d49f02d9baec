import type { CodexVerdict } from '../../../oracle/codex/types.ts';
import { errorText } from '../../../protocols/errors.ts';
import type { Protocol } from '../../../util/types.ts';
import type { Level } from '../../check.ts';
import { type Prompt, WEATHER_TOOL } from '../../harness/prompt.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { StreamEvent } from '../../provider/events.ts';
import type { ScriptedTurn } from '../../provider/responses.ts';
import type { Answer, AnswerContext, ReceivedRequest } from '../../script.ts';
import { findTool } from '../responses/offered.ts';
import { MESSAGE, REFUSAL_BEHAVIOURS } from './refusals.ts';

type Json = Record<string, unknown>;

/** Something that a provider does, in whatever protocol it is asked. */
export interface Behaviour {
  name: string;
  what: string;
  says(request: ReceivedRequest, context: AnswerContext): Answer;
  prompt?: Partial<Prompt>;
  /** A tool that takes plain text, and must be offered so. */
  text?: string;
  /** Only a stream can do it. */
  inStream?: true;
  /** What of it is in the way of other checks. */
  provokes?: true;
  upstreams?: readonly Protocol[];
  /** What Codex may do as well with what the gateway makes of it. */
  also?: readonly CodexVerdict['action'][];
  words?: string;
  pauseMs?: number;
  level?: Level;
}

const TEXT = 'alpha bravo charlie delta echo foxtrot';
const CALL = { type: 'function_call', name: WEATHER_TOOL.name, arguments: { city: 'Åre "x"\n', unit: 'C' } } as const;
const WEATHER = { tools: [WEATHER_TOOL] };
const PATCH = '*** Begin Patch\n*** Add File: a.txt\n+naïve "你好"\n*** End Patch';
const PATCH_TOOL = { type: 'custom', name: 'apply_patch', description: 'Changes files.', format: { type: 'text' } };

/** Of every kind that Codex offers: a gateway that passes functions through may convert the others, and fail otherwise. */
const CODEX_TOOLS = [
  { type: 'function', strict: false, ...WEATHER_TOOL },
  PATCH_TOOL,
  {
    ...{ type: 'namespace', name: 'mcp__calc', description: 'A calculator.' },
    tools: [{ type: 'function', strict: false, ...WEATHER_TOOL, name: 'add' }],
  },
];

const says = (turn: ScriptedTurn) => answerItems(turn);
const message = (text: string) => ({ type: 'message', text }) as const;

/** A patch as the provider can say it: where it has functions alone, with the property that the gateway offered it. */
function sayPatch(request: ReceivedRequest, context: AnswerContext): Answer {
  if (request.protocol === 'responses')
    return says({ items: [{ type: 'custom_tool_call', name: 'apply_patch', input: PATCH }] })(request, context);
  const found = findTool(request.json ?? {}, 'apply_patch');
  const args = { [found?.text ?? 'input']: PATCH };
  const call = { type: 'function_call', name: found?.name ?? 'apply_patch', arguments: args } as const;
  return says({ items: [call] })(request, context);
}

/** The events of an answer, changed; a document as it is. */
function change(turn: ScriptedTurn, how: (events: readonly StreamEvent[], protocol: Protocol) => Answer) {
  return (request: ReceivedRequest, context: AnswerContext): Answer => {
    const answer = says(turn)(request, context);
    return answer.kind === 'events' ? how(answer.events, request.protocol ?? 'responses') : answer;
  };
}

/** An answer with a change made to the JSON of each of its events, or to its document. */
function changeEach(turn: ScriptedTurn, how: (data: object, protocol: Protocol) => object) {
  return (request: ReceivedRequest, context: AnswerContext): Answer => {
    const protocol = request.protocol ?? 'responses';
    const change = (data: string | object) => (typeof data === 'string' ? data : how(data, protocol));
    const answer = says(turn)(request, context);
    if (answer.kind === 'body') return { ...answer, body: change(answer.body) };
    if (answer.kind !== 'events') return answer;
    return { ...answer, events: answer.events.map((event) => ({ ...event, data: change(event.data) })) };
  };
}

function holds({ data }: StreamEvent, text: string): boolean {
  return (typeof data === 'string' ? data : JSON.stringify(data)).includes(text);
}

/** By what the end of an answer begins. */
const ENDS: Record<Protocol, RegExp> = {
  responses: /"response\.completed"/,
  chat: /"finish_reason":"/,
  messages: /"message_delta"/,
};

function endOf(events: readonly StreamEvent[], protocol: Protocol): number {
  return events.findIndex(({ data }) => ENDS[protocol].test(JSON.stringify(data)));
}

/** The places at which a stream may break off, as the number of events that still come. */
const CUTS: readonly {
  name: string;
  what: string;
  turn: ScriptedTurn;
  at(events: readonly StreamEvent[], protocol: Protocol): number;
}[] = [
  { name: 'at-once', what: 'breaks off after its first event', turn: { items: [message(TEXT)] }, at: () => 1 },
  {
    name: 'mid-text',
    what: 'breaks off in the middle of a text',
    turn: { items: [message(TEXT)] },
    at: (events) => events.findIndex((event) => holds(event, 'charlie')) + 1,
  },
  {
    name: 'mid-call',
    what: 'breaks off in the middle of the arguments of a call',
    turn: { items: [CALL] },
    at: (events) => events.findIndex((event) => holds(event, 'city')) + 1,
  },
  {
    name: 'before-end',
    what: 'breaks off after a whole text, before its end',
    turn: { items: [message(TEXT)] },
    at: endOf,
  },
];

const CUT_BEHAVIOURS = CUTS.flatMap(({ name, what, turn, at }): Behaviour[] =>
  (['end', 'reset'] as const).map((ending) => ({
    name: `truncated-${name}-${ending === 'end' ? 'cleanly' : 'by-reset'}`,
    what: `an answer that ${what}${ending === 'reset' ? ' by a reset' : ''}`,
    says: change(turn, (events, protocol) => ({
      kind: 'events',
      events: events.slice(0, at(events, protocol)),
      ending,
    })),
    prompt: { more: { tools: CODEX_TOOLS } },
    inStream: true,
    provokes: true,
  })),
);

/** Errors of `response.failed`, for which no other protocol has a word in a stream. */
const FAILURES: readonly { name: string; error: Json | null }[] = [
  { name: 'context-length', error: { code: 'context_length_exceeded', message: MESSAGE } },
  { name: 'quota', error: { code: 'insufficient_quota', message: MESSAGE } },
  { name: 'invalid-prompt', error: { code: 'invalid_prompt', message: MESSAGE } },
  { name: 'overloaded', error: { code: 'server_is_overloaded', message: MESSAGE } },
  { name: 'rate-limit', error: { code: 'rate_limit_exceeded', message: `${MESSAGE}: try again in 1.2s` } },
  { name: 'server-error', error: { code: 'server_error', message: MESSAGE } },
  { name: 'no-error', error: null },
];

/** The events up to the middle of the text, and then this one with the response of the first. */
function failWith(type: string, fields: Json) {
  return change({ items: [message(TEXT)] }, (events) => {
    const half = events.slice(0, events.findIndex((event) => holds(event, 'charlie')) + 1);
    const { response } = events[0]!.data as { response: Json };
    const data = { type, sequence_number: half.length, response: { ...response, ...fields } };
    return { kind: 'events', events: [...half, { event: type, data }] };
  });
}

const FAILURE_BEHAVIOURS = FAILURES.map(
  ({ name, error }): Behaviour => ({
    name: `failed-${name}`,
    what: `response.failed with ${error ? error.code : 'no error'}`,
    says: failWith('response.failed', { status: 'failed', error }),
    words: MESSAGE,
    upstreams: ['responses'],
    inStream: true,
    provokes: true,
  }),
);

/** How each protocol says that an answer is not whole. */
const STOPS: Record<'length' | 'filter', Record<Protocol, string>> = {
  length: { responses: 'max_output_tokens', chat: 'length', messages: 'max_tokens' },
  filter: { responses: 'content_filter', chat: 'content_filter', messages: 'refusal' },
};

/** A text that ends so. */
export function stopBy(reason: keyof typeof STOPS) {
  const text = { items: [message(TEXT)] };
  const incomplete = { status: 'incomplete', incomplete_details: { reason: STOPS[reason].responses } };
  const inStream = failWith('response.incomplete', incomplete);
  const elsewhere = changeEach(text, (data, protocol) => {
    if (protocol === 'responses') return { ...data, ...incomplete };
    const stop = `"$1":"${STOPS[reason][protocol]}"`;
    return JSON.parse(JSON.stringify(data).replace(/"(finish_reason|stop_reason)":"\w+"/, stop)) as object;
  });
  return (request: ReceivedRequest, context: AnswerContext): Answer => {
    const streamed = request.protocol === 'responses' && request.json?.stream === true;
    return (streamed ? inStream : elsewhere)(request, context);
  };
}

/** A usage as some providers tell it: `undefined` none at all. */
function tellUsage(edit: (usage: Json) => Json | null | undefined) {
  return changeEach({ items: [message(TEXT)] }, (data) => editUsage(data, edit));
}

function editUsage(data: object, edit: (usage: Json) => Json | null | undefined): object {
  return JSON.parse(
    JSON.stringify(data, (key, value) => (key === 'usage' && value !== null ? edit(value as Json) : value)),
  ) as object;
}

const PLAIN: readonly Behaviour[] = [
  { name: 'text', what: 'a text', says: says({ items: [message(TEXT)] }) },
  { name: 'call', what: 'a call of a function', says: says({ items: [CALL] }), prompt: WEATHER },
  {
    name: 'parallel-calls',
    what: 'two calls of one answer',
    says: says({ items: [CALL, { ...CALL, arguments: { city: 'Rome' } }] }),
    prompt: WEATHER,
  },
  {
    name: 'apply-patch',
    what: 'a patch by a custom tool',
    text: 'apply_patch',
    says: sayPatch,
    prompt: { more: { tools: [PATCH_TOOL] } },
  },
  {
    name: 'reasoning-and-text',
    what: 'thoughts and a text',
    says: says({ items: [{ type: 'reasoning', summary: 'A made-up thought.' }, message(TEXT)] }),
  },
  { name: 'text-and-call', what: 'a text and a call', says: says({ items: [message(TEXT), CALL] }), prompt: WEATHER },
  {
    name: 'image',
    what: 'a text about an image',
    says: says({ items: [message(TEXT)] }),
    prompt: {
      image: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    },
  },
  {
    name: 'after-tool',
    what: 'a text after the output of a tool',
    says: says({ items: [message(TEXT)] }),
    prompt: {
      ...WEATHER,
      calls: [{ id: 'call_made_up', name: WEATHER_TOOL.name, arguments: { city: 'Rome' }, output: '21 degrees' }],
    },
  },
  // Messages has no answer without usage.
  {
    name: 'no-usage',
    what: 'an answer without usage',
    says: tellUsage(() => undefined),
    upstreams: ['responses', 'chat'],
  },
  {
    name: 'usage-without-details',
    what: 'an answer whose usage has no details',
    upstreams: ['responses', 'chat'],
    says: tellUsage((usage) => Object.fromEntries(Object.entries(usage).filter(([name]) => !/_details$/.test(name)))),
  },
  {
    name: 'summary',
    what: 'a summary of the conversation, asked for without tools',
    says: says({ items: [message(TEXT)] }),
    prompt: { text: 'Summarise the conversation.', more: { tools: [], parallel_tool_calls: false } },
  },
  {
    name: 'error-with-200',
    what: 'an error with the status 200',
    says: ({ protocol }) => ({
      ...{ kind: 'body', status: 200 },
      body: errorText(protocol, { status: 500, code: 'server_error', message: MESSAGE }),
    }),
    provokes: true,
    also: ['fail'],
  },
  {
    name: 'nothing',
    what: 'an answer without any output',
    says: says({ items: [] }),
    also: ['fail', 'retry'],
  },
  { name: 'cut-by-length', what: 'an answer that is cut at its greatest length', says: stopBy('length') },
  { name: 'cut-by-filter', what: 'an answer that a filter has cut', says: stopBy('filter') },
];

/** What a provider may do, and Codex has been seen to deal with. */
export const BEHAVIOURS: readonly Behaviour[] = [
  ...PLAIN,
  ...CUT_BEHAVIOURS,
  ...REFUSAL_BEHAVIOURS,
  ...FAILURE_BEHAVIOURS,
];
