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
