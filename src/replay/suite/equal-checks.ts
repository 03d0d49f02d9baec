import { legOf } from '../../cassette/legs.ts';
import type { CheckResult } from '../../report/results/model.ts';
import type { Outcome } from '../../util/types.ts';
import { compareDocuments, compareStreams } from './compare.ts';
import {
  broken,
  type CheckContext,
  failed,
  failureOf,
  notApplicable,
  passed,
  type Subject,
  subjectOf,
} from './result.ts';
import { readableBody } from './translation.ts';

/** Outcomes with which a client need not have got all that came from upstream. */
const EARLY: Readonly<Partial<Record<Outcome, string>>> = {
  'client-aborted': 'the client went away before the end',
  'recorder-killed': 'the recording ended before the exchange did',
};

/** `passthrough.equal`: the request of each attempt, and the answer that the client got. */
export function checkPassthrough(context: CheckContext): CheckResult[] {
  const check = 'passthrough.equal';
  const { exchange } = context;
  const { attempts } = exchange;
  if (attempts.length === 0) return [notApplicable({ check }, 'there is no upstream side')];
  const requests = attempts.map((attempt) => {
    const subject = subjectOf(check, { name: 'upstream-request', entry: attempt });
    return whyNotPassed(attempt._producer) ?? checkRequest(context, subject);
    function whyNotPassed(producer: typeof attempt._producer): CheckResult | undefined {
      const reason = whyOther(producer);
      return reason === undefined ? undefined : notApplicable(subject, reason);
    }
  });
  const subject: Subject = { check, leg: 'client-response' };
  const reason =
    whyOther(exchange.client._producer) ??
    (exchange.client.response.status === 0 ? 'no answer went to the client' : undefined);
  return [...requests, reason === undefined ? checkAnswer(context, subject) : notApplicable(subject, reason)];
}

function whyOther({ name, how = '' }: { name: string; how?: string }): string | undefined {
  if (name !== 'tapedeck') return `it was made by ${name}`;
  if (how === 'passthrough') return undefined;
  return how === 'error' ? 'Tapedeck answered with an error of its own' : `it was translated (${how})`;
}

function checkRequest(context: CheckContext, subject: Subject): CheckResult {
  const { exchange, retranslator } = context;
  const attempt = exchange.attempts.find(({ _attempt }) => _attempt === subject.attempt)!;
  const sent = readableBody(legOf(exchange, 'client-request'));
  const got = readableBody(legOf(exchange, 'upstream-request', subject.attempt));
  if (!sent.ok || !got.ok) return notApplicable(subject, whyUnread(sent) ?? whyUnread(got)!);
  // A rule of --map may have given the model another name.
  const made = attempt._producer.model === undefined ? undefined : retranslator.request(exchange, attempt);
  if (made && !made.ok)
    return 'fault' in made ? broken(context, subject, made.fault) : notApplicable(subject, made.reason);
  return compareBytes(context, subject, made ? made.value.prepared.body : sent.value, got.value);
}

function checkAnswer(context: CheckContext, subject: Subject): CheckResult {
  const { exchange } = context;
  const upstream = legOf(exchange, 'upstream-response');
  const client = legOf(exchange, 'client-response');
  const sent = readableBody(upstream);
  const got = readableBody(client);
  if (!sent.ok || !got.ok) return notApplicable(subject, whyUnread(sent) ?? whyUnread(got)!);
  const [before, after] = [upstream!.entry.response.status, client!.entry.response.status];
  if (before !== after) {
    return broken(context, subject, `the status is ${after} and was ${before} upstream`, {
      expected: String(before),
      actual: String(after),
    });
  }
  const early = EARLY[client!.entry._outcome];
  if (early !== undefined && got.value.length < sent.value.length && startsWith(sent.value, got.value)) {
    return passed(subject, [`${early}; the client had been told the same up to there`]);
  }
  return compareBytes(context, subject, sent.value, got.value);
}

function compareBytes(context: CheckContext, subject: Subject, before: Uint8Array, after: Uint8Array): CheckResult {
  if (Buffer.compare(before, after) === 0) return passed(subject);
  const [expected, actual] = [before, after].map((bytes) => Buffer.from(bytes).toString());
  const streamed = /^(?:event|data):/.test(expected!);
  const compared = (streamed ? compareStreams : compareDocuments)(expected!, actual!);
  if (compared.how === 'unknowable') return notApplicable(subject, compared.reason);
  if (compared.how === 'equal') return passed(subject, ['equal but for the numbers of placeholders']);
  const { message, ...rest } = compared.difference;
  return failed(subject, [failureOf(context, subject.check, { message: `${subject.leg}: ${message}`, ...rest })]);
}

function startsWith(whole: Uint8Array, start: Uint8Array): boolean {
  return Buffer.compare(whole.subarray(0, start.length), start) === 0;
}

function whyUnread(body: { ok: boolean; reason?: string; fault?: string }): string | undefined {
  return body.ok ? undefined : (body.reason ?? body.fault);
}
