import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { type FieldTable, reportUnread } from '../shared/fields.ts';
import { inputMessage, outputMessage, toolOutput } from '../shared/responses-body.ts';
import type { ResponsesCalls } from '../shared/responses-calls.ts';
import type { ToolNames } from '../shared/tool-names.ts';
import { CACHING, type ContentScope, isContent, translateContent, translatePart } from './content.ts';
import { openSeal, unsealReasoning } from './seal.ts';
import { isOurResult, searchCall } from './searches.ts';

export interface MessageScope extends ContentScope {
  calls: ResponsesCalls;
  names: ToolNames;
}

const ROLES = ['user', 'assistant', 'system'];

const MESSAGE: FieldTable = { read: ['role', 'content'], lost: {} };

/** The messages of a Messages request as the input of a Responses request, block by block in their order. */
export function translateMessages(messages: unknown, scope: MessageScope): JsonObject[] {
  const list = asArray(messages);
  const last = asObject(list.at(-1));
  if (last?.role === 'assistant') {
    scope.losses.add(`/messages/${list.length - 1}`, 'item', 'Responses answers this message; it does not continue it');
  }
  return list.flatMap((value, index) => {
    const path = `/messages/${index}`;
    const message = asObject(value) ?? {};
    const role = ROLES.find((known) => known === message.role);
    if (role === undefined) {
      scope.losses.add(path, 'item', 'Messages knows no such role');
      return [];
    }
    reportUnread(message, path, 'field', MESSAGE, scope.losses);
    return translateMessage(role, message.content, `${path}/content`, scope);
  });
}

/** What blocks one after the other become: parts of one message, until a block is an item of its own. */
function translateMessage(role: string, content: unknown, path: string, scope: MessageScope): JsonObject[] {
  if (typeof content === 'string') return [inputMessage(role, content)];
  if (content != null && !Array.isArray(content))
    scope.losses.add(path, 'part', 'content is a text or a list of blocks');
  const items: JsonObject[] = [];
  let parts: JsonObject[] = [];
  const closeMessage = () => {
    if (parts.length === 0) return;
    const said =
      role === 'assistant' ? outputMessage(parts, () => scope.context.newId('msg_')) : inputMessage(role, parts);
    items.push(said);
    parts = [];
  };
  asArray(content).forEach((value, index) => {
    const block = asObject(value) ?? {};
    const at = `${path}/${index}`;
    const itemsOf = entryOf(ITEMS, block.type);
    if (itemsOf) {
      closeMessage();
      items.push(...itemsOf(block, at, scope));
    } else if (role === 'assistant') parts.push(...outputParts(block, at, scope));
    else parts.push(...translatePart(block, at, scope));
  });
  closeMessage();
  return items;
}

function outputParts(block: JsonObject, path: string, scope: MessageScope): JsonObject[] {
  if (block.type !== 'text' || typeof block.text !== 'string') {
    const reason = isContent(block.type) ? 'a past answer is text' : 'Responses has no such block';
    scope.losses.add(path, 'part', reason);
    return [];
  }
  const lost = { cache_control: CACHING, citations: 'a past answer takes no citations' };
  reportUnread(block, path, 'field', { read: ['type', 'text'], lost, neutral: { citations: [[]] } }, scope.losses);
  return [{ type: 'output_text', text: block.text, annotations: [] }];
}

type ItemsOf = (block: JsonObject, path: string, scope: MessageScope) => JsonObject[];

/** Blocks that are items of their own in Responses. */
const ITEMS: Readonly<Record<string, ItemsOf>> = {
  tool_use: translateToolUse,
  tool_result: translateToolResult,
  thinking: (block, path, scope) => translateThinking(block.signature, block.thinking, path, scope),
  redacted_thinking: (block, path, scope) => translateThinking(block.data, '', path, scope),
  server_tool_use(block, path, scope) {
    const call = searchCall(block);
    if (!call) scope.losses.add(path, 'item', 'a tool that another server ran');
    return call ? [call] : [];
  },
  web_search_tool_result(block, path, scope) {
    if (!isOurResult(block)) scope.losses.add(path, 'item', 'the result of a tool that another server ran');
    return [];
  },
};

const TOOL_USE: FieldTable = {
  read: ['type', 'id', 'name', 'input'],
  lost: { cache_control: CACHING, caller: 'Responses runs no code that could call the tool' },
  neutral: { caller: [{ type: 'direct' }] },
};

function translateToolUse(block: JsonObject, path: string, scope: MessageScope): JsonObject[] {
  const name = asString(block.name);
  if (name === undefined) {
    scope.losses.add(path, 'item', 'a call without a name');
    return [];
  }
  reportUnread(block, path, 'field', TOOL_USE, scope.losses);
  const callId = scope.calls.add(asString(block.id), 'function', name);
  const args = JSON.stringify(block.input ?? {});
  return [
    { type: 'function_call', call_id: callId, name: scope.names.call({ kind: 'function', name }), arguments: args },
  ];
}

const TOOL_RESULT: FieldTable = {
  read: ['type', 'tool_use_id', 'content'],
  lost: { cache_control: CACHING, is_error: 'an output is not marked as an error; the model reads its text' },
  neutral: { is_error: [false] },
};

function translateToolResult(block: JsonObject, path: string, scope: MessageScope): JsonObject[] {
  reportUnread(block, path, 'field', TOOL_RESULT, scope.losses);
  const { content } = block;
  const id = asString(block.tool_use_id) ?? '';
  const parts = typeof content === 'string' ? undefined : translateContent(content, `${path}/content`, scope);
  const call = scope.calls.find(id);
  if (call)
    return [{ type: 'function_call_output', call_id: call.callId, output: parts ? toolOutput(parts) : content }];
  // OpenAI refuses an output without its call ("No tool call found"), and a model can still use what it says.
  scope.losses.add(path, 'item', 'a result whose call is not in the conversation is told as words of the user');
  const head = { type: 'input_text', text: `Output of call ${id}, which is not in this conversation:` };
  return [inputMessage('user', [head, ...(parts ?? [{ type: 'input_text', text: content as string }])])];
}

function translateThinking(seal: unknown, text: unknown, path: string, scope: MessageScope): JsonObject[] {
  const { context, losses } = scope;
  const thinking = asString(text) ?? '';
  const sealed = typeof seal === 'string' ? openSeal(seal) : undefined;
  const replays = (context.dialect.reasoning?.replay ?? 'never') !== 'never';
  if (sealed && (sealed.encrypted !== undefined || replays)) {
    const item = unsealReasoning(sealed, thinking);
    if (!item) losses.add(path, 'value', 'the thoughts were changed: the provider is told its own, without the text');
    return [item ?? { ...unsealReasoning({ ...sealed, summary: [], content: [] }, '') }];
  }
  if (replays && thinking !== '') {
    if (seal !== undefined && seal !== '')
      losses.add(`${path}/signature`, 'field', 'a signature that another provider made');
    const content = [{ type: 'reasoning_text', text: thinking }];
    return [{ type: 'reasoning', id: context.newId('rs_'), summary: [], content }];
  }
  losses.add(path, 'item', 'the provider takes back no thoughts but those it encrypted');
  return [];
}
