import { asNumber, asObject, type JsonObject } from '../../protocols/grammar.ts';
import { entryOf } from '../../util/entries.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';

/** What is counted in the usage of a response. */
const COUNTED: ReadonlySet<string> = new Set([
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
  'output_tokens_details',
  // The same tokens once more, by how long they are kept.
  'cache_creation',
]);

/** What a response does not tell and every answer has. */
const USUAL: Readonly<Record<string, string>> = { service_tier: 'standard', speed: 'standard' };

/**
 * The usage of a response. Messages counts what was read from the cache, and written into it, beside `input_tokens`;
 * Responses counts all input there.
 * @param usage has no null values
 * @returns undefined when the provider counted nothing
 */
export function writeUsage(usage: JsonObject, losses: Losses): JsonObject | undefined {
  const read = asNumber(usage.cache_read_input_tokens) ?? 0;
  const written = asNumber(usage.cache_creation_input_tokens);
  const said = asNumber(usage.input_tokens);
  const output = asNumber(usage.output_tokens);
  if (said === undefined && output === undefined) return undefined;
  for (const [name, value] of Object.entries(usage)) {
    if (COUNTED.has(name) || entryOf(USUAL, name) === value) continue;
    losses.add(`/usage${pointerStep(name)}`, 'field', 'the usage of a response has no place for it');
  }
  const input = (said ?? 0) + read + (written ?? 0);
  const thinking = asNumber(asObject(usage.output_tokens_details)?.thinking_tokens) ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: read, ...(written !== undefined && { cache_write_tokens: written }) },
    output_tokens: output ?? 0,
    output_tokens_details: { reasoning_tokens: thinking },
    total_tokens: input + (output ?? 0),
  };
}
