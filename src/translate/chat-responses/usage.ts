import { asNumber, asObject, type JsonObject } from '../../protocols/grammar.ts';

/** A usage object of Responses in Chat's names; undefined when the provider counted nothing. Both count cached tokens in. */
export function toChatUsage(value: unknown): JsonObject | undefined {
  const usage = asObject(value);
  if (!usage) return undefined;
  const input = asNumber(usage.input_tokens) ?? 0;
  const output = asNumber(usage.output_tokens) ?? 0;
  const { cached_tokens: cached, cache_write_tokens: written } = asObject(usage.input_tokens_details) ?? {};
  const { reasoning_tokens: reasoning } = asObject(usage.output_tokens_details) ?? {};
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: asNumber(usage.total_tokens) ?? input + output,
    prompt_tokens_details: {
      cached_tokens: asNumber(cached) ?? 0,
      ...(typeof written === 'number' && { cache_write_tokens: written }),
    },
    completion_tokens_details: { reasoning_tokens: asNumber(reasoning) ?? 0 },
  };
}
