import { cutIntoDeltas, namedEvents, type StreamEvent } from './events.ts';
import type { SpokenCall } from './items.ts';
import type { Mint } from './mint.ts';

/** What the scripted model says in Messages: its thoughts, a text, tool uses. */
export interface MessagesTurn {
  thinking?: string;
  text?: string;
  calls?: readonly SpokenCall[];
  /** Tokens; the default is a small number of each. */
  usage?: { input: number; output: number };
}

const DEFAULT_USAGE = { input: 20, output: 8 };

/** Proves to the provider that the thoughts are its own; a client must send it back unchanged. */
export const SIGNATURE = 'EqtapedeckSignatureOfThoughts==';

function usage(input_tokens: number, output_tokens: number) {
  return {
    input_tokens,
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

/** A block as it is done, as it starts, and the deltas between. */
interface Block {
  done: object;
  start: object;
  deltas: object[];
}

function blocksOf({ thinking, text, calls = [] }: MessagesTurn, mint: Mint): Block[] {
  const blocks: Block[] = [];
  if (thinking !== undefined) blocks.push(thinkingBlock(thinking));
  if (text !== undefined) blocks.push(textBlock(text));
  return [...blocks, ...calls.map((call) => toolBlock(call, mint))];
}

function thinkingBlock(thinking: string): Block {
  const block = { type: 'thinking', thinking, signature: SIGNATURE };
  return {
    done: block,
    start: { ...block, thinking: '', signature: '' },
    deltas: [
      ...cutIntoDeltas(thinking).map((part) => ({ type: 'thinking_delta', thinking: part })),
      { type: 'signature_delta', signature: SIGNATURE },
    ],
  };
}

function textBlock(text: string): Block {
  const block = { type: 'text', text, citations: null };
  const deltas = cutIntoDeltas(text).map((part) => ({ type: 'text_delta', text: part }));
  return { done: block, start: { ...block, text: '' }, deltas };
}

function toolBlock(call: SpokenCall, mint: Mint): Block {
  const { name, arguments: input } = call;
  const block = { type: 'tool_use', id: mint.id('toolu'), name, input, caller: { type: 'direct' } };
  const deltas = cutInput(input).map((partial_json) => ({ type: 'input_json_delta', partial_json }));
  return { done: block, start: { ...block, input: {} }, deltas };
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
    usage: usage(0, 0),
    ...rest,
  };
}

function stopReason({ calls = [] }: MessagesTurn): string {
  return calls.length > 0 ? 'tool_use' : 'end_turn';
}

/** The message of a request without `stream`. */
export function messagesObject(turn: MessagesTurn, model: string, mint: Mint): object {
  const { input, output } = turn.usage ?? DEFAULT_USAGE;
  const content = blocksOf(turn, mint).map(({ done }) => done);
  return messageObject(model, { content, stop_reason: stopReason(turn), usage: usage(input, output) }, mint);
}

/** The events of a stream: message_start, the blocks one after the other, message_delta, message_stop. */
export function messagesEvents(turn: MessagesTurn, model: string, mint: Mint): StreamEvent[] {
  const { input, output } = turn.usage ?? DEFAULT_USAGE;
  const all = usage(input, output);
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = all;
  const counted = { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens };
  return namedEvents([
    { type: 'message_start', message: messageObject(model, { usage: usage(input, 1) }, mint) },
    ...blocksOf(turn, mint).flatMap(blockEvents),
    {
      type: 'message_delta',
      delta: { container: null, stop_details: null, stop_reason: stopReason(turn), stop_sequence: null },
      usage: { ...counted, output_tokens_details: null, server_tool_use: null },
    },
    { type: 'message_stop' },
  ]);
}

/** The first block has a ping after its start, as the API's own streams do. */
function blockEvents({ start, deltas }: Block, index: number): { type: string; [field: string]: unknown }[] {
  return [
    { type: 'content_block_start', index, content_block: start },
    ...(index === 0 ? [{ type: 'ping' }] : []),
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

/** Two halves, the first delta empty as the API sends it. */
function cutInput(input: Record<string, unknown>): string[] {
  const text = JSON.stringify(input);
  const half = Math.ceil(text.length / 2);
  return ['', text.slice(0, half), text.slice(half)];
}

/** The answer of `POST /messages/count_tokens`. */
export function countTokensObject(): object {
  return { input_tokens: DEFAULT_USAGE.input };
}
