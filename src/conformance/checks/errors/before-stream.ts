import { errorText } from '../../../protocols/errors.ts';
import { type Check, type ConformanceProfile, EVERY_CLIENT } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import type { WireReply } from '../../harness/wire-client.ts';
import type { Answer, ReceivedRequest } from '../../script.ts';
import { readError } from '../shared/errors.ts';
import { startOf } from '../shared/words.ts';

export const ALL_CLIENTS: readonly ConformanceProfile[] = ['codex', 'open-responses', 'openai', 'anthropic'];

/** Stands in the provider's message and nowhere else. */
const MESSAGE = 'made-up failure of the provider';

/** What a provider may refuse a request with, and the classes of answers that tell the client the same. */
interface Failure {
  status: number;
  what: string;
  code: string;
  /** Statuses that lead a client to the same next step. */
  same: readonly number[];
  level: Check['level'];
}

/*
 * A client decides by the status whether it tries again: 429 and 5xx yes, other 4xx no (Codex 0.113.0 to 0.169.0 and both SDKs,
 * measured). 529 exists at Anthropic alone; elsewhere 503 says the same.
 */
const FAILURES: readonly Failure[] = [
  {
    status: 400,
    what: 'a request that the provider does not understand',
    code: 'invalid_request',
    same: [400, 422],
    level: 'must',
  },
  {
    status: 401,
    what: "a provider's refusal of the key",
    code: 'invalid_api_key',
    same: [401, 403, 500, 502],
    level: 'should',
  },
  { status: 403, what: 'a request that is not allowed', code: 'permission_denied', same: [401, 403], level: 'should' },
  { status: 404, what: 'a model that does not exist', code: 'model_not_found', same: [400, 404], level: 'must' },
  {
    status: 408,
    what: 'a request that the provider waited for too long',
    code: 'request_timeout',
    // The SDKs try again on it as on 5xx.
    same: [408, 500, 502, 503, 504],
    level: 'should',
  },
  {
    status: 413,
    what: 'a request that is too large for the provider',
    code: 'request_too_large',
    same: [400, 413],
    level: 'must',
  },
  {
    status: 422,
    what: 'a request that makes no sense to the provider',
    code: 'unprocessable',
    same: [400, 422],
    level: 'should',
  },
  { status: 429, what: 'a rate limit', code: 'rate_limit_exceeded', same: [429], level: 'must' },
  {
    status: 500,
    what: 'a failure of the provider',
    code: 'server_error',
    same: [500, 502, 503, 504, 529],
    level: 'must',
  },
  {
    status: 502,
    what: "a failure behind the provider's gateway",
    code: 'bad_gateway',
    same: [500, 502, 503, 504, 529],
    level: 'must',
  },
  {
    status: 503,
    what: 'an overloaded provider',
    code: 'server_is_overloaded',
    same: [500, 502, 503, 504, 529],
    level: 'must',
  },
  {
    status: 504,
    what: 'a provider that gave up waiting',
    code: 'timeout',
    same: [500, 502, 503, 504, 529],
    level: 'must',
  },
  {
    status: 529,
    what: "Anthropic's status of overload",
    code: 'overloaded',
    same: [500, 502, 503, 504, 529],
    level: 'must',
  },
];

/** The provider answers everything with an error. */
export function refuse(t: Trial, status: number, code: string, headers: Record<string, string> = {}): void {
  t.upstream.answer(
    (request: ReceivedRequest): Answer => ({
      kind: 'body',
      status,
      headers,
      body: errorText(request.protocol, { status, code, message: MESSAGE }),
    }),
  );
}

/** Notes what is wrong with the answer to a request that the provider refused. */
async function expectRefusal(t: Trial, reply: WireReply, { status, what, same }: Failure): Promise<void> {
  const text = await reply.text();
  const start = startOf(text, 300);
  const told = `${what} (${status}) reaches the client as ${reply.status}`;
  if (await failsInStream(t, reply)) {
    const message = `${told}, and as a failure in a stream that begins well`;
    t.expect(false, message, { where: 'answer', expected: same, actual: reply.status, lesser: true });
    return;
  }
  if (
    !t.expect(same.includes(reply.status), `${told}: ${start}`, {
      where: 'answer',
      expected: same,
      actual: reply.status,
    })
  )
    return;
  const error = readError(t.protocol, await reply.json());
  if (
    !t.expect(error !== undefined, `${told}, in a shape that the client does not know: ${start}`, {
      where: 'answer',
      lesser: true,
    })
  )
    return;
  t.expect(
    error?.message.includes(MESSAGE) ?? false,
    `${told}, and the provider's message is lost: ${error?.message}`,
    // The status is what a client goes by.
    { where: 'answer', lesser: true },
  );
}

/** Whether an answer began as a success before the provider was asked, and then says that it failed. */
async function failsInStream(t: Trial, reply: WireReply): Promise<boolean> {
  if (reply.status !== 200 || !/event-stream/.test(reply.header('content-type') ?? '')) return false;
  return (await t.read(reply)).ending === 'failed';
}

const STATUS_CHECKS = FAILURES.flatMap((failure) =>
  [true, false].map(
    (stream): Check => ({
      id: `errors.status.${failure.status}-${stream ? 'stream' : 'json'}`,
      revision: 2,
      requirement: `${failure.what[0]!.toUpperCase()}${failure.what.slice(1)} (${failure.status}) reaches a client that asked for ${stream ? 'a stream' : 'a document'} as what it is: the class of status, its own shape of errors, the provider's message.`,
      source:
        'Codex 0.113.0 to 0.169.0, measured, and the SDKs: the status decides about another try; API references, errors',
      level: stream ? failure.level : 'should',
      profiles: stream ? ALL_CLIENTS : ALL_CLIENTS.filter((profile) => profile !== 'codex'),
      needs: 'upstream',
      clients: EVERY_CLIENT,
      alone: 'provokes',
      async run(t) {
        refuse(t, failure.status, failure.code);
        await expectRefusal(t, await t.call({ body: t.prompt({ stream }) }), failure);
      },
    }),
  ),
);

/** What `retry-after` may be. A date is made of what the provider says, so that no clock is needed. */
const DELAYS = [
  // Short: a gateway may wait and ask again itself.
  { name: 'seconds', value: '2' },
  { name: 'date', value: 'Wed, 21 Oct 2037 07:28:00 GMT' },
] as const;

/** The same moment in the other form is as good: which one it is depends on a clock. */
const OTHER_FORM = { seconds: /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/, date: /^[1-9]\d*$/ } as const;

const DELAY_CHECKS = DELAYS.flatMap(({ name, value }) =>
  [429, 503].map(
    (status): Check => ({
      id: `errors.retry-after.${status}-${name}`,
      revision: 3,
      requirement: `The provider's Retry-After (${name}) on ${status} reaches the client.`,
      source:
        'RFC 9110 section 10.2.3; Codex and the SDKs wait that long, and otherwise try again at once; lost by five of the gateways that were measured',
      level: status === 429 ? 'must' : 'should',
      profiles: ALL_CLIENTS,
      needs: 'upstream',
      clients: EVERY_CLIENT,
      alone: 'provokes',
      async run(t) {
        refuse(t, status, 'rate_limit_exceeded', { 'retry-after': value });
        const reply = await t.call({ body: t.prompt() });
        await reply.bytes();
        const got = reply.header('retry-after');
        t.expect(
          OTHER_FORM[name].test(got ?? '') || got === value,
          `the provider said retry-after: ${value}, the client is told ${got ?? 'nothing'}`,
          {
            where: 'answer',
          },
        );
      },
    }),
  ),
);

/** Answers that are no API's: what stands in front of a provider says them. */
const STRANGE: readonly { name: string; what: string; answer: Answer }[] = [
  {
    name: 'web-page',
    what: 'a web page with 502',
    answer: {
      kind: 'body',
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<html><body>Bad Gateway</body></html>',
    },
  },
  { name: 'empty-body', what: '500 without a body', answer: { kind: 'body', status: 500, body: '' } },
  {
    name: 'string-error',
    what: '500 whose `error` is a string',
    answer: { kind: 'body', status: 500, body: { error: MESSAGE } },
  },
  {
    name: 'broken-json',
    what: '500 with half a JSON text',
    answer: { kind: 'body', status: 500, body: '{"error":{"mess' },
  },
  { name: 'reset', what: 'a connection that is reset before the head', answer: { kind: 'reset' } },
];

const STRANGE_CHECKS = STRANGE.map(
  ({ name, what, answer }): Check => ({
    id: `errors.strange.${name}`,
    revision: 1,
    requirement: `When the provider answers ${what}, the client gets a failure that it can try again after, and no success.`,
    source: 'RFC 9110 section 15.6; measured: gateways that answer 200, or not at all',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'provokes',
    async run(t) {
      t.upstream.answer(() => answer);
      const reply = await t.call({ body: t.prompt() });
      const start = startOf(await reply.text(), 200);
      const told = reply.status >= 400 || (await failsInStream(t, reply));
      t.expect(reply.status === 0 || reply.status >= 500, `the client is answered with ${reply.status}: ${start}`, {
        where: 'answer',
        ...(told ? { lesser: true } : {}),
      });
    },
  }),
);

export const BEFORE_STREAM_CHECKS: readonly Check[] = [...STATUS_CHECKS, ...DELAY_CHECKS, ...STRANGE_CHECKS];
