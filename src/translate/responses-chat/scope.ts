import type { JsonObject } from '../../protocols/grammar.ts';
import type { Dialect } from '../dialects.ts';
import type { CallBook } from '../shared/call-book.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';
import type { FlatTools } from '../shared/tools.ts';
import type { Refusal } from '../types.ts';
import type { Conversation } from './conversation.ts';
import type { Settings } from './settings.ts';

/** Name of the hop in losses. */
export const HOP = 'responses->chat';
/** The way back: losses name the direction of the document that they are of. */
export const ANSWER_HOP = 'chat->responses';

export interface ContentScope {
  dialect: Dialect;
  losses: Losses;
}

/** What reading one request fills. */
export interface RequestScope extends ContentScope {
  tools: FlatTools;
  calls: CallBook;
  conversation: Conversation;
  /** `reasoning` and `text` of the request as `configuration_update` items leave them. */
  settings: { reasoning: Settings; text: Settings };
  /** Set by what Chat Completions cannot answer rightly. */
  refusal: Refusal | undefined;
}

/** A refusal with status 400. */
export function refuse(code: string, message: string): Refusal {
  return { problem: { status: 400, code, message } };
}

/**
 * Tells every field that nobody read; null and empty lists say nothing.
 * @param usual values that go without saying, by the field
 */
export function tellUnread(
  value: JsonObject,
  read: ReadonlySet<string>,
  path: string,
  losses: Losses,
  usual: Readonly<JsonObject> = {},
): void {
  for (const name in value) {
    if (read.has(name) || saysNothing(value[name])) continue;
    if (Object.hasOwn(usual, name) && usual[name] === value[name]) continue;
    losses.add(`${path}${pointerStep(name)}`, 'field', 'Chat Completions has no place for it');
  }
}

export function saysNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}
