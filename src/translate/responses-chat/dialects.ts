import type { Dialect } from '../dialects.ts';

/** OpenAI's rule for function names; nobody else is known to take more. */
const NAMES: Dialect['toolNames'] = { pattern: /^[a-zA-Z0-9_-]+$/, length: 64 };

/** Exactly nine letters and digits: Mistral's own API says so in its error, and so do its chat templates. */
const NINE: Dialect['callIds'] = { pattern: /^[A-Za-z0-9]{9}$/, length: 9 };

/** What OpenAI has added for itself; what other providers do with them is not known, so that it is not sent. */
const OF_OPENAI = [
  'file',
  'metadata',
  'moderation',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'refusal',
  'safety_identifier',
  'service_tier',
  'store',
  'stream_options.include_obfuscation',
  'verbosity',
] as const;

/** Efforts by the names that every provider with efforts has; those of OpenAI beyond them become the nearest. */
const COMMON_EFFORTS: Dialect['efforts'] = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

const OPENAI_EFFORTS = Object.fromEntries(
  ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'].map((effort) => [effort, effort]),
);

const BASE = {
  protocol: 'chat',
  mergeNeighbours: false,
  toolNames: NAMES,
  maxTokens: 'max_tokens',
  images: 'any',
  extras: [],
} as const;

/**
 * What a server needs that renders messages with the template of its model: those of Qwen 3.5 and Mistral refuse a second
 * system message, and neighbours of one role (llama-server 0.5.0-dev, measured).
 */
const CAREFUL = { instructions: 'leading', mergeNeighbours: true } as const;

/** `llama-server` of llama.cpp, which renders messages with the template of its model. */
const LLAMA_SERVER = {
  ...BASE,
  source: 'llama-server 0.5.0-dev (ggml-org/llama.cpp 0c1e57098), measured 2026-11-21',
  // It refuses two assistant messages at the end.
  mergeNeighbours: true,
  efforts: {},
  reasoning: { field: 'reasoning_content', replay: 'tool-turns' },
  images: 'data',
  lacks: OF_OPENAI,
  extras: ['/messages/*/reasoning_content'],
} as const;

/** The dialects of providers that speak Chat Completions. The first is the one for a provider that is not known. */
export const CHAT_DIALECTS: readonly [Dialect, ...Dialect[]] = [
  {
    ...BASE,
    ...CAREFUL,
    name: 'chat',
    source: 'what every provider below takes',
    efforts: COMMON_EFFORTS,
    lacks: OF_OPENAI,
  },
  {
    ...BASE,
    name: 'openai',
    source: 'openai 7.55.0 (types of the Chat Completions API)',
    hosts: /(?:^|\.)openai\.com$/,
    instructions: 'keep',
    maxTokens: 'max_completion_tokens',
    efforts: OPENAI_EFFORTS,
    lacks: [],
  },
  {
    ...BASE,
    name: 'deepseek',
    source:
      'api-docs.deepseek.com, "Thinking Mode" (efforts: its Chinese edition, since the English one maps xhigh to high); docs.camel-ai.org, `DeepSeekConfig` (formats); read 2026-11-21',
    hosts: /(?:^|\.)deepseek\.com$/,
    instructions: 'system',
    efforts: { minimal: 'high', low: 'high', medium: 'high', high: 'high', xhigh: 'max', max: 'max' },
    // Thoughts of a turn with tool calls must come back, those of any other turn are ignored.
    reasoning: { field: 'reasoning_content', replay: 'tool-turns' },
    images: 'none',
    lacks: [...OF_OPENAI, 'response_format.json_schema'],
    extras: ['/messages/*/reasoning_content'],
  },
  {
    ...BASE,
    ...CAREFUL,
    name: 'mistral',
    source:
      'errors of api.mistral.ai: 422 `extra_forbidden` for what it does not know, 400 for call ids (github.com/editor-code-assistant/eca/issues/231, github.com/nearai/ironclaw/issues/1241); mistralai/client-python docs/models/chatcompletionrequest.md (fields); read 2026-11-21',
    hosts: /(?:^|\.)mistral\.ai$/,
    callIds: NINE,
    efforts: { none: 'none', minimal: 'low', low: 'low', medium: 'medium', high: 'high', xhigh: 'high', max: 'high' },
    lacks: [...OF_OPENAI, 'logprobs', 'stream_options', 'top_logprobs', 'user'],
  },
  {
    ...BASE,
    name: 'openrouter',
    source: 'openrouter.ai/docs, "Reasoning Tokens" (read 2026-11-21)',
    hosts: /(?:^|\.)openrouter\.ai$/,
    instructions: 'system',
    efforts: { ...OPENAI_EFFORTS, max: 'xhigh' },
    reasoning: { field: 'reasoning', replay: 'tool-turns' },
    lacks: OF_OPENAI,
    extras: ['/messages/*/reasoning', '/messages/*/reasoning_details'],
  },
  {
    ...BASE,
    name: 'groq',
    source: 'groq/groq-python, types of the chat completions (007affd and 0681348, read 2026-11-21)',
    hosts: /(?:^|\.)groq\.com$/,
    instructions: 'system',
    efforts: COMMON_EFFORTS,
    reasoning: { field: 'reasoning', replay: 'tool-turns' },
    lacks: [...OF_OPENAI, 'logprobs', 'top_logprobs'],
    extras: ['/messages/*/reasoning'],
  },
  { ...LLAMA_SERVER, name: 'llama-server', instructions: 'system' },
  // For templates such as Mistral's, which want call ids of nine characters as well.
  { ...LLAMA_SERVER, ...CAREFUL, name: 'llama-server-strict', callIds: NINE },
  {
    ...BASE,
    ...CAREFUL,
    name: 'minimax',
    source:
      'platform.minimax.io, "OpenAI API" (thoughts, which must be preserved); java.agentscope.io, "MiniMax" (max_tokens, no efforts); read 2026-11-21',
    hosts: /(?:^|\.)minimax\.io$|(?:^|\.)minimaxi\.com$/,
    maxTokens: 'max_completion_tokens',
    efforts: {},
    reasoning: { field: 'content', replay: 'always' },
    lacks: OF_OPENAI,
  },
  // For any server without a parser of thoughts, such as vllm without `--reasoning-parser`, or llama-server with `--reasoning-format none`.
  {
    ...BASE,
    ...CAREFUL,
    name: 'think-tags',
    source:
      'docs.vllm.ai, "Reasoning Outputs" (v0.26.0): without a parser the thoughts stay in the content; read 2026-11-21',
    efforts: COMMON_EFFORTS,
    reasoning: { field: 'content', replay: 'tool-turns' },
    lacks: OF_OPENAI,
  },
  {
    ...BASE,
    ...CAREFUL,
    name: 'vllm',
    source: 'docs.vllm.ai, "Reasoning Outputs" (v0.26.0) and "Interleaved Thinking" (v0.17.1); read 2026-11-21',
    efforts: COMMON_EFFORTS,
    reasoning: { field: 'reasoning', replay: 'tool-turns' },
    lacks: OF_OPENAI,
    extras: ['/messages/*/reasoning'],
  },
  {
    ...BASE,
    ...CAREFUL,
    name: 'ollama',
    source: 'ollama/ollama openai/openai.go (00988753), which knows no other fields; read 2026-11-21',
    hosts: /(?:^|\.)ollama\.com$|:11434$/,
    efforts: COMMON_EFFORTS,
    reasoning: { field: 'reasoning', replay: 'tool-turns' },
    // JPEG, PNG and WebP in data URLs.
    images: 'data',
    lacks: [...OF_OPENAI, 'logprobs', 'parallel_tool_calls', 'top_logprobs', 'user'],
    extras: ['/messages/*/reasoning'],
  },
];
