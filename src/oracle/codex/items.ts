import { hasChange } from './drift.ts';
import type { CodexItem, CodexRemark } from './types.ts';

/** What Codex makes of one output item of `response.output_item.done`. */
export interface ItemReading {
  /** Undefined: the item is dropped without a word. */
  item?: CodexItem;
  remark?: CodexRemark;
}

type Fields = Record<string, unknown>;

/** Item types that Codex understands. The others are "unknown": dropped, and the turn goes on. */
const READERS: Record<string, (item: Fields, version: string) => ItemReading> = {
  message: readMessage,
  function_call: readFunctionCall,
  custom_tool_call: readCustomCall,
  local_shell_call: readLocalShell,
  tool_search_call: readToolSearch,
  reasoning: keep,
  web_search_call: keep,
  image_generation_call: keep,
  compaction: readCompaction,
};

/** Reads one output item as this Codex version does. Measured; scenarios e-* and m-*. */
export function readItem(item: unknown, version: string): ItemReading {
  const fields = asFields(item);
  const type = typeof fields?.type === 'string' ? fields.type : '';
  const reader = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (!fields || !reader) {
    return drop('codex.item.unknown-type', type || 'untyped', `Codex does not know items of type ${type || '(none)'}`);
  }
  return reader(fields, version);
}

function keep(item: Fields): ItemReading {
  return { item: { type: String(item.type) } };
}

function readMessage(item: Fields): ItemReading {
  if (!Array.isArray(item.content)) {
    return drop('codex.item.content-not-array', 'message', 'the content of a message must be an array of parts');
  }
  const texts: string[] = [];
  for (const part of item.content) {
    const { type, text } = asFields(part) ?? {};
    // One part that Codex cannot read costs it the whole message.
    if (!CONTENT_PARTS.has(String(type))) {
      return drop('codex.item.content-part', 'message', `a content part of type ${String(type)} is not output_text`);
    }
    if (type === 'output_text' && typeof text === 'string') texts.push(text);
  }
  return { item: { type: 'message', text: texts.join('') } };
}

const CONTENT_PARTS = new Set(['output_text', 'input_text', 'input_image']);

function readFunctionCall(item: Fields, version: string): ItemReading {
  const { name, call_id: callId, arguments: args } = item;
  if (typeof callId !== 'string') {
    return drop(
      'codex.item.no-call-id',
      'function_call',
      'a function call without call_id is dropped; id does not count',
    );
  }
  if (typeof args !== 'string') {
    return drop('codex.item.arguments-not-string', 'function_call', 'arguments must be a string of JSON, not a value');
  }
  if (typeof name !== 'string') return drop('codex.item.no-name', 'function_call', 'a function call needs a name');
  const reading: ItemReading = { item: { type: 'function_call', name, callId, runs: true } };
  if (name === 'apply_patch' && hasChange(version, 'refuses-function-apply-patch')) {
    reading.remark = {
      rule: 'codex.item.function-apply-patch',
      item: 'function_call',
      reason: 'apply_patch must come back as custom_tool_call; as function_call it is aborted and no file changes',
    };
  }
  return reading;
}

function readCustomCall(item: Fields): ItemReading {
  const { name, call_id: callId, input } = item;
  if (typeof callId !== 'string') {
    return drop('codex.item.no-call-id', 'custom_tool_call', 'a custom tool call without call_id is dropped');
  }
  if (typeof name !== 'string' || typeof input !== 'string') {
    return drop('codex.item.no-name', 'custom_tool_call', 'a custom tool call needs a name and an input, both strings');
  }
  return { item: { type: 'custom_tool_call', name, callId, runs: true } };
}

function readLocalShell(item: Fields, version: string): ItemReading {
  if (hasChange(version, 'ignores-local-shell')) {
    return drop('codex.item.local-shell', 'local_shell_call', 'this version does not know local_shell_call');
  }
  const callId = typeof item.call_id === 'string' ? { callId: item.call_id } : {};
  return { item: { type: 'local_shell_call', ...callId, runs: true } };
}

function readToolSearch(item: Fields): ItemReading {
  const callId = typeof item.call_id === 'string' ? { callId: item.call_id } : {};
  // A search that the server ran has its result already.
  const runs = item.execution === 'server' ? {} : { runs: true as const };
  return { item: { type: 'tool_search_call', ...callId, ...runs } };
}

function readCompaction(item: Fields): ItemReading {
  if (typeof item.encrypted_content !== 'string') {
    return drop('codex.item.compaction-content', 'compaction', 'a compaction item needs encrypted_content, a string');
  }
  return { item: { type: 'compaction' } };
}

function drop(rule: string, item: string, reason: string): ItemReading {
  return { remark: { rule, item, reason } };
}

/** A JSON object's members; undefined for anything else. */
export function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}
