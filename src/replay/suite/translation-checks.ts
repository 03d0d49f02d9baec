import type { Entry } from '../../cassette/format.ts';
import { type Leg, legOf } from '../../cassette/legs.ts';
import type { CheckId } from '../../report/results/checks.ts';
import type { CheckResult, Failure } from '../../report/results/model.ts';
import { concatBytes } from '../../util/bytes.ts';
import type { Loss } from '../../util/types.ts';
import { type Comparison, compareDocuments, compareStreams } from './compare.ts';
import type { ExpectedResult } from './expected.ts';
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
import { splitsOf } from './splits.ts';
import {
  type Made,
  type MadeAnswer,
  type MadeRequest,
  madeTokenCount,
  readableBody,
  recordedReads,
  sourceEnd,
} from './translation.ts';

const NO_UPSTREAM = 'there is no upstream side';
const ONE_PROTOCOL = 'both sides speak the same protocol';

/** `request.translation`: a result an attempt. */
export function checkRequestTranslation(context: CheckContext): CheckResult[] {
  const check = 'request.translation';
  const { attempts } = context.exchange;
  if (attempts.length === 0) return [notApplicable({ check, leg: 'upstream-request' }, NO_UPSTREAM)];
  return attempts.map((attempt) => {
    const subject = subjectOf(check, { name: 'upstream-request', entry: attempt });
    const made = translated(context, attempt);
    if (!made.ok) return unmade(context, subject, made);
    const recorded = recordedText(legOf(context.exchange, 'upstream-request', attempt._attempt));
    if (!recorded.ok) return unmade(context, subject, recorded);
    const text = made.value.prepared.body.toString();
    return judge(context, subject, { text: recorded.value }, { text }, compareDocuments);
  });
}

/** `response.translation`: an answer that came whole. */
export function checkResponseTranslation(context: CheckContext): CheckResult[] {
  const subject: Subject = { check: 'response.translation', leg: 'client-response' };
  const tokens = madeTokenCount(context.exchange);
  const found = tokens === undefined ? answerOf(context) : undefined;
  if (found && !found.ok) return [unmade(context, subject, found)];
  if (found?.value.streamed) return [notApplicable(subject, 'the answer is a stream')];
  const recorded = recordedText(legOf(context.exchange, 'client-response'));
  if (!recorded.ok) return [unmade(context, subject, recorded)];
  const { status } = context.exchange.client.response;
  const made = found
    ? context.retranslator.whole(context.exchange, found.value.attempt, found.value.request)
    : { ok: true as const, value: { status: 200, text: tokens!, losses: [] } };
  if (!made.ok) return [unmade(context, subject, made)];
  const streamed = /^(?:event|data):/.test(made.value.text);
  const compare = streamed ? compareStreams : compareDocuments;
  return [judge(context, subject, { status, text: recorded.value }, made.value, compare)];
}

/** `stream.translation`: for the reads as they were recorded, then for other splits of the same bytes. */
export function checkStreamTranslation(context: CheckContext): CheckResult[] {
  const subject: Subject = { check: 'stream.translation', leg: 'client-response' };
  const { exchange, retranslator, options } = context;
  const found = answerOf(context);
  if (!found.ok) return [unmade(context, subject, found)];
  if (!found.value.streamed) return [notApplicable(subject, 'the answer came whole')];
  const recorded = recordedText(legOf(exchange, 'client-response'));
  if (!recorded.ok) return [unmade(context, subject, recorded)];
  const { attempt, request, source } = found.value;
  const reads = recordedReads(source);
  const made = upTo(recorded.value, attempt, retranslator.recordedStream(exchange, attempt, request, source));
  const { status } = exchange.client.response;
  const first = judge(context, subject, { status, text: recorded.value }, made, compareStreams, 'as recorded');
  if (first.verdict !== 'passed') return [first];
  const failures: Failure[] = [];
  let more = 0;
  for (const split of splitsOf(concatBytes(reads), options.splits)) {
    const { text } = upTo(made.text, attempt, retranslator.stream(exchange, attempt, request, split.chunks()));
    // What a split must not change is what the recorded reads give; that this is right was judged before.
    if (text === made.text) continue;
    if (failures.length >= SHOWN_SPLITS) more += 1;
    else failures.push(splitFailure(context, made.text, text, split.name));
  }
  if (failures.length === 0) return [first];
  if (more > 0) failures.at(-1)!.message += ` (and with ${more} more splits)`;
  return [failed(subject, failures)];
}

/** A client that went away did not get what was translated for it last. */
function upTo(recorded: string, attempt: Entry, made: MadeAnswer): MadeAnswer {
  const left = sourceEnd(attempt) === undefined && made.text.startsWith(recorded);
  return left ? { ...made, text: recorded } : made;
}

/** Failing splits that are told one by one. */
const SHOWN_SPLITS = 4;

/** `losses.equal`: those of all attempts' requests and of the answer, in the order in which they were told. */
export function checkLosses(context: CheckContext): CheckResult[] {
  const subject: Subject = { check: 'losses.equal' };
  const { exchange, retranslator } = context;
  if (exchange.attempts.length === 0) return [notApplicable(subject, NO_UPSTREAM)];
  const losses: Loss[] = [];
  const requests = exchange.attempts.map((attempt) => retranslator.request(exchange, attempt));
  for (const made of requests) {
    if (!made.ok) return [unmade(context, subject, made)];
    losses.push(...made.value.prepared.losses);
  }
  if (requests.every((made) => made.ok && made.value.passed)) return [notApplicable(subject, ONE_PROTOCOL)];
  if (exchange.outcome === 'recorder-killed')
    return [notApplicable(subject, 'the recording ended before the exchange did')];
  const found = answerOf(context);
  if (found.ok) {
    const { attempt, request, source, streamed } = found.value;
    const made: Made<MadeAnswer> = streamed
      ? { ok: true, value: retranslator.recordedStream(exchange, attempt, request, source) }
      : retranslator.whole(exchange, attempt, request);
    if (!made.ok) return [unmade(context, subject, made)];
    losses.push(...made.value.losses);
  }
  const recorded = JSON.stringify(exchange.client._losses ?? []);
  return [judge(context, subject, { text: recorded }, { text: JSON.stringify(losses) }, compareDocuments)];
}

interface Answer {
  attempt: Entry;
  request: MadeRequest;
  /** The upstream's answer. */
  source: Leg;
  streamed: boolean;
}

/** The upstream's answer that the client's was made of, and the request that it answers. */
function answerOf(context: CheckContext): Made<Answer> {
  const { exchange, retranslator } = context;
  const attempt = exchange.attempts.at(-1);
  if (!attempt) return { ok: false, reason: NO_UPSTREAM };
  const request = translated(context, attempt);
  if (!request.ok) return request;
  const { _producer: producer, response } = exchange.client;
  if (exchange.outcome === 'recorder-killed')
    return { ok: false, reason: 'the recording ended before the exchange did' };
  if (response.status === 0) return { ok: false, reason: 'no answer went to the client' };
  if (producer.how === 'error') return { ok: false, reason: 'Tapedeck answered with an error of its own' };
  const source = legOf(exchange, 'upstream-response', attempt._attempt);
  const body = readableBody(source);
  if (!body.ok) return body;
  const streamed = retranslator.isStreamed(exchange, attempt, request.value);
  return { ok: true, value: { attempt, request: request.value, source: source!, streamed } };
}

/** A request that really was translated. */
function translated({ exchange, retranslator }: CheckContext, attempt: Entry): Made<MadeRequest> {
  const made = retranslator.request(exchange, attempt);
  return made.ok && made.value.passed ? { ok: false, reason: ONE_PROTOCOL } : made;
}

function recordedText(leg: Leg | undefined): Made<string> {
  const body = readableBody(leg);
  if (!body.ok) return body;
  const text = leg?.body ? leg.body.text : '';
  return text === undefined ? { ok: false, reason: 'the body is no text' } : { ok: true, value: text };
}

function unmade(context: CheckContext, subject: Subject, made: Made<unknown> & { ok: false }): CheckResult {
  return 'fault' in made ? broken(context, subject, made.fault) : notApplicable(subject, made.reason);
}

/** Holds what was made against what is expected, which is what was recorded unless the expected file says otherwise. */
function judge(
  context: CheckContext,
  subject: Subject,
  recorded: ExpectedResult,
  made: ExpectedResult,
  compare: (recorded: string, made: string) => Comparison,
  split?: string,
): CheckResult {
  const { expected: book, exchange } = context;
  const name = subject.attempt === undefined ? subject.check : `${subject.check} ${subject.attempt}`;
  const kept = book.get(exchange.id, name);
  const against = kept ?? recorded;
  const found = compareResults(context, subject.check, against, made, compare, split);
  // What the recording says as well is left over; what it does not say holds, even if the translator has gone back to it.
  if (kept !== undefined && !sameResult(recorded, kept)) book.use(exchange.id, name);
  const sameAsRecorded = sameResult(recorded, made);
  if (book.updates && sameAsRecorded) book.drop(exchange.id, name);
  if (found === undefined) return passed(subject, kept ? [book.updates && sameAsRecorded ? DROPPED : KEPT] : []);
  if (typeof found === 'string') return notApplicable(subject, found);
  if (book.updates) {
    if (sameAsRecorded) return passed(subject, [DROPPED]);
    const { text, status } = made;
    book.set(exchange.id, name, { ...(status === undefined ? {} : { status }), text });
    return passed(subject, [`taken over as the expected result: ${found.message}`, ...(found.diff ?? [])]);
  }
  return failed(subject, [found]);
}

const KEPT = 'compared with the expected result, not with the recording';
const DROPPED = 'the recording says the same, so it has no expected result any more';

function sameResult(a: ExpectedResult, b: ExpectedResult): boolean {
  return a.text === b.text && (a.status ?? b.status) === (b.status ?? a.status);
}

/** Undefined: equal. A text: why that cannot be known. */
function compareResults(
  context: CheckContext,
  check: CheckId,
  against: ExpectedResult,
  made: ExpectedResult,
  compare: (recorded: string, made: string) => Comparison,
  split: string | undefined,
): Failure | string | undefined {
  const how = split === undefined ? {} : { split };
  if (against.status !== undefined && made.status !== undefined && against.status !== made.status) {
    const values = { expected: String(against.status), actual: String(made.status) };
    const message = `the status is ${made.status} and should be ${against.status}`;
    return failureOf(context, check, { message, pointer: '', ...values, ...how });
  }
  const compared = compare(against.text, made.text);
  if (compared.how === 'equal') return undefined;
  if (compared.how === 'unknowable') return compared.reason;
  return failureOf(context, check, { ...compared.difference, ...how });
}

function splitFailure(context: CheckContext, expected: string, actual: string, split: string): Failure {
  const compared = compareStreams(expected, actual);
  const difference =
    compared.how === 'different' ? compared.difference : { message: 'differs where a placeholder stands', pointer: '' };
  return failureOf(context, 'stream.translation', {
    ...difference,
    message: `split ${split}: ${difference.message}`,
    split,
  });
}
