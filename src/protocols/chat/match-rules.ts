import type { FieldRules } from '../match-rule.ts';

/** Chat Completions requests. */
export const CHAT_MATCH_RULES: FieldRules = [
  { path: '/model', rule: 'static' },
  { path: '/prompt_cache_key', rule: 'live', session: true },
  { path: '/safety_identifier', rule: 'live' },
  { path: '/user', rule: 'live' },
  { path: '/messages/*/tool_call_id', rule: 'call-id' },
  { path: '/messages/*/tool_calls/*/id', rule: 'call-id' },
];

/** Answers, for a comparison of two: documents and chunks. What the server makes up anew for each is live. */
export const CHAT_ANSWER_RULES: FieldRules = [
  { path: '/id', rule: 'live' },
  { path: '/created', rule: 'live' },
  { path: '/system_fingerprint', rule: 'live' },
  { path: '/choices/*/message/tool_calls/*/id', rule: 'call-id' },
  { path: '/choices/*/delta/tool_calls/*/id', rule: 'live' },
  // Padding of random length.
  { path: '/obfuscation', rule: 'ignore' },
];
