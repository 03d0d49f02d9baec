import { checkCompleted } from './completed.ts';
import { hasChange } from './drift.ts';
import { asFields } from './items.ts';
import { disconnected, TEXT } from './messages.ts';
import { readStream, type StreamReading, type Terminal } from './stream.ts';
import type { CodexAnswer, CodexSettings, CodexVerdict } from './types.ts';
import { breakStream, fail, neverCompleted, retryStream, withItems } from './verdict.ts';

interface Context {
  version: string;
  answer: CodexAnswer;
  settings: CodexSettings;
  reading: StreamReading;
}

/** What Codex does with a 2xx answer to a turn. Measured, scenarios m-*, e-* and i-*. */
export function judgeTurn(version: string, answer: CodexAnswer, settings: CodexSettings): CodexVerdict {
  const reading = readStream(version, answer, settings.idleTimeoutMs);
  return judgeReading({ version, answer, settings, reading });
}

/** The verdict over a stream that was read already. */
export function judgeReading(context: Context): CodexVerdict {
  const { reading } = context;
  const verdict = BY_TERMINAL[reading.terminal.kind](context);
  return withItems(verdict, reading);
}

const BY_TERMINAL: Record<Terminal['kind'], (context: Context) => CodexVerdict> = {
  completed: judgeCompleted,
  failed: judgeFailed,
  incomplete: judgeIncomplete,
  idle: judgeIdle,
  none: judgeUnfinished,
};

function judgeCompleted({ reading, settings }: Context): CodexVerdict {
  if (reading.terminal.kind !== 'completed') throw new TypeError('not a completed stream');
  const { data, event } = reading.terminal;
  const fault = checkCompleted(data, event);
  if (fault) {
    const reason = `Codex cannot read response.completed: ${fault.text}`;
    return breakStream(settings, fault.rule, reason, `failed to parse ResponseCompleted: ${fault.text}`);
  }
  const shown = reading.items.some((item) => item.runs || (item.type === 'message' && item.text !== ''));
  if (shown)
    return { action: 'accept', rule: 'codex.accept', reason: 'complete, and something to show or to run', items: [] };
  return judgeSilent(reading, asFields(event.response)?.output);
}

/** Completed, exit code 0, and the user sees nothing: the faults that no error message tells of. */
function judgeSilent(reading: StreamReading, output: unknown): CodexVerdict {
  const silent = (rule: string, reason: string): CodexVerdict => ({ action: 'silent', rule, reason, items: [] });
  if (reading.remarks.length > 0) {
    return silent(
      'codex.silent.items-dropped',
      `Codex dropped every item: ${reading.remarks.map((r) => r.reason).join('; ')}`,
    );
  }
  if (reading.outputItems > 0) {
    return silent('codex.silent.nothing-to-show', 'no item of the answer holds text or a tool call');
  }
  if (Array.isArray(output) && output.length > 0) {
    return silent(
      'codex.silent.only-in-completed',
      'no response.output_item.done came: the output stands only in response.completed, where Codex does not look',
    );
  }
  if ([...reading.counts.keys()].some((type) => type.endsWith('.delta'))) {
    return silent(
      'codex.silent.deltas-only',
      'deltas came, but no response.output_item.done; Codex takes items from there alone',
    );
  }
  return silent('codex.silent.empty', 'the answer holds no output at all');
}

/** Codes of `response.failed` that end the turn, with the text that Codex shows. */
const FINAL_CODES: Record<string, { rule: string; text: (message: string) => string }> = {
  context_length_exceeded: { rule: 'codex.failed.context-length', text: () => TEXT.contextLength },
  insufficient_quota: { rule: 'codex.failed.quota', text: () => TEXT.quota },
  invalid_prompt: { rule: 'codex.failed.invalid-prompt', text: (message) => message },
  server_is_overloaded: { rule: 'codex.failed.overloaded', text: () => TEXT.atCapacity },
};

function judgeFailed({ reading, settings, version }: Context): CodexVerdict {
  const error = asFields(asFields(eventOf(reading).response)?.error);
  if (!error) {
    return breakStream(
      settings,
      'codex.failed.no-error',
      'response.failed without an error object is repeated',
      TEXT.failedEvent,
    );
  }
  const code = typeof error.code === 'string' ? error.code : '';
  const message = typeof error.message === 'string' ? error.message : '';
  const final = Object.hasOwn(FINAL_CODES, code) ? FINAL_CODES[code] : undefined;
  if (final) {
    return fail({ rule: final.rule, reason: `response.failed with ${code} is final`, message: final.text(message) });
  }
  if (code === 'rate_limit_exceeded') return judgeRateLimit(version, settings, message);
  return breakStream(settings, 'codex.failed.other', `response.failed with ${code || 'no code'} is repeated`, message);
}

function judgeRateLimit(version: string, settings: CodexSettings, message: string): CodexVerdict {
  const text = hasChange(version, 'names-rate-limit') ? `rate limit exceeded: ${message}` : disconnected(message);
  const reason = 'a rate limit in response.failed is repeated, after the time that its message names';
  return retryStream(settings, { rule: 'codex.failed.rate-limit', reason, message: text }, tryAgainMs(message));
}

/** "try again in 1.2s" or "in 300ms": Codex reads the pause out of the text. */
function tryAgainMs(message: string): number | undefined {
  const found = /try again in (\d+(?:\.\d+)?)\s*(ms|s)/i.exec(message);
  if (!found) return undefined;
  return Math.round(Number(found[1]) * (found[2]?.toLowerCase() === 'ms' ? 1 : 1000));
}

function judgeIncomplete({ reading, settings, version }: Context): CodexVerdict {
  const details = asFields(asFields(eventOf(reading).response)?.incomplete_details);
  const cause = typeof details?.reason === 'string' ? details.reason : 'unknown';
  const text = `Incomplete response returned, reason: ${cause}`;
  const rule = cause === 'max_output_tokens' ? 'codex.incomplete.length' : 'codex.incomplete.other';
  // A filter may let the next answer through; with any other reason it would be cut again.
  if (cause !== 'content_filter' && hasChange(version, 'incomplete-length-is-final'))
    return fail({ rule, reason: `response.incomplete for ${cause} is final`, message: text });
  return breakStream(settings, rule, `response.incomplete (${cause}) is repeated`, text);
}

function judgeIdle({ reading, settings }: Context): CodexVerdict {
  const gapMs = reading.terminal.kind === 'idle' ? reading.terminal.gapMs : 0;
  const reason = `no event with data for ${Math.round(gapMs)} ms (the limit is ${settings.idleTimeoutMs}); comments do not count`;
  return breakStream(settings, 'codex.stream.idle', reason, TEXT.idle);
}

function eventOf(reading: StreamReading): Record<string, unknown> {
  return 'event' in reading.terminal ? reading.terminal.event : {};
}

/** A stream without an event that decides it: first how the body ended, then what it held instead. */
function judgeUnfinished({ answer, settings, reading }: Context): CodexVerdict {
  if (answer.end !== 'complete') {
    const reason = 'the connection broke before response.completed';
    return breakStream(settings, 'codex.stream.broken', reason, TEXT.bodyBroke);
  }
  const [rule, reason] = UNFINISHED.find(([, , fits]) => fits(reading)) ?? CLOSED;
  return neverCompleted(settings, rule, reason);
}

const CLOSED = ['codex.stream.closed', 'the stream ended before response.completed'] as const;

/** What stands in a stream that never completed, the most telling first. All get the same message from Codex. */
const UNFINISHED: readonly [rule: string, reason: string, fits: (reading: StreamReading) => boolean][] = [
  [
    'codex.stream.no-final-blank-line',
    'response.completed is there, but no blank line ends it, so it is never read',
    ({ rest }) => rest?.text.includes('"response.completed"') === true && /^data:/m.test(rest.text),
  ],
  [
    'codex.stream.response-done',
    'response.done came in place of response.completed; Codex does not know it',
    ({ counts }) => counts.has('response.done'),
  ],
  [
    'codex.stream.chat-chunks',
    'the stream holds Chat Completions chunks, not Responses events',
    ({ sawChatChunk }) => sawChatChunk,
  ],
  [
    'codex.stream.error-event',
    'an error stands in the stream, but Codex does not read error events: its message is lost',
    ({ sawError }) => sawError !== undefined,
  ],
  [
    'codex.stream.no-type',
    'the data lacks "type"; the event: line alone is not read',
    ({ counts }) => counts.has('(no type)'),
  ],
  [
    'codex.body.not-a-stream',
    'the body is not an event stream: Codex always asks for one and finds no event in it',
    ({ counts, rest }) => counts.size === 0 && rest !== undefined && rest.text.trim() !== '',
  ],
];
