import { asNumber, asObject, type JsonObject } from '../../protocols/grammar.ts';

/**
 * A usage object of Responses as Messages counts: `input_tokens` without what the cache gave or took, which Responses counts in.
 * @param value what is no usage object counts as zero, since Messages requires the numbers
 * @param searches web searches that the provider ran
 */
export function toMessagesUsage(value: unknown, searches: number): JsonObject {
  const usage = asObject(value) ?? {};
  const { cached_tokens: cached, cache_write_tokens: written } = asObject(usage.input_tokens_details) ?? {};
  const { reasoning_tokens: thinking } = asObject(usage.output_tokens_details) ?? {};
  const read = asNumber(cached) ?? 0;
  const created = asNumber(written) ?? 0;
  return {
    input_tokens: Math.max(0, (asNumber(usage.input_tokens) ?? 0) - read - created),
    cache_creation_input_tokens: created,
    cache_read_input_tokens: read,
    output_tokens: asNumber(usage.output_tokens) ?? 0,
    ...(typeof thinking === 'number' && { output_tokens_details: { thinking_tokens: thinking } }),
    ...(searches > 0 && { server_tool_use: { web_search_requests: searches, web_fetch_requests: 0 } }),
  };
}

/** What stands in `message_start`: Responses counts at the end. */
export const NO_USAGE: JsonObject = {
  input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 0,
};
