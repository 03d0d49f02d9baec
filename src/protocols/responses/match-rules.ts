import type { FieldRules } from '../match-rule.ts';

/**
 * Responses requests, compact requests included. What is volatile is measured on the requests of Codex 0.113.0, 0.122.0
 * and 0.169.0: the same prompt, sent twice, differs in these fields and in what is scrubbed from texts.
 */
export const RESPONSES_MATCH_RULES: FieldRules = [
  { path: '/model', rule: 'static' },
  // The session's UUID in Codex; new in every session, kept by `exec resume`.
  { path: '/prompt_cache_key', rule: 'live', session: true },
  { path: '/safety_identifier', rule: 'live' },
  { path: '/user', rule: 'live' },
  // Ids of installation, session, thread and turn, a start time, and in a git work tree its commit and remotes.
  { path: '/client_metadata', rule: 'ignore' },
  // Codex from 0.146 on gives every item an id of its own and sends the server's back.
  { path: '/input/*/id', rule: 'live' },
  { path: '/input/*/call_id', rule: 'call-id' },
  { path: '/input/*/encrypted_content', rule: 'static' },
  // Codex 0.169 with a provider named "OpenAI": turn id and creation time of each item.
  { path: '/input/*/internal_chat_message_metadata_passthrough', rule: 'ignore' },
];

/** Answers, for a comparison of two: documents, and the events of streams. What the server makes up anew for each is live. */
export const RESPONSES_ANSWER_RULES: FieldRules = ['', '/response']
  .flatMap(
    (place): FieldRules => [
      { path: `${place}/id`, rule: 'live' },
      { path: `${place}/created_at`, rule: 'live' },
      { path: `${place}/completed_at`, rule: 'live' },
      { path: `${place}/previous_response_id`, rule: 'live' },
      { path: `${place}/prompt_cache_key`, rule: 'live' },
      { path: `${place}/safety_identifier`, rule: 'live' },
      { path: `${place}/output/*/id`, rule: 'live' },
      { path: `${place}/output/*/call_id`, rule: 'call-id' },
    ],
  )
  .concat([
    { path: '/item_id', rule: 'live' },
    { path: '/item/id', rule: 'live' },
    { path: '/item/call_id', rule: 'live' },
    // Padding of random length.
    { path: '/obfuscation', rule: 'ignore' },
  ]);
