import { asArray, asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';
import { sealOpaque } from '../shared/opaque.ts';
import type { ItemEnd, ItemWriter } from '../shared/responses-items.ts';
import type { ResponsesWriter } from '../shared/responses-writer.ts';
import { openToolCall } from '../shared/tool-call.ts';
import type { BackContext } from '../types.ts';
import type { Searches } from './web-search.ts';

/** A content block of the provider's while it grows. */
export interface BlockReader {
  delta(delta: JsonObject): void;
  /** The block is over. */
  stop(): void;
  /** The message is over; only of blocks that wait for its end. */
  settle?(completed: boolean): void;
}

/** What the blocks of one message share. */
export interface BlockScope {
  context: BackContext;
  writer: ResponsesWriter;
  losses: Losses;
  searches: Searches;
  /** The message item that the next block of text goes on with. */
  message: OpenMessage | undefined;
}

export interface OpenMessage {
  item: ItemWriter;
  /** UTF-16 code units so far. */
  length: number;
  /** Blocks of text that are not stopped. */
  openBlocks: number;
}

type OpenBlock = (block: JsonObject, path: string, scope: BlockScope) => BlockReader;

/** By the type of the block. */
const BLOCKS: Readonly<Record<string, OpenBlock>> = {
  text: openText,
  thinking: openThinking,
  redacted_thinking: openRedacted,
  tool_use: openToolUse,
  server_tool_use: openServerTool,
  web_search_tool_result: openSearchResult,
};

const NOTHING: BlockReader = { delta() {}, stop() {} };

/**
 * Opens the reader of a block. The block may be whole, as in an answer without a stream, or still empty.
 * @param path JSON pointer of the block in the message
 */
export function openBlock(block: JsonObject, path: string, scope: BlockScope): BlockReader {
  const type = asString(block.type) ?? '';
  // Blocks of text that follow each other are one message: the API cuts a text where its citations change.
  if (type !== 'text') closeMessage(scope);
  if (Object.hasOwn(BLOCKS, type)) return BLOCKS[type]!(block, path, scope);
  scope.losses.add(path, 'item', `Responses knows no block ${JSON.stringify(type)}`);
  return NOTHING;
}

/** Ends the open message, unless one of its blocks goes on beside the next (llama-server stops all blocks at the end). */
export function closeMessage(scope: BlockScope, status: ItemEnd = 'completed'): void {
  if (scope.message?.openBlocks === 0) scope.message.item.close(status);
  scope.message = undefined;
}

function openText(block: JsonObject, path: string, scope: BlockScope): BlockReader {
  scope.message ??= { item: scope.writer.open({ type: 'message' }), length: 0, openBlocks: 0 };
  const message = scope.message;
  message.openBlocks += 1;
  const start = message.length;
  const citations = [...asArray(block.citations)];
  const add = (text: unknown) => {
    if (typeof text !== 'string') return;
    message.length += text.length;
    message.item.text(text);
  };
  add(block.text);
  return {
    delta(delta) {
      if (delta.type === 'text_delta') add(delta.text);
      else if (delta.type === 'citations_delta') citations.push(delta.citation);
      else tellDelta(delta, path, scope);
    },
    stop() {
      for (const citation of citations) addCitation(asObject(citation) ?? {}, start, message, path, scope);
      message.openBlocks -= 1;
      if (scope.message !== message && message.openBlocks === 0) message.item.close();
    },
  };
}

/** A citation of a search result belongs to the whole text of its block. */
function addCitation(citation: JsonObject, start: number, message: OpenMessage, path: string, scope: BlockScope): void {
  const url = asString(citation.url);
  if (citation.type !== 'web_search_result_location' || url === undefined) {
    scope.losses.add(`${path}/citations`, 'part', 'Responses annotates with URLs and files of OpenAI alone');
    return;
  }
  scope.losses.add(`${path}/citations`, 'field', 'an annotation has no cited text and no index for the provider');
  const title = asString(citation.title) ?? '';
  message.item.annotation({ type: 'url_citation', url, title, start_index: start, end_index: message.length });
}

function openThinking(block: JsonObject, path: string, scope: BlockScope): BlockReader {
  const item = scope.writer.open({ type: 'reasoning' });
  let thinking = '';
  let signature = asString(block.signature) ?? '';
  const add = (text: unknown) => {
    if (typeof text !== 'string') return;
    thinking += text;
    item.summary(text);
  };
  add(block.thinking);
  return {
    delta(delta) {
      if (delta.type === 'thinking_delta') add(delta.thinking);
      else if (delta.type === 'signature_delta') signature = asString(delta.signature) ?? signature;
      else tellDelta(delta, path, scope);
    },
    stop() {
      // Thinking that a bound cut off has no signature, and is refused without one.
      if (signature !== '') item.encrypted(seal([{ ...block, thinking, signature }]));
      else scope.losses.add(path, 'field', 'thinking without a signature cannot be sent back');
      item.close();
    },
  };
}

function openRedacted(block: JsonObject, path: string, scope: BlockScope): BlockReader {
  const item = scope.writer.open({ type: 'reasoning' });
  return {
    delta: (delta) => tellDelta(delta, path, scope),
    stop() {
      item.encrypted(seal([block]));
      item.close();
    },
  };
}

/** Fields of a call's block that are read, or that the client knows. `caller` is a loss when code of the provider has called. */
const OF_CALL: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input']);

function tellFieldsOfCall(block: JsonObject, path: string, { losses }: BlockScope): void {
  for (const [name, value] of Object.entries(block)) {
    if (OF_CALL.has(name) || value === null || (name === 'caller' && asObject(value)?.type === 'direct')) continue;
    losses.add(path + pointerStep(name), 'field', 'a call of Responses has no place for it');
  }
}

function openToolUse(block: JsonObject, path: string, scope: BlockScope): BlockReader {
  tellFieldsOfCall(block, path, scope);
  const { plan, newId } = scope.context;
  const id = asString(block.id) || newId('call_');
  const name = asString(block.name) ?? '';
  const call = openToolCall(scope.writer, { callId: plan.callIds.get(id) ?? id, name, tool: plan.tools.get(name) });
  let text = '';
  let ended = false;
  const push = (piece: string) => {
    text += piece;
    call.push(piece);
  };
  const end = () => {
    if (ended) return;
    ended = true;
    const problem = call.end();
    if (problem !== undefined) scope.losses.add(`${path}/input`, 'value', problem);
  };
  return {
    delta(delta) {
      if (delta.type === 'input_json_delta') push(asString(delta.partial_json) ?? '');
      else tellDelta(delta, path, scope);
    },
    stop() {
      if (text === '') push(typeof block.input === 'string' ? block.input : JSON.stringify(block.input ?? {}));
      // The API stops a block that `max_tokens` has cut, so that half arguments wait for the reason.
      if (parseData(text) !== undefined) end();
    },
    settle(completed) {
      if (completed) end();
      else if (!ended) scope.losses.add(path, 'item', 'the answer broke off within the arguments of this call');
    },
  };
}

function openServerTool(block: JsonObject, path: string, scope: BlockScope): BlockReader {
  let text = '';
  return {
    delta(delta) {
      if (delta.type === 'input_json_delta') text += asString(delta.partial_json) ?? '';
      else tellDelta(delta, path, scope);
    },
    stop() {
      const input = text === '' ? block.input : (parseData(text) ?? text);
      scope.searches.begin({ ...block, input }, path);
    },
  };
}

function openSearchResult(block: JsonObject, path: string, scope: BlockScope): BlockReader {
  return {
    delta: (delta) => tellDelta(delta, path, scope),
    stop: () => scope.searches.end(block, path),
  };
}

function tellDelta(delta: JsonObject, path: string, scope: BlockScope): void {
  const type = JSON.stringify(asString(delta.type) ?? null);
  scope.losses.add(path, 'event', `a block of this type has no delta of type ${type}`);
}

function seal(blocks: readonly JsonObject[]): string {
  return sealOpaque({ protocol: 'messages', blocks: [...blocks] });
}
