import { asNumber, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';
import type { Dialect } from '../dialects.ts';
import type { Losses } from '../shared/losses.ts';
import { isThinking, type Turn } from './conversation.ts';
import { messagesTraits } from './dialects.ts';

/** The least budget that the API takes (SDK 1.11.0, `ThinkingConfigEnabled`). */
const LEAST_BUDGET = 1_024;

export interface ThinkingInput {
  /** The request, with the settings that items of its input changed. */
  request: JsonObject;
  dialect: Dialect;
  losses: Losses;
  turns: readonly Turn[];
  /** Tool choice as the provider is told it. */
  toolChoice: JsonObject | undefined;
  maxTokens: number;
}

/** What is asked for with thinking: the field, and the effort for `output_config`. */
export interface ThinkingFields {
  thinking?: JsonObject;
  effort?: string | undefined;
}

/** How the provider is asked to think, as `reasoning` of the request says; nothing when that is null or absent. */
export function writeThinking(input: ThinkingInput): ThinkingFields {
  const reasoning = asObject(input.request.reasoning);
  if (!reasoning) {
    if (input.request.reasoning != null) input.losses.add('/reasoning', 'parameter', 'these are no settings');
    return {};
  }
  if (Object.keys(reasoning).length === 0) return {};
  const model = asString(input.request.model) ?? '';
  const { thinking } = messagesTraits(input.dialect);
  const how = thinking.find(({ models }) => models?.test(model) ?? true)?.how ?? 'none';
  tellUncarried(reasoning, how, input.losses);
  if (how === 'none') return {};
  if (reasoning.effort === 'none') return { thinking: { type: 'disabled' } };
  const effort = effortOf(reasoning, input);
  const refused = whyRefused(how, input);
  if (refused !== undefined) {
    input.losses.add('/reasoning', 'parameter', refused);
    return how === 'adaptive' ? { effort } : {};
  }
  const display = wantsSummary(reasoning) ? { display: 'summarized' } : {};
  if (how === 'budget') return { thinking: { type: 'enabled', budget_tokens: budgetOf(effort, input), ...display } };
  return { thinking: { type: 'adaptive', ...display }, effort };
}

function tellUncarried(reasoning: JsonObject, how: string, losses: Losses): void {
  if (how === 'none' && typeof reasoning.effort === 'string' && reasoning.effort !== 'none') {
    losses.add('/reasoning/effort', 'parameter', 'how much the model thinks cannot be set');
  }
  if ((how === 'none' || reasoning.effort === 'none') && wantsSummary(reasoning)) {
    losses.add(
      `/reasoning/${reasoning.summary == null ? 'generate_summary' : 'summary'}`,
      'parameter',
      'the provider is not asked for thinking, so that there is none to show',
    );
  } else if (reasoning.summary === 'concise' || reasoning.summary === 'detailed') {
    losses.add('/reasoning/summary', 'value', 'thinking is shown, or not; how long it is cannot be said');
  }
  if (typeof reasoning.summary === 'string' && typeof reasoning.generate_summary === 'string') {
    losses.add('/reasoning/generate_summary', 'value', '`summary` says what is wanted, and holds');
  }
  if (typeof reasoning.context === 'string' && reasoning.context !== 'auto') {
    losses.add('/reasoning/context', 'parameter', 'which turns keep their thinking cannot be set');
  }
  if (typeof reasoning.mode === 'string') losses.add('/reasoning/mode', 'parameter', 'there are no modes of thinking');
}

function effortOf(reasoning: JsonObject, { dialect, losses }: ThinkingInput): string | undefined {
  const effort = asString(reasoning.effort);
  if (effort === undefined) return undefined;
  if (Object.hasOwn(dialect.efforts, effort)) return dialect.efforts[effort];
  losses.add('/reasoning/effort', 'value', 'the provider knows no such effort');
  return undefined;
}

function wantsSummary({ summary, generate_summary: older }: JsonObject): boolean {
  return typeof (summary ?? older) === 'string';
}

/** Why thinking must stay off, where the API would refuse it. */
function whyRefused(how: string, { toolChoice, turns, maxTokens }: ThinkingInput): string | undefined {
  if (toolChoice?.type === 'any' || toolChoice?.type === 'tool') {
    return 'Messages refuses thinking together with a tool that must be called';
  }
  if (how !== 'budget') return undefined;
  if (maxTokens <= LEAST_BUDGET) return `a budget of ${LEAST_BUDGET} tokens or more does not fit below max_tokens`;
  // Only with a budget: adaptive thinking takes turns that do not begin with it ("Adaptive thinking", validation).
  return isOpenLoop(turns) ? 'Messages asks for the thinking of the turn whose calls are answered here' : undefined;
}

/** The last turn answers calls, and the turn that made them does not begin with thinking. */
function isOpenLoop(turns: readonly Turn[]): boolean {
  const last = turns.at(-1);
  if (last?.content[0]?.type !== 'tool_result') return false;
  return !isThinking(turns.at(-2)!.content[0]);
}

function budgetOf(effort: string | undefined, { dialect, losses, maxTokens }: ThinkingInput): number {
  const { budgets } = messagesTraits(dialect);
  const wanted = asNumber(budgets[effort ?? 'medium']) ?? LEAST_BUDGET;
  if (wanted < maxTokens) return wanted;
  losses.add('/reasoning/effort', 'value', 'the budget is cut so that it fits below max_tokens');
  // Half for the answer: a budget just below `max_tokens` would leave it no room.
  return Math.max(LEAST_BUDGET, Math.floor(maxTokens / 2));
}
