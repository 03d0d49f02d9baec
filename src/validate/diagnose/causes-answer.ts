import { headerValue } from '../../util/headers.ts';
import { fieldsOf } from './answer-error.ts';
import { all, byRule, bySaying, type Cause, tellStatus, when } from './cause.ts';
import type { ExchangeFacts } from './facts.ts';

/** Causes that lie in what a whole answer says. Most telling first. */
export const ANSWER_CAUSES: readonly Cause[] = [
  {
    id: 'usage.chat-names',
    level: 'broken',
    looks: '`prompt_tokens` and `completion_tokens` in `response.completed`',
    cause:
      'Usage has the names of Chat Completions (prompt_tokens, completion_tokens); Responses has input_tokens and output_tokens.',
    fix: 'Rename them in the gateway, or leave usage out altogether.',
    source: 'm-usage-chatstyle: "missing field `input_tokens`"',
    match: all(byRule('codex.completed.usage-missing'), when(hasChatUsage, usageOf)),
  },
  {
    id: 'usage.incomplete',
    level: 'broken',
    looks: 'usage without `total_tokens`, or with an empty details object',
    cause: 'Usage is there in part. Codex takes it whole or not at all.',
    fix: 'Give input_tokens, output_tokens and total_tokens; a details object needs cached_tokens or reasoning_tokens, else leave it out.',
    source: 'm-usage-nototal, m-usage-emptydetails',
    match: byRule('codex.completed.usage-missing', 'codex.completed.usage-type'),
  },
  {
    id: 'usage.float',
    level: 'broken',
    looks: 'a token count written as `12.0`; Codex says "invalid number"',
    cause: 'A token count is written as a decimal number.',
    fix: 'Write integers as integers; some JSON encoders turn every number into a float.',
    source: 'probed with 0.169.0',
    match: byRule('codex.completed.integer-as-float'),
  },
  {
    id: 'completed.no-id',
    level: 'broken',
    looks: '`response.completed` without `response.id`',
    cause: 'response.completed has no id.',
    fix: 'Give every response an id, and repeat it in response.completed.',
    source: 'm-completed-noid',
    match: byRule('codex.completed.no-id'),
  },
  {
    id: 'answer.content-filter',
    level: 'broken',
    looks: '`response.incomplete` with `content_filter`',
    cause: 'A content filter cut the answer off.',
    fix: 'Change the prompt, or the filter; Codex repeats five times and shows the partial text each time.',
    source: 'i-incomplete-filter',
    match: all(byRule('codex.incomplete.other'), bySaying(/content_filter/)),
  },
  {
    id: 'answer.max-output-tokens',
    level: 'broken',
    looks: '`response.incomplete` with `max_output_tokens`',
    cause: 'The answer reached the limit of output tokens.',
    fix: 'Raise the limit that the gateway or the model sets; Codex itself sends none.',
    source: 'i-incomplete-maxtok',
    match: byRule('codex.incomplete.length'),
  },
  {
    id: 'answer.failed',
    level: 'broken',
    looks: '`response.failed`, or `response.incomplete` for another reason',
    cause: 'The provider gave up on the answer.',
    fix: 'Read its error; without one there is nothing to go by.',
    source: 'i-failed-server, i-failed-nullerror',
    match: all(
      byRule('codex.failed.other', 'codex.failed.no-error', 'codex.incomplete.other'),
      when(() => true, tellStatus),
    ),
  },
  {
    id: 'compaction.items',
    level: 'broken',
    looks: 'an answer to `compaction_trigger` without, or with several, `compaction` items',
    cause: 'A compaction needs exactly one compaction item; the gateway answered as to an ordinary turn.',
    fix: 'Answer with one item of type compaction with encrypted_content, or name the provider otherwise than "OpenAI".',
    source: 'g-compact-v2-wrongitems',
    match: byRule('codex.compact.items', 'codex.compact.shape'),
  },
  {
    id: 'answer.items-dropped',
    level: 'broken',
    looks: 'exit code 0 and nothing shown, though items came',
    cause: 'Every item of the answer has a shape that Codex drops without a word.',
    fix: 'Correct the items: text as output_text parts, calls with call_id, arguments as a string.',
    source: 'm-content-text, m-content-string, e-no-callid, e-args-object',
    match: byRule('codex.silent.items-dropped'),
  },
  {
    id: 'answer.no-item-done',
    level: 'broken',
    looks: 'exit code 0 and nothing shown, though deltas or output came',
    cause: 'No response.output_item.done came. Codex takes items from there alone.',
    fix: 'Send response.output_item.done for every item.',
    source: 'm-deltas-only, m-added-deltas-nodone, e-only-in-completed',
    match: byRule('codex.silent.deltas-only', 'codex.silent.only-in-completed'),
  },
  {
    id: 'answer.empty',
    level: 'broken',
    looks: 'exit code 0 and nothing shown',
    cause: 'The answer is complete and holds nothing to show or to run.',
    fix: 'Look at the upstream leg: did the model say nothing, or was it lost on the way?',
    source: 'm-completed-only',
    match: byRule('codex.silent.empty', 'codex.silent.nothing-to-show'),
  },
  {
    id: 'tool.apply-patch-function',
    level: 'warning',
    looks: '`apply_patch` as `function_call`; "aborted", no file changes',
    cause: 'apply_patch came back as a function call although it was offered as a custom tool.',
    fix: 'Give custom tools back as custom_tool_call with input as plain text.',
    source: 'e-apply-patch-function',
    match: byRule('codex.item.function-apply-patch'),
  },
  {
    id: 'answer.item-dropped',
    level: 'warning',
    looks: 'a part of the answer is missing',
    cause: 'Codex drops an item of the answer without a word.',
    fix: 'Correct the shape of the item.',
    source: 'e-no-callid, m-content-text',
    match: ({ forecast }) => forecast?.remarks.find(({ rule }) => rule !== 'codex.item.function-apply-patch')?.reason,
  },
  {
    id: 'models.ignored',
    level: 'warning',
    looks: '"failed to refresh available models"',
    cause: 'The list of models is not one that Codex can read; it goes on without.',
    fix: 'Serve {"models": […]} with all required members; data beside it does no harm.',
    source: 'n-authcommand, n-models-builtin-404',
    match: byRule('codex.models.shape', 'codex.models.entry', 'codex.models.status'),
  },
  {
    id: 'model.rerouted',
    level: 'warning',
    looks: '"model rerouted … (HighRiskCyberActivity)", or that the account was flagged',
    cause:
      'The response header openai-model names another model than the request, which Codex reports as rerouting for risky activity.',
    fix: 'Remove the header in the gateway, or let it name the model that was asked for.',
    source: 'r-model-header; response.model in the body does no harm',
    match: when(
      isRerouted,
      ({ answer, request }) =>
        `asked for ${request.model}, openai-model says ${headerValue(answer.headers, 'openai-model')}`,
    ),
  },
];

function completedUsage({ answer }: ExchangeFacts): Record<string, unknown> {
  const completed = answer.events.findLast((event) => event.type === 'response.completed');
  return fieldsOf(fieldsOf(fieldsOf(completed?.json).response).usage);
}

function hasChatUsage(facts: ExchangeFacts): boolean {
  const usage = completedUsage(facts);
  return 'prompt_tokens' in usage || 'completion_tokens' in usage;
}

function usageOf(facts: ExchangeFacts): string {
  return `usage has ${Object.keys(completedUsage(facts)).join(', ')}`;
}

function isRerouted({ answer, request }: ExchangeFacts): boolean {
  const named = headerValue(answer.headers, 'openai-model');
  return named !== undefined && request.model !== undefined && named !== request.model;
}
