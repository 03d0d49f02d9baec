import type { Entry } from '../cassette/format.ts';
import { legOf, type RecordedExchange } from '../cassette/legs.ts';
import type { AnswerSummary, ToolCall, Usage } from '../report/answer-summary.ts';
import { fieldsOf } from '../report/fields.ts';
import type { Protocol } from '../util/types.ts';
import { type AnswerView, type Ending, viewAnswer } from './answer-view.ts';
import { sameArguments } from './calls.ts';
import { finding, type HopFinding } from './finding.ts';
import { requestJson, squeeze } from './sketch.ts';
import { streamFindings } from './stream-hop.ts';
import { isTooShort, timingFindings } from './timing.ts';

/** What became of an answer on its way to the client. */
export interface AnswerReport {
  findings: HopFinding[];
  /** It was not whole from the start, and the client can see that: one sentence. */
  broke?: string;
  /** It was streamed, and over too soon to tell whether it was held back. */
  tooShort?: true;
}

/** Undefined where one of the two sides is missing. */
export function reportAnswer(exchange: RecordedExchange, attempt: number): AnswerReport | undefined {
  const [source, target] = [viewAnswer(exchange, attempt), viewAnswer(exchange)];
  if (!source || !target) return undefined;
  const broke = tellBroken(exchange, source, target);
  const tooShort = source.isStream && target.isStream && isTooShort(source.leg);
  return {
    findings: answerFindings(exchange, source, target),
    ...(broke === undefined ? {} : { broke }),
    ...(tooShort ? { tooShort } : {}),
  };
}

const BROKEN: Partial<Record<NonNullable<Entry['_end']>['how'], string>> = {
  reset: 'was broken off by a reset of the connection',
  timeout: 'did not go on in time',
};

/** What the provider did to its own answer, and how the client gets to know. */
function tellBroken(exchange: RecordedExchange, source: AnswerView, target: AnswerView): string | undefined {
  if (!source.isStream || source.ending !== undefined || exchange.outcome === 'client-aborted') return undefined;
  const how = source.isWhole ? undefined : source.leg.entry._end?.how;
  const what =
    how === undefined ? 'ended without saying that the answer is complete' : (BROKEN[how] ?? 'broke off in the middle');
  if (target.ending === 'failed') return `The provider's stream ${what}; the gateway told the client with an error.`;
  const isPassedOn = target.ending === undefined && target.isWhole === source.isWhole;
  return isPassedOn ? `The provider's stream ${what}; the gateway passed that on.` : undefined;
}

function answerFindings(exchange: RecordedExchange, source: AnswerView, target: AnswerView): HopFinding[] {
  // Who leaves does not get the rest, and nobody can say what it would have been.
  if (exchange.outcome === 'client-aborted') return timingOf(source, target);
  if (source.status >= 400 || target.status >= 400) return refusalFindings(source, target);
  const isSame = source.protocol === target.protocol && source.isStream === target.isStream;
  return [
    ...formFindings(source, target),
    ...(isSame ? streamFindings(source, target) : []),
    ...contentFindings(source.summary, target.summary),
    ...modelFindings(source.summary, target.summary, fieldsOf(requestJson(legOf(exchange, 'client-request'))).model),
    ...callFindings(source.summary.toolCalls, target.summary.toolCalls),
    ...usageFindings(source, target, wantsUsage(exchange, target.protocol)),
    ...endFindings(source, target),
    ...timingOf(source, target),
  ];
}

function timingOf(source: AnswerView, target: AnswerView): HopFinding[] {
  return source.isStream && target.isStream ? timingFindings(source.leg, target.leg) : [];
}

function refusalFindings(source: AnswerView, target: AnswerView): HopFinding[] {
  const found: HopFinding[] = [];
  if (source.status !== target.status) {
    const harm =
      target.status < 400
        ? 'An error looks like an answer.'
        : 'Clients decide by the status whether and when they ask again.';
    found.push(finding('changed', 'answer', 'status', { before: source.status, after: target.status, harm }));
  }
  const message = source.summary.error?.message;
  const told = squeeze(target.leg.body?.text ?? '');
  if (
    message !== undefined &&
    !told.includes(squeeze(message)) &&
    !told.includes(squeeze(JSON.stringify(message).slice(1, -1)))
  ) {
    const after = target.summary.error?.message ?? target.leg.body?.text ?? '';
    found.push(
      finding('dropped', 'answer', 'error message', {
        before: message,
        after,
        harm: 'The user is not told what the provider said.',
      }),
    );
  }
  const [code, now] = [source.summary.error?.code, target.summary.error?.code];
  if (source.protocol === target.protocol && code !== undefined && code !== now)
    found.push(
      finding(now === undefined ? 'dropped' : 'changed', 'answer', 'error code', { before: code, after: now }),
    );
  return found;
}

function formFindings(source: AnswerView, target: AnswerView): HopFinding[] {
  const found: HopFinding[] = [];
  if (source.status !== target.status)
    found.push(finding('changed', 'answer', 'status', { before: source.status, after: target.status }));
  return found;
}

function contentFindings(before: AnswerSummary, after: AnswerSummary): HopFinding[] {
  const found: HopFinding[] = [];
  if (before.text !== after.text && before.text.trim() === after.text.trim()) {
    const note = `White space at its ends: ${before.text.length} characters became ${after.text.length}.`;
    found.push(finding('changed', 'answer', 'text', { note }));
  } else if (before.text !== after.text) {
    const isLess = before.text.includes(after.text);
    const isMore = !isLess && after.text.includes(before.text);
    const note = `${before.text.length} characters became ${after.text.length}.`;
    const harm = isLess ? 'A part of the answer is missing.' : 'The client gets another text than the model wrote.';
    found.push(
      finding(isLess ? 'lost' : isMore ? 'invented' : 'changed', 'answer', 'text', {
        before: before.text,
        after: after.text,
        note,
        harm,
      }),
    );
  }
  if (before.reasoning !== '' && after.reasoning === '')
    found.push(
      finding('lost', 'answer', 'reasoning', {
        before: before.reasoning,
        note: `${before.reasoning.length} characters.`,
      }),
    );
  return found;
}

/** The name that the client asked for is the right one to give back. */
function modelFindings({ model: was }: AnswerSummary, { model: is }: AnswerSummary, asked: unknown): HopFinding[] {
  if (was === undefined || is === undefined || was === is || is === asked) return [];
  return [finding('changed', 'answer', 'model', { before: was, after: is })];
}

function callFindings(before: readonly ToolCall[], after: readonly ToolCall[]): HopFinding[] {
  const found: HopFinding[] = [];
  let renamed = 0;
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const [was, is] = [before[i], after[i]];
    const path = `call ${i + 1}`;
    if (!was)
      found.push(
        finding('invented', 'answer', path, {
          after: `${is!.name}(${is!.arguments})`,
          harm: 'The client runs what the model did not ask for.',
        }),
      );
    else if (!is)
      found.push(
        finding('lost', 'answer', path, {
          before: `${was.name}(${was.arguments})`,
          harm: 'The client does not run what the model asked for.',
        }),
      );
    else {
      if (!isSameName(was.name, is.name))
        found.push(
          finding('changed', 'answer', `${path} name`, {
            before: was.name,
            after: is.name,
            harm: 'The client does not know this tool, unless it is its own name for it.',
          }),
        );
      if (!sameArguments(was.arguments, is.arguments))
        found.push(
          finding('changed', 'answer', `${path} arguments`, {
            before: was.arguments,
            after: is.arguments,
            harm: 'The client runs something else than the model asked for.',
          }),
        );
      if (was.callId !== is.callId) renamed += 1;
    }
  }
  if (renamed > 0)
    found.push(
      finding('changed', 'answer', 'ids of calls', { note: `${renamed} of ${before.length} calls have other ids.` }),
    );
  return found;
}

/** A gateway gives a tool the name back that the client knows it by: `a__b` upstream is `a.b`, or `b`. */
function isSameName(upstream: string, client: string): boolean {
  const [a, b] = [upstream, client].map((name) => name.toLowerCase().replace(/[^a-z0-9]/g, ''));
  return a === b || a!.endsWith(b!) || b!.endsWith(a!) || (a!.length >= 20 && b!.startsWith(a!.slice(0, 20)));
}

/** A Chat client gets usage in a stream only where it asks for it. */
function wantsUsage(exchange: RecordedExchange, protocol: Protocol): boolean {
  if (protocol !== 'chat') return true;
  const body = fieldsOf(requestJson(legOf(exchange, 'client-request')));
  return body.stream !== true || fieldsOf(body.stream_options).include_usage === true;
}

function usageFindings(source: AnswerView, target: AnswerView, wanted: boolean): HopFinding[] {
  const [before, after] = [source.summary.usage, target.summary.usage];
  const harm = 'Clients count tokens by it, and decide by it when to compact a conversation.';
  if (before === undefined && after === undefined) return [];
  if (before === undefined)
    return [finding('invented', 'answer', 'usage', { after, note: 'The provider gave none.', harm })];
  if (after === undefined)
    return wanted && target.ending !== undefined ? [finding('lost', 'answer', 'usage', { before, harm })] : [];
  const differs = (['input', 'output'] as const).filter((name) => !isSameCount(name, before, after));
  if (differs.length === 0) return [];
  return [
    finding('changed', 'answer', 'usage', {
      before,
      after,
      note: `Other counts of ${differs.join(' and ')} tokens.`,
      harm,
    }),
  ];
}

/** Messages counts cached tokens beside the input, the others within it; a count that was not given cannot be another one. */
function isSameCount(name: 'input' | 'output', before: Usage, after: Usage): boolean {
  const [was, is] = [before[name], after[name]];
  if (was === undefined || is === undefined || was === is) return true;
  if (name === 'output') return false;
  const cached = Math.max(before.cached ?? 0, after.cached ?? 0);
  // Tokens that were written to the cache are counted apart in Messages too, and are not told by all.
  return is === was + cached || is === was - cached || Math.abs(is - was) <= cached;
}

const HARM_OF_CUT = 'What is there looks like the whole answer, and the client goes on with a part of it.';

function endFindings(source: AnswerView, target: AnswerView): HopFinding[] {
  const [before, after] = [source.ending, target.ending];
  const isGood = (ending: Ending | undefined) => ending === 'complete' || ending === 'tools';
  if (source.isStream && before === undefined && isGood(after)) {
    const note = `The provider's stream ended ${source.isWhole ? 'without saying that the answer is complete' : 'in the middle'}.`;
    return [
      finding('invented', 'stream', 'end of the answer', { after: target.summary.finish, note, harm: HARM_OF_CUT }),
    ];
  }
  if (source.isStream && before === undefined && after === undefined && !source.isWhole && target.isWhole) {
    const note =
      "The provider's stream broke off; the gateway ended its own as if nothing was wrong, without an error.";
    return [
      finding('changed', 'stream', 'end of the answer', {
        note,
        harm: 'Clients that do not look for the terminal event take a part for the whole.',
      }),
    ];
  }
  if (before === undefined) return [];
  if (after === undefined) {
    const harm =
      'Codex repeats the whole request: "stream closed before response.completed"; other clients report a broken answer.';
    return target.isStream || target.document !== undefined
      ? [finding('lost', 'stream', 'end of the answer', { before: source.summary.finish, harm })]
      : [];
  }
  // Responses has no word for an end by tool calls.
  if (before === after || (isGood(before) && isGood(after))) return [];
  const harm =
    before === 'failed' ? 'An error looks like an answer.' : 'The client is told another reason for the end.';
  return [
    finding('changed', 'answer', 'end of the answer', {
      before: source.summary.finish ?? before,
      after: target.summary.finish ?? after,
      harm,
    }),
  ];
}
