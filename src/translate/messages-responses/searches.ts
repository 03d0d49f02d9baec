import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import type { TranslateContext } from '../types.ts';

/** Marks the ids of searches that the Responses provider ran; what follows is its own id. */
const PREFIX = 'srvtoolu_';
const OURS = /^srvtoolu_(ws_.+)$/s;

const DIRECT = { type: 'direct' };

/** A `web_search_call` as the blocks that Messages tells a search with; undefined for what is no search. */
export function searchBlocks(
  item: JsonObject,
  newId: TranslateContext['newId'],
): { id: string; input: JsonObject; result: JsonObject } | undefined {
  const action = asObject(item.action) ?? {};
  if (action.type !== 'search') return undefined;
  const query = asString(action.query) ?? asString(asArray(action.queries)[0]) ?? '';
  const id = PREFIX + (asString(item.id) || newId('ws_'));
  const content = item.status === 'failed' ? FAILED : asArray(action.sources).flatMap(resultOf);
  return { id, input: { query }, result: { type: 'web_search_tool_result', tool_use_id: id, caller: DIRECT, content } };
}

export function searchUse(id: string): JsonObject {
  return { type: 'server_tool_use', id, name: 'web_search', input: {}, caller: DIRECT };
}

const FAILED = { type: 'web_search_tool_result_error', error_code: 'unavailable' };

/** OpenAI tells the addresses alone; Messages requires the other fields. */
function resultOf(source: unknown): JsonObject[] {
  const url = asString(asObject(source)?.url);
  return url === undefined
    ? []
    : [{ type: 'web_search_result', url, title: url, encrypted_content: '', page_age: null }];
}

/** The search that a `server_tool_use` block stands for, as the provider takes it back; undefined when it was not ours. */
export function searchCall(block: JsonObject): JsonObject | undefined {
  const id = OURS.exec(asString(block.id) ?? '')?.[1];
  if (id === undefined || block.name !== 'web_search') return undefined;
  const query = asString(asObject(block.input)?.query) ?? '';
  return { type: 'web_search_call', id, status: 'completed', action: { type: 'search', query } };
}

/** Whether a `web_search_tool_result` block is the other half of such a search: it says nothing that the provider told. */
export function isOurResult(block: JsonObject): boolean {
  return OURS.test(asString(block.tool_use_id) ?? '');
}
