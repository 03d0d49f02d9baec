import type { AgainstCheckId } from '../../report/results/checks.ts';
import type { CheckResult } from '../../report/results/model.ts';
import { fromUtf8, isUtf8 } from '../../util/bytes.ts';
import { fromHarHeaders, headerPairs, headerValue } from '../../util/headers.ts';
import type { RawHeaders } from '../../util/types.ts';
import { showPair } from '../difference.ts';
import { unnumber } from '../placeholders.ts';
import { type Recording, recordingsOf, requestOf } from '../recording.ts';
import { routeOf } from '../request.ts';
import { compareRequests } from '../request-difference.ts';
import { failed, notApplicable, passed, type Subject } from '../suite/result.ts';
import { conclude, failure, NO_ANSWER, OTHER_STATUS, type PlayedExchange } from './conclude.ts';
import { judgeBody } from './judge-body.ts';
import type { UpstreamCall } from './stage.ts';

type Judge = (played: PlayedExchange) => CheckResult[];

export const JUDGES: Readonly<Record<AgainstCheckId, Judge>> = {
  'against.request': judgeRequests,
  'against.status': judgeStatus,
  'against.headers': judgeHeaders,
  'against.stream': (played) => judgeBody(played, 'against.stream'),
  'against.body': (played) => judgeBody(played, 'against.body'),
};

function judgeRequests(played: PlayedExchange): CheckResult[] {
  const check = 'against.request';
  const { exchange, calls, answer } = played;
  const recordings = recordingsOf(exchange, 'upstream');
  const fail = (attempt: number, rule: string, message: string) =>
    failed({ check, leg: 'upstream-request', attempt }, [
      { ...failure(played, check, { message }), rule: `${check}.${rule}` },
    ]);
  // A call that asked for something else stands for one that was not made.
  const others = calls.filter(({ attempt }) => attempt === undefined);
  const more = calls.filter(({ again }) => again);
  const results = recordings.map((recording) => {
    const { attempt = 1 } = recording;
    const call = calls.find((one) => one.attempt === attempt && !one.again) ?? others.shift();
    if (call) return judgeRequest(played, { check, leg: 'upstream-request', attempt }, recording, call);
    const status = answer.status === 0 ? 'did not answer' : `answered ${answer.status}`;
    if (calls.length === 0) return fail(attempt, 'never-called', `the gateway ${status} and never called the upstream`);
    return fail(
      attempt,
      'fewer-calls',
      `the upstream was called ${times(calls.length)}, and recorded are ${recordings.length}`,
    );
  });
  for (const [i, { request }] of [...more, ...others].entries()) {
    const message = `the upstream was called once more than recorded: ${request.method} ${request.target}`;
    results.push(fail(recordings.length + i + 1, 'more-calls', message));
  }
  return results.length > 0 ? results : [passed({ check })];
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function judgeRequest(played: PlayedExchange, subject: Subject, recording: Recording, call: UpstreamCall): CheckResult {
  const check = 'against.request';
  const { table, base } = played;
  const recorded = requestOf(recording)!;
  const routes = { recorded: routeOf(recorded, base), live: routeOf(call.request, base) };
  if (routes.recorded !== routes.live) {
    const message = `the upstream was asked for ${routes.live}, and recorded is ${routes.recorded}`;
    const places = { message, expected: routes.recorded, actual: routes.live };
    return failed(subject, [{ ...failure(played, check, places), rule: `${check}.path` }]);
  }
  const protocol = recording.entry._protocol;
  const { counts } = compareRequests(table.view(recorded, protocol), table.view(call.request, protocol), 'shape');
  return conclude(
    played,
    subject,
    counts.map(({ in: part, pointer, recorded: a, asked: b }) => ({
      message: part === 'query' ? 'the query differs' : `the request differs at ${pointer || 'the whole'}`,
      place: { pointer, a, b },
    })),
  );
}

function judgeStatus(played: PlayedExchange): CheckResult[] {
  const subject: Subject = { check: 'against.status', leg: 'client-response' };
  const { exchange, answer } = played;
  const expected = exchange.client.response.status;
  if (expected === 0) return [notApplicable(subject, NO_ANSWER)];
  if (answer.status === expected) return [passed(subject)];
  if (answer.status === 0) {
    const message = `no answer came: ${answer.broken}`;
    return [failed(subject, [failure(played, 'against.status', { message, expected: String(expected) })])];
  }
  const said = answer.body && isUtf8(answer.body) ? [`  ${fromUtf8(answer.body).slice(0, 300)}`] : [];
  return [
    failed(subject, [
      failure(played, 'against.status', {
        message: `the status is ${answer.status}, and recorded is ${expected}`,
        expected: String(expected),
        actual: String(answer.status),
        diff: [`- ${expected}`, `+ ${answer.status}`, ...said],
      }),
    ]),
  ];
}

/** Headers that clients act upon: what a body is, when to try again, and what Codex reads besides (docs/codex-agreement.md). */
const TELLING =
  /^(?:content-type|retry-after|retry-after-ms|openai-model|x-models-etag|x-reasoning-included|x-codex-.*)$/;

function judgeHeaders(played: PlayedExchange): CheckResult[] {
  const subject: Subject = { check: 'against.headers', leg: 'client-response' };
  const { exchange, answer } = played;
  const { status, headers } = exchange.client.response;
  if (status === 0) return [notApplicable(subject, NO_ANSWER)];
  if (answer.status !== status) return [notApplicable(subject, OTHER_STATUS)];
  const [recorded, live] = [tellingHeaders(fromHarHeaders(headers)), tellingHeaders(answer.headers)];
  const differences = [...new Set([...recorded.keys(), ...live.keys()])].flatMap((name) => {
    const [a, b] = [recorded.get(name), live.get(name)];
    if (a === b) return [];
    const pair = showPair(a, b);
    return [{ message: `the header ${name} differs`, place: { pointer: '', a: pair.recorded, b: pair.live } }];
  });
  return [conclude(played, subject, differences)];
}

function tellingHeaders(raw: RawHeaders): Map<string, string> {
  const names = headerPairs(raw).map(([name]) => name.toLowerCase());
  return new Map(
    [...new Set(names)]
      .filter((name) => TELLING.test(name))
      .map((name) => {
        const value = unnumber(headerValue(raw, name) ?? '');
        // Parameters such as `charset` change nothing: JSON and event streams are UTF-8.
        return [name, name === 'content-type' ? value.split(';')[0]!.trim().toLowerCase() : value];
      }),
  );
}
