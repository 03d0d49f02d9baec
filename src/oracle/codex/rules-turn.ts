import type { RuleFacts } from './rules.ts';

/** Rules about what a turn's answer holds. */
export const TURN_RULES: Record<string, RuleFacts> = {
  'codex.accept': {
    does: 'accept',
    when: 'complete, with something to show or to run',
    evidence: ['a-provider', 'e-exec'],
  },

  'codex.silent.items-dropped': {
    does: 'silent',
    when: 'complete, but every item of the answer was dropped',
    evidence: ['m-content-text', 'e-args-object'],
  },
  'codex.silent.nothing-to-show': {
    does: 'silent',
    when: 'complete, with items that hold neither text nor a call',
    evidence: [],
    note: 'follows from what was seen with m-completed-only',
  },
  'codex.silent.deltas-only': {
    does: 'silent',
    when: 'deltas alone, without `response.output_item.done`',
    evidence: [],
    note: 'm-added-deltas-nodone, whose `response.completed` holds the output as well',
  },
  'codex.silent.only-in-completed': {
    does: 'silent',
    when: 'no `response.output_item.done`; the output stands in `response.completed`',
    evidence: ['e-only-in-completed', 'm-deltas-only', 'm-added-deltas-nodone'],
  },
  'codex.silent.empty': { does: 'silent', when: 'complete without any output', evidence: ['m-completed-only'] },

  'codex.item.content-part': {
    does: 'drop',
    when: 'a message has a content part of another type than `output_text` (`text`, `refusal`)',
    evidence: ['m-content-text', 'm-content-refusal'],
  },
  'codex.item.content-not-array': {
    does: 'drop',
    when: "a message's content is no array of parts",
    evidence: ['m-content-string'],
  },
  'codex.item.no-call-id': { does: 'drop', when: 'a call without `call_id`', evidence: ['e-no-callid'] },
  'codex.item.arguments-not-string': {
    does: 'drop',
    when: 'arguments are an object instead of a string of JSON',
    evidence: ['e-args-object'],
  },
  'codex.item.no-name': {
    does: 'drop',
    when: 'a call lacks its name, or a custom call its input',
    evidence: [],
    note: "both are required members of Codex's own item schema",
  },
  'codex.item.local-shell': {
    does: 'drop',
    when: '`local_shell_call`, from 0.146 on (0.122.0 still runs it)',
    evidence: ['e-local-shell'],
  },
  'codex.item.function-apply-patch': {
    does: 'refuse',
    when: '`apply_patch` comes as `function_call`, from 0.146 on: "aborted", no file changes',
    evidence: ['e-apply-patch-function'],
  },
  'codex.item.compaction-content': {
    does: 'drop',
    when: 'a `compaction` item without `encrypted_content`',
    evidence: [],
    note: "a required member of Codex's own item schema",
  },
  'codex.item.unknown-type': {
    does: 'drop',
    when: 'an item of a type that Codex does not know',
    evidence: ['e-unknown-item'],
  },

  'codex.completed.no-id': {
    does: 'retry',
    when: '`response.completed` without `response.id`',
    evidence: ['m-completed-noid'],
  },
  'codex.completed.usage-missing': {
    does: 'retry',
    when: 'usage without `input_tokens`, `output_tokens` or `total_tokens`, or with a details object that lacks its count',
    evidence: ['m-usage-chatstyle', 'm-usage-nototal', 'm-usage-emptydetails'],
  },
  'codex.completed.usage-type': {
    does: 'retry',
    when: 'a count in usage is no number',
    evidence: [],
    note: 'same parser as codex.completed.usage-missing',
  },
  'codex.completed.integer-as-float': {
    does: 'retry',
    when: 'a count in usage is written as `12.0` or `1e3`',
    evidence: [],
    note: 'seen with 0.169.0 in a probe of its own: "invalid number"',
  },

  'codex.failed.context-length': {
    does: 'fail',
    when: '`response.failed` with `context_length_exceeded`',
    evidence: ['i-failed-context'],
  },
  'codex.failed.quota': {
    does: 'fail',
    when: '`response.failed` with `insufficient_quota`',
    evidence: ['i-failed-quota'],
  },
  'codex.failed.invalid-prompt': {
    does: 'fail',
    when: '`response.failed` with `invalid_prompt`',
    evidence: ['i-failed-invalid'],
  },
  'codex.failed.overloaded': {
    does: 'fail',
    when: '`response.failed` with `server_is_overloaded`',
    evidence: ['i-failed-overloaded'],
  },
  'codex.failed.rate-limit': {
    does: 'retry',
    when: '`response.failed` with `rate_limit_exceeded`, after the "try again in …" of its message',
    evidence: ['i-failed-ratelimit'],
  },
  'codex.failed.no-error': {
    does: 'retry',
    when: '`response.failed` with a null error',
    evidence: ['i-failed-nullerror'],
  },
  'codex.failed.other': { does: 'retry', when: '`response.failed` with any other code', evidence: ['i-failed-server'] },
  'codex.incomplete.length': {
    does: 'by version',
    when: '`response.incomplete` for `max_output_tokens`: repeated, final from 0.164 on',
    evidence: ['i-incomplete-maxtok'],
  },
  'codex.incomplete.other': {
    does: 'by version',
    when: '`response.incomplete` for `content_filter`: repeated; for any other reason repeated, and final from 0.164 on',
    evidence: ['i-incomplete-filter'],
  },

  'codex.stream.idle': {
    does: 'retry',
    when: 'no event with data for `stream_idle_timeout_ms` (300 s); comments do not count',
    evidence: ['i-idle', 'i-idle-comments'],
  },
  'codex.stream.broken': {
    does: 'retry',
    when: 'the connection broke before `response.completed`',
    evidence: ['i-trunc-reset-once'],
  },
  'codex.stream.closed': {
    does: 'retry',
    when: 'the stream ended in order before `response.completed`',
    evidence: ['i-trunc-clean', 'i-trunc-after-call-once'],
  },
  'codex.stream.no-final-blank-line': {
    does: 'retry',
    when: 'no blank line after `response.completed`',
    evidence: ['m-nofinal-blank'],
  },
  'codex.stream.response-done': {
    does: 'retry',
    when: '`response.done` in place of `response.completed`',
    evidence: ['m-response-done'],
  },
  'codex.stream.chat-chunks': { does: 'retry', when: 'Chat Completions chunks', evidence: ['m-chat-chunks'] },
  'codex.stream.error-event': {
    does: 'retry',
    when: 'an `error` event, or an error object without type: its message is lost',
    evidence: ['i-error-event', 'i-error-nested'],
  },
  'codex.stream.no-type': { does: 'retry', when: 'data without `type`', evidence: ['m-event-lines-notype'] },
  'codex.body.not-a-stream': { does: 'retry', when: 'a body without any event', evidence: ['m-nonstream'] },
  'codex.body.coded': { does: 'retry', when: 'a body with a content coding', evidence: ['m-gzip'] },
  'codex.body.not-utf8': {
    does: 'retry',
    when: 'a body that is not UTF-8',
    evidence: [],
    note: 'the same error as m-gzip, where the header was not looked at',
  },
};
