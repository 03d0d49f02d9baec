import type { EntryJoin } from '../cassette/format.ts';
import type { RecordedExchange } from '../cassette/legs.ts';
import { classify } from '../route/endpoints.ts';
import { reportAnswer } from './answer-hop.ts';
import { viewAnswer } from './answer-view.ts';
import { finding, type HopFinding } from './finding.ts';
import { answerHeaderFindings, requestHeaderFindings } from './headers-hop.ts';
import { requestFindings } from './request-hop.ts';

/** What the gateway did to one exchange. */
export interface HopReport {
  exchange: string;
  /** `POST /v1/responses → 200`. */
  request: string;
  /** `responses -> chat`; absent where nothing of a protocol was said on one of the sides. */
  hop?: string;
  /** How sure it is that the two sides belong together: the least sure one of all attempts. */
  join?: EntryJoin;
  /** The provider did not give a whole answer, and the gateway does not hide it: in one sentence. */
  broke?: string;
  /** The provider's stream was over too soon to tell whether the gateway held it back. */
  tooShort?: true;
  /** How often the gateway asked the provider. */
  attempts: number;
  findings: HopFinding[];
  /** What could not be compared, and why. */
  notJudged: string[];
}

/** Whether an exchange comes of a recording around a gateway. */
export function isAround({ client, attempts }: RecordedExchange): boolean {
  return client._join !== undefined || client._unasked === true || attempts.some(({ _join }) => _join !== undefined);
}

/**
 * Says what a gateway dropped, changed, held back or made up. Only what the cassette shows is named: where two sides were joined by
 * nothing but their order, their contents are not compared.
 */
export function explainHop(exchange: RecordedExchange): HopReport {
  const { client, attempts } = exchange;
  const base = { exchange: exchange.id, request: requestLine(exchange), attempts: attempts.length };
  if (client._unasked) return { ...base, findings: [unaskedFinding(exchange)], notJudged: [] };
  const last = attempts.at(-1);
  if (!last) return { ...base, ...(client._join ? { join: client._join } : {}), ...withoutUpstream(exchange) };
  const join = leastSure(attempts.flatMap(({ _join }) => (_join ? [_join] : [])));
  const sides = {
    ...(client._protocol && last._protocol ? { hop: `${client._protocol} -> ${last._protocol}` } : {}),
    ...(join ? { join } : {}),
  };
  const repeats = repeatFindings(exchange);
  if (join?.certainty === 'guess') {
    const notJudged = ['requests and answers: nothing but the time says that the two sides belong together'];
    return { ...base, ...sides, findings: repeats, notJudged };
  }
  const [asked, answered] = [requestFindings(exchange, 1), reportAnswer(exchange, attempts.length)];
  const notJudged = [
    ...(asked ? [] : ['the request: it is of no protocol that is compared, or no JSON']),
    ...(answered ? [] : ['the answer: one of the two sides has none, or none of a protocol that is compared']),
  ];
  const findings = [
    ...(asked ?? []),
    ...requestHeaderFindings(client, attempts[0]!),
    ...(answered?.findings ?? []),
    ...answerHeaderFindings(last, client),
    ...repeats,
  ];
  const { broke, tooShort } = answered ?? {};
  const rest = { ...(broke === undefined ? {} : { broke }), ...(tooShort ? { tooShort } : {}) };
  return { ...base, ...sides, ...rest, findings, notJudged };
}

const SURENESS: Record<EntryJoin['certainty'], number> = { guess: 0, likely: 1, certain: 2 };

function leastSure(joins: readonly EntryJoin[]): EntryJoin | undefined {
  return joins.reduce<EntryJoin | undefined>(
    (least, join) => (least && SURENESS[least.certainty] <= SURENESS[join.certainty] ? least : join),
    undefined,
  );
}

function requestLine({ client }: RecordedExchange): string {
  const { method, url } = client.request;
  const { status } = client.response;
  const path = url.replace(/^https?:\/\/[^/]*/, '').replace(/\?.*$/, '');
  return `${method} ${path} → ${status === 0 ? 'no answer' : status}`;
}

function isGenerating({ client }: RecordedExchange): boolean {
  const { endpoint } = classify(client.request.method, client.request.url);
  return ['responses', 'chat.completions', 'messages', 'responses.compact'].includes(endpoint);
}

function unaskedFinding(exchange: RecordedExchange): HopFinding {
  const harm = isGenerating(exchange) ? 'It costs tokens that no client asked for.' : undefined;
  const note = 'The gateway asked the provider for this by itself.';
  return finding('extra', 'upstream requests', requestLine(exchange), { note, harm });
}

function withoutUpstream(exchange: RecordedExchange): Pick<HopReport, 'findings' | 'notJudged'> {
  const { status } = exchange.client.response;
  if (status === 0) return { findings: [], notJudged: ['the answer: there is none, and the provider was not asked'] };
  if (exchange.client._producer.how === 'error')
    return { findings: [], notJudged: ['the gateway: it could not be reached'] };
  if (status >= 300) {
    const message = viewAnswer(exchange)?.summary.error?.message;
    const note = 'The gateway refused this itself; the provider was not asked.';
    const harm = isGenerating(exchange) ? 'The client gets no answer of a model.' : undefined;
    return {
      findings: [finding('invented', 'answer', `status ${status}`, { after: message, note, harm })],
      notJudged: [],
    };
  }
  const note = 'The gateway answered this itself; the provider was not asked.';
  const harm = isGenerating(exchange) ? 'No model wrote this answer.' : undefined;
  return { findings: [finding('invented', 'answer', 'the whole answer', { note, harm })], notJudged: [] };
}

/** Attempts beyond the first. */
function repeatFindings({ attempts }: RecordedExchange): HopFinding[] {
  if (attempts.length < 2) return [];
  const words = attempts.map(({ response, _outcome }) => {
    const status = response.status === 0 ? 'no answer' : String(response.status);
    return _outcome === 'complete' ? status : `${status}, ${_outcome}`;
  });
  const wasted = attempts
    .slice(0, -1)
    .filter(({ response, _outcome }) => response.status < 300 && response.status > 0 && _outcome === 'complete');
  const harm =
    wasted.length > 0 ? 'An answer that was there was asked for again, or was not given to the client.' : undefined;
  const note = `The provider was asked ${attempts.length} times for one request of the client: ${words.join('; ')}.`;
  return [finding('extra', 'upstream requests', 'repeats', { note, harm })];
}
