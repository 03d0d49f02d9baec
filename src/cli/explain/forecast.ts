import { legOf, type RecordedExchange } from '../../cassette/legs.ts';
import { recordedAnswer } from '../../oracle/codex/answer.ts';
import { judgeAnswer } from '../../oracle/codex/judge.ts';
import { type CodexRequestKind, requestKindOf } from '../../oracle/codex/request.ts';
import { planPauses } from '../../oracle/codex/session.ts';
import type { CodexAnswer, CodexSettings, CodexVerdict } from '../../oracle/codex/types.ts';
import { codexVersionOf } from '../../oracle/codex/version.ts';
import { fromHarHeaders, headerValue } from '../../util/headers.ts';
import { readEvents } from '../../validate/diagnose/events.ts';
import type { Forecast } from '../../validate/diagnose/types.ts';

/** Silence before the client left from which on its idle timer is taken to be the reason, in milliseconds. */
const IDLE_FROM_MS = 1000;

/**
 * What Codex does with a recorded answer. Undefined when the client is not Codex (and no version is given), when the
 * request decides nothing about a turn, and when the client left by itself: then it does not wait for anything.
 * @param version overrides the one in the user agent
 */
export function forecastFor(exchange: RecordedExchange, version: string | undefined): Forecast | undefined {
  const { request } = exchange.client;
  const headers = fromHarHeaders(request.headers);
  const codex = version ?? codexVersionOf(headers);
  const asked = requestKindOf(request.method, request.url, legOf(exchange, 'client-request')?.body?.text);
  if (codex === undefined || !asked) return undefined;
  const answer = recordedAnswer(exchange, legOf(exchange, 'client-response'));
  const settings = {
    refreshableToken: headerValue(headers, 'chatgpt-account-id') !== undefined,
    ...(asked.form ? { compactForm: asked.form } : {}),
  };
  const left = exchange.client._end?.by === 'client' && exchange.client._end.how !== 'complete';
  const verdict = left ? judgeLeft(codex, asked, answer, settings) : judgeAnswer(codex, asked.kind, answer, settings);
  return verdict && toForecast(codex, asked, verdict, settings);
}

/** Codex closes the connection when it has what it needs, when its idle timer ran out, or because it was stopped. */
function judgeLeft(
  version: string,
  asked: CodexRequestKind,
  answer: CodexAnswer,
  settings: Partial<CodexSettings>,
): CodexVerdict | undefined {
  const verdict = judgeAnswer(version, asked.kind, answer, settings);
  if (verdict.rule !== 'codex.stream.broken') return answer.status === 0 ? undefined : verdict;
  const last = readEvents(answer.chunks, '').events.at(-1);
  const gapMs = answer.endMs - (last?.ms ?? answer.headMs);
  return gapMs < IDLE_FROM_MS
    ? undefined
    : judgeAnswer(version, asked.kind, answer, { ...settings, idleTimeoutMs: gapMs });
}

function toForecast(
  version: string,
  { kind, form }: CodexRequestKind,
  verdict: CodexVerdict,
  settings: Partial<CodexSettings>,
): Forecast {
  const { action, rule, reason, message, remarks = [] } = verdict;
  return {
    client: `Codex ${version}`,
    kind,
    ...(form ? { form } : {}),
    action,
    rule,
    reason,
    ...(message === undefined ? {} : { message }),
    pauses: planPauses(verdict, settings),
    remarks,
  };
}
