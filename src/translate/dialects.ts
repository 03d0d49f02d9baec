import type { Protocol } from '../util/types.ts';
import { CHAT_DIALECTS } from './responses-chat/dialects.ts';
import { MESSAGES_DIALECTS } from './responses-messages/dialects.ts';

/** How a provider takes messages whose role is `system` or `developer`. */
export type InstructionRule =
  /** `developer` and `system` as they are, in any place. */
  | 'keep'
  /** All of them as `system`, in any place. */
  | 'system'
  /** One `system` message at the beginning; later ones become `user`. */
  | 'leading'
  /** No such role: all become `user`. */
  | 'user';

/** What one provider adds to its protocol or takes from it. */
export interface Dialect {
  name: string;
  protocol: Protocol;
  /** Says where the facts come from, with version and date where they were measured. */
  source: string;
  /** Host names that give the provider away. */
  hosts?: RegExp;
  instructions: InstructionRule;
  /** Neighbouring messages of one role become one. */
  mergeNeighbours: boolean;
  /** Names that tools may have, and their greatest length. */
  toolNames: { pattern: RegExp; length: number };
  /** Ids that calls may have; undefined: any. */
  callIds?: { pattern: RegExp; length: number };
  /** The field that bounds the answer's tokens. */
  maxTokens: 'max_tokens' | 'max_completion_tokens';
  /** By the effort that the client names, the one that the provider knows; an effort that is not named is a loss. */
  efforts: Readonly<Record<string, string>>;
  /** Where an answer's thoughts stand, and whether they are sent back; `content`: before the text, between `<think>` and `</think>`. */
  reasoning?: { field: 'reasoning_content' | 'reasoning' | 'content'; replay: 'never' | 'tool-turns' | 'always' };
  /** What images may be. */
  images: 'any' | 'data' | 'none';
  /**
   * Parameters of its protocol that the provider refuses or ignores, and kinds of parts: `file` and `refusal` of Chat,
   * `document` of Messages.
   */
  lacks: readonly string[];
  /** Fields, as JSON pointers with `*`, that the provider knows beyond its protocol: `strict` passes over them. */
  extras: readonly string[];
  /** Of a Messages provider. */
  messages?: MessagesTraits;
}

/** What only the Messages API asks of its providers' table. */
export interface MessagesTraits {
  /** Messages requires `max_tokens`: what it is when the client names no bound. */
  maxTokens: number;
  /** How thinking is asked for, by the name of the model; the first that fits. */
  thinking: readonly { models?: RegExp; how: 'adaptive' | 'budget' | 'none' }[];
  /** Tokens to think with, by the effort as `efforts` gives it, where thinking is asked for by a budget. */
  budgets: Readonly<Record<string, number>>;
  /** Type of the web search tool that the provider runs by itself. */
  webSearch?: string;
}

const RESPONSES_DIALECT: Dialect = {
  name: 'responses',
  protocol: 'responses',
  source: 'openai 7.55.0 (types of the Responses API)',
  hosts: /(?:^|\.)openai\.com$/,
  instructions: 'keep',
  mergeNeighbours: false,
  toolNames: { pattern: /^[a-zA-Z0-9_-]+$/, length: 64 },
  maxTokens: 'max_completion_tokens',
  efforts: Object.fromEntries(
    ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'].map((effort) => [effort, effort]),
  ),
  images: 'any',
  lacks: [],
  extras: [],
};

/** All dialects; the first of each protocol is the one for a provider that is not known. */
export const DIALECTS: readonly Dialect[] = [...CHAT_DIALECTS, ...MESSAGES_DIALECTS, RESPONSES_DIALECT];

/** By protocol, what is assumed of a provider that is not known. */
const UNKNOWN: Readonly<Record<Protocol, Dialect>> = {
  chat: CHAT_DIALECTS[0],
  messages: MESSAGES_DIALECTS[0],
  responses: RESPONSES_DIALECT,
};

/** The dialect of that name; a provider with several protocols has one for each. */
export function findDialect(name: string, protocol: Protocol): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.name === name && dialect.protocol === protocol);
}

/** What is assumed of a provider of that protocol that is not known. */
export function defaultDialect(protocol: Protocol): Dialect {
  return UNKNOWN[protocol];
}

/** The dialect that the host of the provider gives away, else the one for a provider that is not known. */
export function guessDialect(url: string, protocol: Protocol): Dialect {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed) return UNKNOWN[protocol];
  const known = DIALECTS.find(
    ({ hosts, protocol: own }) => own === protocol && (hosts?.test(parsed.hostname) || hosts?.test(parsed.host)),
  );
  return known ?? UNKNOWN[protocol];
}
