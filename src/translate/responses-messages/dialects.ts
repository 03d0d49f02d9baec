import type { Dialect, MessagesTraits } from '../dialects.ts';

/**
 * Tokens of a thinking budget by effort. The API names no such table: these keep low, medium and high an even factor apart, begin
 * above the least budget that it allows (1,024), and leave room below `maxTokens` for the answer.
 */
const BUDGETS: MessagesTraits['budgets'] = { low: 4_096, medium: 10_240, high: 20_480, xhigh: 24_576, max: 28_672 };

/** Efforts of the Responses API, and those of `output_config.effort`. `none` turns thinking off and stands in no table. */
const EFFORTS: Dialect['efforts'] = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
  max: 'max',
};

/** Anthropic's own rule for names of tools and ids of calls: both errors of the API name the pattern. */
const NAMES = { pattern: /^[a-zA-Z0-9_-]+$/, length: 64 };

/** The dialects of providers that speak Messages. The first is the one for a provider that is not known. */
export const MESSAGES_DIALECTS: readonly [Dialect, ...Dialect[]] = [
  {
    name: 'anthropic',
    protocol: 'messages',
    source:
      '@anthropic-ai/sdk 1.11.0 (its types know no temperature, top_p or top_k, and a thinking that is `adaptive`); platform.claude.com, "Adaptive thinking" and "Extended thinking" (read 2026-11-21)',
    hosts: /(?:^|\.)anthropic\.com$/,
    // The SDK knows system messages in the middle, which models before claude-opus-4-8 refuse.
    instructions: 'leading',
    mergeNeighbours: true,
    toolNames: NAMES,
    callIds: NAMES,
    maxTokens: 'max_tokens',
    efforts: EFFORTS,
    images: 'any',
    lacks: ['input_schema.oneOf'],
    extras: [],
    messages: {
      // Within the maximum of every model from Claude 3.7 on; a request without a bound must not end in a 400.
      maxTokens: 32_000,
      thinking: [
        { models: /claude-(?:2|instant|3-(?:opus|sonnet|haiku|5))/, how: 'none' },
        // Claude 3.7 to 4.5: a budget is the only way. From 4.6 on `adaptive` is the way, from 4.7 on the only one.
        { models: /claude-(?:3-7|(?:opus|sonnet|haiku)-4(?:$|@|-(?:[015](?:$|\D)|20\d{6})))/, how: 'budget' },
        { how: 'adaptive' },
      ],
      budgets: BUDGETS,
      webSearch: 'web_search_20250305',
    },
  },
  {
    name: 'deepseek',
    protocol: 'messages',
    source: 'api-docs.deepseek.com, "Anthropic API" (read 2026-11-21)',
    hosts: /(?:^|\.)deepseek\.com$/,
    instructions: 'leading',
    mergeNeighbours: true,
    toolNames: NAMES,
    callIds: NAMES,
    maxTokens: 'max_tokens',
    efforts: { minimal: 'high', low: 'high', medium: 'high', high: 'high', xhigh: 'max', max: 'max' },
    images: 'none',
    // It ignores them, but for documents, which it refuses.
    lacks: [
      'cache_control',
      'disable_parallel_tool_use',
      'document',
      'metadata',
      'output_config.format',
      'service_tier',
      'strict',
    ],
    extras: ['/temperature', '/top_p'],
    messages: { maxTokens: 32_000, thinking: [{ how: 'adaptive' }], budgets: BUDGETS },
  },
  {
    name: 'llama-server',
    protocol: 'messages',
    source: 'llama-server 0.5.0-dev (ggml-org/llama.cpp 0c1e57098), measured 2026-11-21',
    // Strict templates refuse a second system message and two messages of one role in a row.
    instructions: 'leading',
    mergeNeighbours: true,
    toolNames: NAMES,
    maxTokens: 'max_tokens',
    efforts: {},
    images: 'data',
    lacks: ['cache_control', 'document', 'metadata', 'output_config.format', 'service_tier', 'strict'],
    extras: ['/temperature', '/top_p'],
    messages: { maxTokens: 32_000, thinking: [{ how: 'none' }], budgets: {} },
  },
];

/** The traits of the dialect; those of Anthropic for a dialect that names none. */
export function messagesTraits(dialect: Dialect): MessagesTraits {
  return dialect.messages ?? MESSAGES_DIALECTS[0].messages!;
}
