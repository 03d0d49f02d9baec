import { cutIntoDeltas, namedEvents, type StreamEvent } from './events.ts';
import type { Mint } from './mint.ts';

/** What the scripted model says in Messages: a text or one tool use. */
export type MessagesTurn = { text: string } | { tool: string; input: Record<string, unknown> };

const INPUT_TOKENS = 20;
const OUTPUT_TOKENS = 8;

function usage(output_tokens: number) {
  return {
    input_tokens: INPUT_TOKENS,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    inference_geo: null,
    output_tokens,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    speed: null,
  };
}

function block(turn: MessagesTurn, mint: Mint): object {
  if ('text' in turn) return { type: 'text', text: turn.text, citations: null };
  return { type: 'tool_use', id: mint.id('toolu'), name: turn.tool, input: turn.input, caller: { type: 'direct' } };
}

function messageObject(model: string, rest: object, mint: Mint): object {
  return {
    id: mint.id('msg'),
    type: 'message',
    role: 'assistant',
    model,
    container: null,
    content: [],
    diagnostics: null,
    stop_details: null,
    stop_reason: null,
    stop_sequence: null,
    usage: usage(0),
    ...rest,
  };
}

function stopReason(turn: MessagesTurn): string {
  return 'text' in turn ? 'end_turn' : 'tool_use';
}

/** The message of a request without `stream`. */
export function messagesObject(turn: MessagesTurn, model: string, mint: Mint): object {
  const rest = { content: [block(turn, mint)], stop_reason: stopReason(turn), usage: usage(OUTPUT_TOKENS) };
  return messageObject(model, rest, mint);
}

/** The events of a stream: message_start, one block with a ping after its start, message_delta, message_stop. */
export function messagesEvents(turn: MessagesTurn, model: string, mint: Mint): StreamEvent[] {
  const said = 'text' in turn;
  const empty = said ? { ...block(turn, mint), text: '' } : { ...block(turn, mint), input: {} };
  const deltas = said
    ? cutIntoDeltas(turn.text).map((text) => ({ type: 'text_delta', text }))
    : cutInput(turn.input).map((partial_json) => ({ type: 'input_json_delta', partial_json }));
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = usage(OUTPUT_TOKENS);
  const counted = { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens };
  return namedEvents([
    { type: 'message_start', message: messageObject(model, { usage: usage(1) }, mint) },
    { type: 'content_block_start', index: 0, content_block: empty },
    { type: 'ping' },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index: 0, delta })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { container: null, stop_details: null, stop_reason: stopReason(turn), stop_sequence: null },
      usage: { ...counted, output_tokens_details: null, server_tool_use: null },
    },
    { type: 'message_stop' },
  ]);
}

/** Two halves, the first delta empty as the API sends it. */
function cutInput(input: Record<string, unknown>): string[] {
  const text = JSON.stringify(input);
  const half = Math.ceil(text.length / 2);
  return ['', text.slice(0, half), text.slice(half)];
}

/** The answer of `POST /messages/count_tokens`. */
export function countTokensObject(): object {
  return { input_tokens: INPUT_TOKENS };
}
