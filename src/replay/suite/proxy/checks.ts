import type { Entry } from '../../../cassette/format.ts';
import { type Leg, legOf, type RecordedExchange } from '../../../cassette/legs.ts';
import type { CheckResult, Failure, Splits } from '../../../report/results/model.ts';
import type { Comparison } from '../compare.ts';
import { type CheckContext, failed, failureOf, notApplicable, passed, type Subject, subjectOf } from '../result.ts';
import type { Made } from '../translation.ts';
import {
  compareRequest,
  compareResponse,
  compareSplit,
  type ExpectedResponse,
  isSameResponse,
} from './compare-messages.ts';
import type { ProxyRun } from './host.ts';
import { type ProxyPlan, planRun } from './setup.ts';
import { proxySplits } from './splits.ts';
import type { AskedRequest } from './stage.ts';

/** An exchange that was run again. */
export interface Rerun {
  /** As it was recorded, with the requests that are expected in the place of recorded ones. */
  exchange: RecordedExchange;
  plan: ProxyPlan;
  run: ProxyRun;
}

/** Run once for both checks. */
function rerun(context: CheckContext): Promise<Made<Rerun>> {
  context.known.rerun ??= runAgain(context);
  return context.known.rerun;
}

async function runAgain(context: CheckContext): Promise<Made<Rerun>> {
  const { proxy, expired } = context;
  if (expired) return { ok: false, reason: 'the recording has expired' };
  const exchange = withExpected(context);
  const plan = planRun(exchange, proxy.header);
  if (!plan.ok) return plan;
  const run = await proxy.run(exchange, plan.value);
  return { ok: true, value: { exchange, plan: plan.value, run } };
}

/** A translated request that is expected to be another one than was recorded is asked for as that. */
function withExpected({ exchange, expected }: CheckContext): RecordedExchange {
  const isExpected = ({ _attempt }: Entry) =>
    expected.get(exchange.id, `request.translation ${_attempt}`) !== undefined;
  if (!exchange.attempts.some(isExpected)) return exchange;
  const attempts = exchange.attempts.map((attempt) => {
    const kept = expected.get(exchange.id, `request.translation ${attempt._attempt}`);
    if (!kept) return attempt;
    const mimeType = attempt.request.postData?.mimeType ?? '';
    return { ...attempt, request: { ...attempt.request, postData: { mimeType, text: kept.text } } };
  });
  return { ...exchange, attempts };
}

/** `proxy.request`: a result for each recorded attempt, and one for each request that was not recorded. */
export async function checkProxyRequest(context: CheckContext): Promise<CheckResult[]> {
  const check = 'proxy.request';
  const { attempts } = context.exchange;
  const made = await rerun(context);
  const subjects = attempts.map((entry) => subjectOf(check, { name: 'upstream-request', entry }));
  if (!made.ok) {
    const list: Subject[] = subjects.length > 0 ? subjects : [{ check, leg: 'upstream-request' }];
    return list.map((subject) => unmade(context, subject, made));
  }
  const { asked } = made.value.run;
  const known = asked.filter(({ attempt }) => attempts.some(({ _attempt }) => _attempt === attempt));
  const unknown = asked.filter(({ attempt }) => attempt === undefined);
  const results: CheckResult[] = [];
  for (const subject of subjects) {
    const request = known.find(({ attempt }) => attempt === subject.attempt) ?? unknown.shift();
    results.push(await judgeRequest(context, subject, made.value, request));
  }
  for (const [i, request] of unknown.entries()) {
    const subject: Subject = { check, leg: 'upstream-request', attempt: attempts.length + i + 1 };
    results.push(fails(context, subject, `${request.method} ${request.url} was sent, which nobody recorded`));
  }
  if (results.length > 0) return results;
  return [notApplicable({ check, leg: 'upstream-request' }, 'nothing went upstream, as was recorded')];
}

async function judgeRequest(
  context: CheckContext,
  subject: Subject,
  { exchange }: Rerun,
  asked: AskedRequest | undefined,
): Promise<CheckResult> {
  if (!asked) return notApplicable(subject, NOT_ASKED);
  const leg = legOf(exchange, 'upstream-request', subject.attempt)!;
  const text = context.expected.get(exchange.id, `request.translation ${subject.attempt}`)?.text;
  return verdict(context, subject, await compareRequest({ leg, text }, asked));
}

const NOT_ASKED = 'the proxy does not ask for it any more: the recording is left over';

/** Recorded attempts that the proxy did not ask for; none where it was not run. */
export async function unaskedAttempts(context: CheckContext): Promise<number[]> {
  const made = await context.known.rerun;
  if (!made?.ok) return [];
  const { asked } = made.value.run;
  const numbers = context.exchange.attempts.map(({ _attempt }) => _attempt ?? 1);
  return numbers.filter((number) => !asked.some(({ attempt }) => attempt === number));
}

/** How many recorded upstream calls were served. */
export async function servedCalls({ known }: CheckContext): Promise<number> {
  const made = await known.rerun;
  return made?.ok ? made.value.run.asked.filter(({ attempt }) => attempt !== undefined).length : 0;
}

/** `proxy.response`: what the client got, for the reads as they were recorded, then for other reads. */
export async function checkProxyResponse(context: CheckContext): Promise<CheckResult[]> {
  const subject: Subject = { check: 'proxy.response', leg: 'client-response' };
  const made = await rerun(context);
  if (!made.ok) return [unmade(context, subject, made)];
  const { run, exchange } = made.value;
  if (run.hung) return [fails(context, subject, 'the proxy did not end the exchange')];
  const missed = run.asked.find(({ attempt }) => attempt === undefined);
  if (missed) {
    const message = `upstream there is no answer to ${missed.method} ${missed.url}: proxy.request says what differs`;
    return [fails(context, subject, message)];
  }
  if (!run.response) return [fails(context, subject, 'no response came')];
  const expected = expectedResponse(context, legOf(exchange, 'client-response')!);
  const first = verdict(context, subject, await compareResponse(expected, run.response), 'as recorded');
  if (first.verdict !== 'passed') return [first];
  const failures = await splitFailures(context, made.value);
  return [failures.length > 0 ? failed(subject, failures) : first];
}

function expectedResponse({ exchange, expected }: CheckContext, leg: Leg): ExpectedResponse {
  const kept = expected.get(exchange.id, 'stream.translation') ?? expected.get(exchange.id, 'response.translation');
  const { _end: end, _producer: producer } = exchange.client;
  return {
    leg,
    text: kept?.text,
    losses: expected.get(exchange.id, 'losses.equal') === undefined,
    ...(kept?.status === undefined ? {} : { status: kept.status }),
    start: end?.by === 'client',
    cut: producer.how === 'passthrough' && end?.by === 'upstream' && end.how !== 'complete',
  };
}

async function splitFailures(context: CheckContext, { exchange, plan, run }: Rerun): Promise<Failure[]> {
  const splits = splitsFor(exchange, context.options.splits);
  const failures: Failure[] = [];
  for (const { name, cut } of splits) {
    const { response } = await context.proxy.run(exchange, plan, cut);
    if (isSameResponse(run.response!, response)) continue;
    const compared = compareSplit(run.response!, response);
    const difference =
      compared.how === 'different'
        ? compared.difference
        : { message: 'differs where a placeholder stands', pointer: '' };
    const message = `client-response, split ${name}: ${difference.message}`;
    failures.push(failureOf(context, 'proxy.response', { ...difference, message, split: name }));
  }
  return failures;
}

/** Where nothing came from upstream, or no more than a byte, there is nothing to split. */
function splitsFor(exchange: RecordedExchange, mode: Splits) {
  const length = Math.max(
    0,
    ...exchange.attempts.map(({ _attempt }) => {
      const body = legOf(exchange, 'upstream-response', _attempt)?.body;
      return (body?.wire ?? body?.decoded)?.length ?? 0;
    }),
  );
  return length < 2 ? [] : proxySplits(mode);
}

function verdict(context: CheckContext, subject: Subject, compared: Comparison, split?: string): CheckResult {
  if (compared.how === 'equal') return passed(subject);
  if (compared.how === 'unknowable') return notApplicable(subject, compared.reason);
  const { message, ...rest } = compared.difference;
  const how = split === undefined ? {} : { split };
  return failed(subject, [
    failureOf(context, subject.check, { ...rest, message: `${subject.leg}: ${message}`, ...how }),
  ]);
}

function fails(context: CheckContext, subject: Subject, message: string): CheckResult {
  return failed(subject, [failureOf(context, subject.check, { message: `${subject.leg}: ${message}`, pointer: '' })]);
}

function unmade(context: CheckContext, subject: Subject, made: Made<unknown> & { ok: false }): CheckResult {
  return 'fault' in made ? fails(context, subject, made.fault) : notApplicable(subject, made.reason);
}
