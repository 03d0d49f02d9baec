import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import type { Losses } from '../shared/losses.ts';
import { sealOpaque } from '../shared/opaque.ts';
import type { ResponsesWriter } from '../shared/responses-writer.ts';
import { WEB_SEARCH } from './tools.ts';

/** The searches that the provider runs by itself within one message. */
export interface Searches {
  /** A `server_tool_use` block is whole. */
  begin(block: JsonObject, path: string): void;
  /** Its `web_search_tool_result` block is whole. */
  end(block: JsonObject, path: string): void;
  /** The message is over: searches without a result did not get that far. */
  settle(): void;
}

/**
 * A search is told as a `web_search_call`. That item has no place for what the provider wants back, its encrypted results, so
 * both blocks travel sealed in a reasoning item before it, which a client sends back untouched.
 */
export function createSearches(writer: ResponsesWriter, losses: Losses): Searches {
  /** By id. */
  const begun = new Map<string, { block: JsonObject; path: string }>();
  return {
    begin(block, path) {
      if (block.name === WEB_SEARCH) begun.set(asString(block.id) ?? '', { block, path });
      else losses.add(path, 'item', `Responses has no item for the provider’s tool ${JSON.stringify(block.name)}`);
    },
    end(block, path) {
      const id = asString(block.tool_use_id) ?? '';
      const search = begun.get(id)?.block;
      begun.delete(id);
      if (!search) {
        losses.add(path, 'item', 'the result of a search that was not told');
        return;
      }
      const reasoning = writer.open({ type: 'reasoning' });
      reasoning.encrypted(sealOpaque({ protocol: 'messages', blocks: [search, block] }));
      reasoning.close();
      openCall(writer, search, Array.isArray(block.content) ? 'completed' : 'failed', block.content);
    },
    settle() {
      for (const { block, path } of begun.values()) {
        // With its result, the block is sealed whole.
        const caller = asObject(block.caller);
        if (caller && caller.type !== 'direct') losses.add(`${path}/caller`, 'field', 'a search has no place for it');
        openCall(writer, block, 'incomplete', undefined);
      }
      begun.clear();
    },
  };
}

function openCall(writer: ResponsesWriter, search: JsonObject, status: string, results: unknown): void {
  const query = asString(asObject(search.input)?.query);
  const urls = asArray(results).flatMap((result) => asString(asObject(result)?.url) ?? []);
  const action = {
    type: 'search',
    ...(query !== undefined && { query }),
    ...(urls.length > 0 && { sources: urls.map((url) => ({ type: 'url', url })) }),
  };
  writer.open({ type: 'other', item: { type: 'web_search_call', status, action } }).close();
}
