import type { JsonObject } from '../../protocols/grammar.ts';
import { type Losses, pointerStep } from './losses.ts';

/** Fields of a response that the answer is made of, or that only name it. */
const READ = [
  'completed_at',
  'created_at',
  'error',
  'id',
  'incomplete_details',
  'model',
  'object',
  'output',
  // What the SDKs put together from the output.
  'output_text',
  'service_tier',
  'status',
  'usage',
] as const;

/** Fields in which a response repeats its request: the client knows them (openai 7.55.0, `Response`; OpenAI repeats more than that). */
const REPEATED = [
  'access_programs',
  'background',
  'context_management',
  'conversation',
  'frequency_penalty',
  'image',
  'include',
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'parallel_tool_calls',
  'presence_penalty',
  'previous_response_id',
  'prompt',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning',
  'safety_identifier',
  'store',
  'stream_options',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
] as const;

const KNOWN: ReadonlySet<string> = new Set([...READ, ...REPEATED]);

/** Tells what a finished response says beyond its answer, which no other protocol has a place for. */
export function tellOtherFields(response: JsonObject, losses: Losses): void {
  for (const [name, value] of Object.entries(response)) {
    if (value === null || value === undefined || KNOWN.has(name)) continue;
    losses.add(pointerStep(name), 'field', 'only Responses tells it with an answer');
  }
}
