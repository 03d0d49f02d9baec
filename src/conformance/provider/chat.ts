import { cutIntoDeltas, type StreamEvent } from './events.ts';
import type { SpokenCall } from './items.ts';
import type { Mint } from './mint.ts';

/** What the scripted model says in Chat Completions. */
export interface ChatTurn {
  text?: string;
  /** Its thoughts, where providers of open models put them. */
  reasoning?: string;
  calls?: readonly SpokenCall[];
  /** Tokens; the default is a small number of each. */
  usage?: { input: number; output: number };
}

function usageOf({ usage = { input: 20, output: 8 } }: ChatTurn): object {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function toolCall(call: SpokenCall, mint: Mint) {
  const { name } = call;
  return { id: mint.id('call'), type: 'function', function: { name, arguments: JSON.stringify(call.arguments) } };
}

function finishOf({ calls = [] }: ChatTurn): string {
  return calls.length > 0 ? 'tool_calls' : 'stop';
}

/** The `chat.completion` object of a request without `stream`. */
export function chatObject(turn: ChatTurn, model: string, mint: Mint): object {
  const { text, reasoning, calls = [] } = turn;
  return {
    id: mint.id('chatcmpl'),
    object: 'chat.completion',
    created: mint.now(),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text ?? null,
          ...(reasoning === undefined ? {} : { reasoning_content: reasoning }),
          refusal: null,
          annotations: [],
          ...(calls.length > 0 ? { tool_calls: calls.map((call) => toolCall(call, mint)) } : {}),
        },
        logprobs: null,
        finish_reason: finishOf(turn),
      },
    ],
    usage: usageOf(turn),
  };
}

/** The chunks of a stream: role first, then deltas, the finish reason, usage if it was asked for, `[DONE]`. */
export function chatEvents(turn: ChatTurn, model: string, includeUsage: boolean, mint: Mint): StreamEvent[] {
  const head = { id: mint.id('chatcmpl'), object: 'chat.completion.chunk', created: mint.now(), model };
  // With include_usage every chunk before the last one carries `usage: null` (API reference, stream_options).
  const unused = includeUsage ? { usage: null } : {};
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    data: { ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...unused },
  });
  return [
    chunk({ role: 'assistant', content: turn.text === undefined ? null : '', refusal: null }),
    ...deltasOf(turn, mint).map((delta) => chunk(delta)),
    chunk({}, finishOf(turn)),
    ...(includeUsage ? [{ data: { ...head, choices: [], usage: usageOf(turn) } }] : []),
    { data: '[DONE]' },
  ];
}

function deltasOf({ text, reasoning, calls = [] }: ChatTurn, mint: Mint): object[] {
  return [
    ...cutIntoDeltas(reasoning ?? '').map((reasoning_content) => ({ reasoning_content })),
    ...cutIntoDeltas(text ?? '').map((content) => ({ content })),
    ...calls.flatMap((call, index) => callDeltas(toolCall(call, mint), index)),
  ];
}

function callDeltas(call: ReturnType<typeof toolCall>, index: number): object[] {
  const { name, arguments: text } = call.function;
  const half = Math.ceil(text.length / 2);
  return [
    { tool_calls: [{ index, ...call, function: { name, arguments: '' } }] },
    { tool_calls: [{ index, function: { arguments: text.slice(0, half) } }] },
    { tool_calls: [{ index, function: { arguments: text.slice(half) } }] },
  ];
}
