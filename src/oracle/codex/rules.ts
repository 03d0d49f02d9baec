import { HTTP_RULES } from './rules-http.ts';
import { TURN_RULES } from './rules-turn.ts';
import type { CodexVerdict } from './types.ts';

/** What is known about one rule of the oracle. */
export interface RuleFacts {
  /** What Codex does; for an item: what becomes of the item. */
  does: CodexVerdict['action'] | 'drop' | 'refuse' | 'by version';
  /** When, in words. */
  when: string;
  /** Scenarios of fixtures/oracle that show it; empty where it was not captured, and then `note` says what it rests on. */
  evidence: readonly string[];
  note?: string;
}

/** Every rule id that a verdict or a remark can carry. docs/codex.md is written from this table. */
export const RULES: Record<string, RuleFacts> = { ...TURN_RULES, ...HTTP_RULES };
