import type { JsonObject } from '../../protocols/grammar.ts';
import type { Dialect } from '../dialects.ts';
import type { Losses } from '../shared/losses.ts';
import type { Part } from './content.ts';
import { contentOf, type Draft, joinTexts } from './conversation.ts';

/** The messages as the provider's dialect wants them. */
export function finishMessages(drafts: readonly Draft[], dialect: Dialect, losses: Losses): JsonObject[] {
  const thoughtful = dialect.reasoning?.replay === 'tool-turns' ? dropIdleThoughts(drafts, losses) : drafts;
  const instructed = applyInstructionRule(thoughtful, dialect.instructions, losses);
  const merged = dialect.mergeNeighbours ? mergeNeighbours(instructed) : instructed;
  return merged.map((draft) => toMessage(draft, dialect));
}

/** Thoughts of a turn in which no tool was called are ignored or refused; a turn goes from one user's message to the next. */
function dropIdleThoughts(drafts: readonly Draft[], losses: Losses): Draft[] {
  let turn = 0;
  const turns = drafts.map(({ role }) => (role === 'user' ? ++turn : turn));
  const busy = new Set(drafts.flatMap(({ calls }, i) => (calls ? [turns[i]] : [])));
  return drafts.map((draft, i) => {
    if (!draft.thoughts || busy.has(turns[i])) return draft;
    for (const path of draft.thoughts.paths) {
      losses.add(path, 'item', 'the provider takes back the thoughts of turns with tool calls alone');
    }
    const { thoughts: _, ...rest } = draft;
    return rest;
  });
}

type ApplyRule = (drafts: readonly Draft[], losses: Losses) => Draft[];

const INSTRUCTION_RULES: Readonly<Record<Dialect['instructions'], ApplyRule>> = {
  keep: (drafts) => [...drafts],
  // The provider calls a developer's message a system's; it means the same.
  system: (drafts) => drafts.map((draft) => (draft.role === 'developer' ? { ...draft, role: 'system' } : draft)),
  leading: (drafts, losses) => {
    const found = drafts.findIndex((draft) => !instructs(draft));
    const count = found < 0 ? drafts.length : found;
    const leading = drafts.slice(0, count);
    const [first] = leading;
    const rest = drafts.slice(count).map((draft) => asUser(draft, losses));
    if (!first) return rest;
    return [{ role: 'system', path: first.path, parts: leading.flatMap(({ parts }) => parts) }, ...rest];
  },
  user: (drafts, losses) => drafts.map((draft) => asUser(draft, losses)),
};

function applyInstructionRule(drafts: readonly Draft[], rule: Dialect['instructions'], losses: Losses): Draft[] {
  return INSTRUCTION_RULES[rule](drafts, losses);
}

function instructs({ role }: Draft): boolean {
  return role === 'system' || role === 'developer';
}

function asUser(draft: Draft, losses: Losses): Draft {
  if (!instructs(draft)) return draft;
  losses.add(draft.path, 'value', 'the provider takes no such message in this place: it is told as the user');
  return { ...draft, role: 'user' };
}

/** Messages of one role in a row become one; outputs of tools stay apart. */
function mergeNeighbours(drafts: readonly Draft[]): Draft[] {
  const merged: Draft[] = [];
  for (const draft of drafts) {
    const last = merged.at(-1);
    if (last?.role === draft.role && draft.role !== 'tool') addTo(last, draft);
    else merged.push(draft);
  }
  return merged;
}

/** Adds what a message says to the one before. That one has no calls, since their outputs would stand between. */
function addTo(target: Draft, { parts, calls, refusal, thoughts }: Draft): void {
  for (const part of parts) target.parts.push(part);
  target.calls = calls;
  if (refusal !== undefined) target.refusal = joinTexts(target.refusal ?? '', refusal);
  if (!thoughts) return;
  const before = target.thoughts;
  target.thoughts = before
    ? { ...thoughts, text: joinTexts(before.text, thoughts.text), details: [...before.details, ...thoughts.details] }
    : thoughts;
}

function toMessage(draft: Draft, dialect: Dialect): JsonObject {
  const { role, parts, callId, calls, refusal, thoughts } = draft;
  if (role === 'tool') return { role, tool_call_id: callId, content: contentOf(parts) };
  const silent = parts.length === 0 && (calls !== undefined || refusal !== undefined);
  const content = silent ? null : contentOf(parts);
  return {
    role,
    content: thoughts && dialect.reasoning?.field === 'content' ? withThoughts(thoughts.text, content) : content,
    ...(refusal !== undefined && { refusal }),
    ...(thoughts && toThoughts(thoughts, dialect)),
    ...(calls && { tool_calls: calls }),
  };
}

function toThoughts({ text, details }: NonNullable<Draft['thoughts']>, { reasoning }: Dialect): JsonObject {
  return {
    ...(text !== '' && reasoning && reasoning.field !== 'content' && { [reasoning.field]: text }),
    ...(details.length > 0 && { reasoning_details: details }),
  };
}

/** As the models themselves write it. An assistant's parts are text alone, which is one string. */
function withThoughts(thoughts: string, content: string | Part[] | null): string {
  return `<think>\n${thoughts}\n</think>\n\n${content ?? ''}`;
}
