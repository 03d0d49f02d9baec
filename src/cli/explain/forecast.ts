import { legOf, type RecordedExchange } from '../../cassette/legs.ts';
import { createOf } from '../../cassette/messages.ts';
import { parseJson } from '../../decode/json.ts';
import { recordedAnswer } from '../../oracle/codex/answer.ts';
import { judgeAnswer } from '../../oracle/codex/judge.ts';
import { type CodexRequestKind, requestKindOf } from '../../oracle/codex/request.ts';
import { planPauses } from '../../oracle/codex/session.ts';
import type { CodexAnswer, CodexSettings, CodexVerdict } from '../../oracle/codex/types.ts';
import { codexVersionOf, MEASURED_VERSIONS } from '../../oracle/codex/version.ts';
import { fromUtf8 } from '../../util/bytes.ts';
import { fromHarHeaders, headerValue } from '../../util/headers.ts';
import { readEvents } from '../../validate/diagnose/events.ts';
import type { Forecast } from '../../validate/diagnose/types.ts';

/** Silence before the client left from which on its idle timer is taken to be the reason, in milliseconds. */
const IDLE_FROM_MS = 1000;

/**
 * What Codex does with a recorded answer. Undefined when the client is not Codex (and no version is given), when the
 * request decides nothing about a turn, when the client left by itself (then it does not wait for anything), and when the
 * recording was killed, so that nobody knows how the answer went on.
 * @param version overrides the one in the user agent
 */
export function forecastFor(exchange: RecordedExchange, version: string | undefined): Forecast | undefined {
  if (exchange.outcome === 'recorder-killed') return undefined;
  const { request } = exchange.client;
  const headers = fromHarHeaders(request.headers);
  const codex = version ?? codexVersionOf(headers);
  const { asked, prewarm } = readAsked(exchange);
  if (codex === undefined || !asked) return undefined;
  const answer = recordedAnswer(exchange, legOf(exchange, 'client-response'));
  const settings = {
    refreshableToken: headerValue(headers, 'chatgpt-account-id') !== undefined,
    ...(asked.form ? { compactForm: asked.form } : {}),
    ...(prewarm ? { prewarm } : {}),
  };
  const left = exchange.client._end?.by === 'client' && exchange.client._end.how !== 'complete';
  const verdict = left ? judgeLeft(codex, asked, answer, settings) : judgeAnswer(codex, asked.kind, answer, settings);
  return verdict && toForecast(codex, asked, verdict, settings);
}

/** Over WebSocket a message asks for what a POST asks for over HTTP. */
function readAsked(exchange: RecordedExchange): { asked: CodexRequestKind | undefined; prewarm: boolean } {
  const { method, url } = exchange.client.request;
  const leg = legOf(exchange, 'client-request');
  if (!leg?.messages) return { asked: requestKindOf(method, url, leg?.body?.text), prewarm: false };
  const create = createOf(leg.messages);
  const text = create && fromUtf8(create.data);
  const parsed = parseJson(text ?? '');
  const prewarm = parsed.ok && (parsed.value as { generate?: unknown } | null)?.generate === false;
  return { asked: text === undefined ? undefined : requestKindOf('POST', url, text), prewarm };
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
    client: nameOf(version),
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

/** Of other versions the oracle says what those before and after them do. */
function nameOf(version: string): string {
  const isMeasured = MEASURED_VERSIONS.some((measured) => measured === version);
  const range = `${MEASURED_VERSIONS[0]} to ${MEASURED_VERSIONS.at(-1)}`;
  return `Codex ${version}${isMeasured ? '' : ` (not measured; judged by ${range})`}`;
}
