import { asObject, type JsonObject } from '../../protocols/grammar.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';

const COUNTED = {
  usage: new Set([
    'prompt_tokens',
    'completion_tokens',
    'total_tokens',
    'prompt_tokens_details',
    'completion_tokens_details',
    // DeepSeek counts its cache here, and the rest of the input beside it.
    'prompt_cache_hit_tokens',
    'prompt_cache_miss_tokens',
  ]),
  input: new Set(['cached_tokens', 'cache_write_tokens']),
  output: new Set(['reasoning_tokens']),
};

/**
 * The usage of a response. Both APIs count cached tokens among those of the input, and reasoning among the output. The
 * details are always there: Codex 0.113.0 to 0.169.0 fail on details without their one number.
 * @returns undefined when the provider counted nothing
 */
export function writeUsage(value: unknown, losses: Losses): JsonObject | undefined {
  const usage = asObject(value);
  const input = count(usage?.prompt_tokens);
  const output = count(usage?.completion_tokens);
  if (!usage || (input === undefined && output === undefined)) return undefined;
  const inputDetails = asObject(usage.prompt_tokens_details) ?? {};
  const outputDetails = asObject(usage.completion_tokens_details) ?? {};
  tellUncounted(usage, COUNTED.usage, '/usage', losses);
  tellUncounted(inputDetails, COUNTED.input, '/usage/prompt_tokens_details', losses);
  tellUncounted(outputDetails, COUNTED.output, '/usage/completion_tokens_details', losses);
  const written = count(inputDetails.cache_write_tokens);
  return {
    input_tokens: input ?? 0,
    input_tokens_details: {
      cached_tokens: count(inputDetails.cached_tokens) ?? count(usage.prompt_cache_hit_tokens) ?? 0,
      ...(written !== undefined && { cache_write_tokens: written }),
    },
    output_tokens: output ?? 0,
    output_tokens_details: { reasoning_tokens: count(outputDetails.reasoning_tokens) ?? 0 },
    total_tokens: count(usage.total_tokens) ?? (input ?? 0) + (output ?? 0),
  };
}

/** A count of zero says nothing. */
function tellUncounted(counts: JsonObject, counted: ReadonlySet<string>, path: string, losses: Losses): void {
  for (const name in counts) {
    if (counted.has(name) || counts[name] === 0 || counts[name] === null) continue;
    losses.add(`${path}${pointerStep(name)}`, 'field', 'the usage of a response has no such count');
  }
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}
