import { headerValue } from '../../util/headers.ts';
import { all, any, byRule, bySaying, byStatus, type Cause, tellStatus, when } from './cause.ts';
import { seconds } from './ending.ts';
import type { ExchangeFacts } from './facts.ts';

const SERVER_ERROR = byStatus(500, 599);

/** Causes that lie with the provider or the way to it, and with limits. Most telling first. */
export const SERVER_CAUSES: readonly Cause[] = [
  {
    id: 'upstream.unreachable',
    level: 'broken',
    looks: 'nothing listens at the upstream, or its name or certificate is wrong',
    cause: 'The upstream could not be reached.',
    fix: 'Check --upstream: host, port, https or http, and the proxy in between.',
    source: 'recorded by the proxy',
    match: when(({ exchange, ending }) => exchange.outcome === 'refused' || ending.how === 'refused', tellEnd),
  },
  {
    id: 'upstream.timeout',
    level: 'broken',
    looks: 'a time limit towards the upstream ran out',
    cause: 'The upstream kept silent until a time limit ran out.',
    fix: 'Look at the upstream; models that think long need keep-alives with data (comments do not count for Codex).',
    source: 'recorded by the proxy',
    match: when(({ exchange, ending }) => exchange.outcome === 'timeout' || ending.how === 'timeout', tellEnd),
  },
  {
    id: 'limit.quota',
    level: 'broken',
    looks: '`insufficient_quota`, in a 429 or in `response.failed`',
    cause: 'The account has no quota left.',
    fix: 'Check plan and billing at the provider; repeating does not help.',
    source: 'i-429-quota, i-failed-quota',
    match: bySaying(/insufficient_quota/),
  },
  {
    id: 'limit.plan',
    level: 'broken',
    looks: '429 with `usage_limit_reached`',
    cause: 'The usage limit of the ChatGPT plan is reached.',
    fix: 'Wait until it resets, or use a key.',
    source: 'i-429-usage',
    match: bySaying(/usage_limit_reached/),
  },
  {
    id: 'limit.no-retry-after',
    level: 'broken',
    looks: '429 without `retry-after`',
    cause: 'A rate limit without a retry-after header: Codex gives up at once. (retry-after-ms does not count.)',
    fix: 'Let the gateway send retry-after, in seconds or as a date, and wait and repeat itself for versions before 0.162.',
    source: 'i-retry-after-ms, i-429-once',
    match: all(
      byStatus(429),
      when(({ answer }) => headerValue(answer.headers, 'retry-after') === undefined, tellStatus),
    ),
  },
  {
    id: 'limit.final-429',
    level: 'broken',
    looks: '429 with `retry-after`, and a Codex before 0.162',
    cause: 'A rate limit: this version of Codex gives up at the first 429, whatever retry-after says.',
    fix: 'Update Codex to 0.162 or later, or let the gateway wait and repeat.',
    source: 'i-429, i-429-once',
    match: byRule('codex.http.429-final'),
  },
  {
    id: 'limit.rate',
    level: 'broken',
    looks: '429 with `retry-after`, or `response.failed` with `rate_limit_exceeded`',
    cause: 'A rate limit; the client waits as it is told and repeats.',
    fix: 'Send less at once, or raise the limit.',
    source: 'i-429, i-failed-ratelimit',
    match: any(byStatus(429), bySaying(/rate_limit_exceeded/)),
  },
  {
    id: 'model.overloaded',
    level: 'broken',
    looks: '`server_is_overloaded` (503 or `response.failed`), `overloaded_error`, 529',
    cause: 'The model is at capacity.',
    fix: 'Wait, or take another model; map the code to a plain 503 with retry-after when Codex shall keep trying.',
    source: 'i-503-overloaded, i-failed-overloaded, i-529',
    match: any(bySaying(/server_is_overloaded|overloaded_error/), byStatus(529)),
  },
  {
    id: 'server.error-page',
    level: 'broken',
    looks: 'a web page (HTML) with a status of 500 or above',
    cause:
      'A web server or load balancer in between answered with its own error page: the API behind it is down or too slow.',
    fix: 'Look at that server: its upstream address and its timeouts.',
    source: 'i-502',
    match: all(
      SERVER_ERROR,
      when(({ answer }) => answer.isHtml, tellStatus),
    ),
  },
  {
    id: 'server.error',
    level: 'broken',
    looks: 'any other 5xx',
    cause: 'The server failed.',
    fix: 'Look at the upstream leg: whose error is it? (`tapedeck show … --leg upstream-response`)',
    source: 'i-500, i-503; Codex hides the body of a 500',
    match: SERVER_ERROR,
  },
  {
    id: 'client.error',
    level: 'broken',
    looks: 'any other 4xx',
    cause: 'The request was refused.',
    fix: 'Read what the answer says.',
    source: 'i-402; RFC 9110 section 15.5',
    match: byStatus(400, 499),
  },
];

function tellEnd({ ending }: ExchangeFacts): string {
  const detail = ending.detail === undefined ? '' : `: ${ending.detail}`;
  return `${ending.how} after ${seconds(ending.ms)}${detail}`;
}
