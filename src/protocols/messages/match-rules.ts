import type { FieldRules } from '../match-rule.ts';

/** Messages requests, token counts included. */
export const MESSAGES_MATCH_RULES: FieldRules = [
  { path: '/model', rule: 'static' },
  // Claude Code puts account, installation and session ids here.
  { path: '/metadata/user_id', rule: 'live', session: true },
  // `id` of `tool_use` and of the server tools' blocks; no other block of a request has one.
  { path: '/messages/*/content/*/id', rule: 'call-id' },
  { path: '/messages/*/content/*/tool_use_id', rule: 'call-id' },
  { path: '/messages/*/content/*/signature', rule: 'static' },
];

/** Answers, for a comparison of two: documents, and the events of streams. What the server makes up anew for each is live. */
export const MESSAGES_ANSWER_RULES: FieldRules = [
  { path: '/id', rule: 'live' },
  { path: '/request_id', rule: 'live' },
  { path: '/message/id', rule: 'live' },
  { path: '/content/*/id', rule: 'call-id' },
  { path: '/content/*/tool_use_id', rule: 'call-id' },
  { path: '/content_block/id', rule: 'live' },
  { path: '/content_block/tool_use_id', rule: 'live' },
];
