import { cutIntoDeltas, type StreamEvent } from './events.ts';
import type { Mint } from './mint.ts';

/** What the scripted model says in Chat Completions: a text or one tool call. */
export type ChatTurn = { text: string } | { tool: string; arguments: Record<string, unknown> };

const USAGE = {
  prompt_tokens: 20,
  completion_tokens: 8,
  total_tokens: 28,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

function toolCall(turn: { tool: string; arguments: Record<string, unknown> }, mint: Mint) {
  return {
    id: mint.id('call'),
    type: 'function',
    function: { name: turn.tool, arguments: JSON.stringify(turn.arguments) },
  };
}

/** The `chat.completion` object of a request without `stream`. */
export function chatObject(turn: ChatTurn, model: string, mint: Mint): object {
  const said = 'text' in turn;
  return {
    id: mint.id('chatcmpl'),
    object: 'chat.completion',
    created: mint.now(),
    model,
    choices: [
      {
        index: 0,
        message: said
          ? { role: 'assistant', content: turn.text, refusal: null, annotations: [] }
          : { role: 'assistant', content: null, refusal: null, annotations: [], tool_calls: [toolCall(turn, mint)] },
        logprobs: null,
        finish_reason: said ? 'stop' : 'tool_calls',
      },
    ],
    usage: USAGE,
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
    chunk({ role: 'assistant', content: 'text' in turn ? '' : null, refusal: null }),
    ...deltasOf(turn, mint).map((delta) => chunk(delta)),
    chunk({}, 'text' in turn ? 'stop' : 'tool_calls'),
    ...(includeUsage ? [{ data: { ...head, choices: [], usage: USAGE } }] : []),
    { data: '[DONE]' },
  ];
}

function deltasOf(turn: ChatTurn, mint: Mint): object[] {
  if ('text' in turn) return cutIntoDeltas(turn.text).map((content) => ({ content }));
  const call = toolCall(turn, mint);
  const text = call.function.arguments;
  const half = Math.ceil(text.length / 2);
  return [
    { tool_calls: [{ index: 0, ...call, function: { name: turn.tool, arguments: '' } }] },
    { tool_calls: [{ index: 0, function: { arguments: text.slice(0, half) } }] },
    { tool_calls: [{ index: 0, function: { arguments: text.slice(half) } }] },
  ];
}
