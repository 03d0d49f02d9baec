import type { RuleFacts } from './rules.ts';

/** Rules about statuses, connections, compactions and lists of models. */
export const HTTP_RULES: Record<string, RuleFacts> = {
  'codex.http.400': { does: 'fail', when: '400: the body is the message', evidence: ['i-400'] },
  'codex.http.401': { does: 'retry', when: '401', evidence: ['i-401'] },
  'codex.http.401-refresh': {
    does: 'retry',
    when: '401 with a ChatGPT login or `auth.command`: a new token, once, at once (not in 0.113)',
    evidence: ['n-authcommand-401', 'd-chatgpt-401refresh'],
  },
  'codex.http.4xx': {
    does: 'retry',
    when: 'any other 4xx, by the stream layer',
    evidence: ['i-402', 'i-403', 'i-404-html', 'i-413', 'i-415'],
  },
  'codex.http.model-not-found': {
    does: 'fail',
    when: '404 with `model_not_found`, from 0.166 on (before: like any 404)',
    evidence: ['i-404'],
  },
  'codex.http.429-final': {
    does: 'fail',
    when: 'any 429, before 0.162',
    evidence: ['i-429', 'i-429-once', 'i-429-quota', 'i-retry-after-date'],
  },
  'codex.http.429-retry-after': {
    does: 'retry',
    when: '429 with `retry-after`, from 0.162 on, after that time',
    evidence: ['i-429', 'i-429-once', 'i-retry-after-date'],
  },
  'codex.http.429-no-retry-after': {
    does: 'fail',
    when: '429 without `retry-after` (`retry-after-ms` does not count)',
    evidence: ['i-retry-after-ms'],
  },
  'codex.http.429-quota': {
    does: 'fail',
    when: '429 with `insufficient_quota`, from 0.146 on (before: like any 429)',
    evidence: ['i-429-quota'],
  },
  'codex.http.429-usage-limit': { does: 'fail', when: '429 with `usage_limit_reached`', evidence: ['i-429-usage'] },
  'codex.http.500': {
    does: 'retry',
    when: '500, by both layers; the body is not shown',
    evidence: ['i-500', 'i-500-once'],
  },
  'codex.http.5xx': {
    does: 'retry',
    when: 'any other 5xx, by both layers; a 503 with `retry-after` after that time, from 0.162 on',
    evidence: ['i-502', 'i-503', 'i-529'],
  },
  'codex.http.overloaded': {
    does: 'retry',
    when: '503 with `server_is_overloaded`, by the request layer only',
    evidence: ['i-503-overloaded'],
  },
  'codex.http.redirect': {
    does: 'retry',
    when: '307 or 308: followed, with the body',
    evidence: ['m-redirect307'],
    note: '308 by the HTTP standard; not captured',
  },
  'codex.network.refused': {
    does: 'retry',
    when: 'nothing listens there, before 0.146; by both layers',
    evidence: [],
    note: 'i-conn-refused of 0.113.0 and 0.122.0: exit 1 after 24 s; no exchange to hold',
  },
  'codex.network.waits': {
    does: 'hang',
    when: 'nothing listens there, from 0.146 on: "waiting for network"',
    evidence: [],
    note: 'i-conn-refused of 0.169.0: no end within 60 s; no exchange to hold',
  },
  'codex.network.reset': {
    does: 'retry',
    when: 'the connection breaks before a response head, by both layers',
    evidence: ['i-conn-reset', 'i-conn-reset-once'],
  },
  'codex.network.no-head': {
    does: 'hang',
    when: 'no response head: there is no time limit for it',
    evidence: [],
    note: 'i-slow-headers: a head after 4 s with an idle timeout of 1.5 s is accepted',
  },

  'codex.socket.prewarm': {
    does: 'retry',
    when: 'anything but `response.completed` for a `response.create` with `generate: false`',
    evidence: [],
    note: 'i-ws-noprewarm of fixtures/websocket, 0.122.0 and 0.169.0: a new connection with the whole request, exit 0',
  },
  'codex.socket.connection-limit': {
    does: 'retry',
    when: 'an `error` message with `websocket_connection_limit_reached`',
    evidence: [],
    note: 'h-ws-limit-reached of fixtures/websocket, 0.122.0 and 0.169.0: a new connection with the whole request, exit 0',
  },
  'codex.socket.previous-not-found': {
    does: 'retry',
    when: 'an `error` message with `previous_response_not_found`, from 0.146 on (before: like any 400)',
    evidence: [],
    note: 'h-ws-no-prewarm-id of fixtures/websocket: 0.122.0 ends with the message, 0.169.0 sends everything again',
  },
  'codex.compact.items': {
    does: 'fail',
    when: 'an inline compaction with no or several `compaction` items',
    evidence: ['g-compact-v2-wrongitems'],
  },
  'codex.compact.http': {
    does: 'fail',
    when: 'a compaction answered with 400, or `/responses/compact` with any 4xx',
    evidence: ['g-compact-404'],
  },
  'codex.compact.shape': {
    does: 'fail',
    when: '`/responses/compact` answered with anything but JSON with `output`',
    evidence: [],
    note: 'the answers that were accepted all had it (g-compact-openai)',
  },

  'codex.models.shape': {
    does: 'silent',
    when: '`GET /models` without `models`, e.g. the public list shape',
    evidence: ['n-authcommand'],
  },
  'codex.models.entry': {
    does: 'silent',
    when: 'an entry of `models` lacks a required member: the whole list is ignored',
    evidence: [],
    note: 'found by probing 0.169.0 with one member less at a time',
  },
  'codex.models.status': {
    does: 'silent',
    when: '`GET /models` with an error status',
    evidence: ['n-models-builtin-404'],
  },
};
