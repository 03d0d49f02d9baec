import { headerPairs, headerValue } from '../../../util/headers.ts';
import { type Check, type ConformanceProfile, EVERY_CLIENT } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { Answer } from '../../script.ts';

const ALL_CLIENTS = ['codex', 'open-responses', 'openai', 'anthropic'] as const;

/** A rule of HTTP by whose breaking no client is harmed. */
const NO_CLIENT = [] as const;

/** An answer with more headers. */
function answerWith(headers: Record<string, string>): Parameters<Trial['upstream']['answer']>[0] {
  return (request, context): Answer => {
    const answer = answerItems({ items: [{ type: 'message', text: 'Here.' }] })(request, context);
    return answer.kind === 'events' || answer.kind === 'body'
      ? { ...answer, headers: { ...answer.headers, ...headers } }
      : answer;
  };
}

/** What Codex sends with every turn and a provider of Responses works with. */
const CODEX_UP = ['session-id', 'thread-id', 'x-client-request-id', 'x-codex-turn-metadata', 'x-codex-beta-features'];

const CODEX_HEADER_CHECKS = CODEX_UP.map(
  (name): Check => ({
    id: `wire.headers.up-${name}`,
    revision: 1,
    requirement: `The client's \`${name}\` reaches a provider of Responses.`,
    source: 'Codex 0.169.0, measured; the provider routes and caches by the session',
    level: 'should',
    profiles: ['codex'],
    needs: 'upstream',
    clients: ['responses'],
    pair: 'same',
    async run(t) {
      const sent = headerValue(t.headers(), name);
      if (sent === undefined) return t.stop('not-applicable', `a client that names itself no Codex sends no ${name}`);
      await t.ask();
      const { request } = t.onlyCall();
      t.expectSame(headerValue(request.headers, name), sent, `the provider got another ${name}`, {
        where: 'upstream request',
      });
    },
  }),
);

/** What a provider says beside its answer, and who reads it. */
const DOWN: readonly {
  name: string;
  value: string;
  why: string;
  level: Check['level'];
  profiles: readonly ConformanceProfile[];
  clients: Check['clients'];
}[] = [
  {
    name: 'x-codex-turn-state',
    value: 'made-up-turn-state',
    why: 'Codex 0.113.0 to 0.169.0 send it back on the next request of the turn, and the provider keeps the turn on one machine by it',
    level: 'should',
    profiles: ['codex'],
    clients: ['responses'],
  },
  {
    name: 'x-request-id',
    value: 'req_made_up_by_the_provider',
    why: 'the only thing that a provider can look a request up by; Codex prints it with errors',
    level: 'should',
    profiles: ['codex', 'open-responses', 'openai'],
    clients: ['responses', 'chat'],
  },
  {
    name: 'request-id',
    value: 'req_made_up_by_the_provider',
    why: "Anthropic's SDKs give it as `_request_id`",
    level: 'should',
    profiles: ['anthropic'],
    clients: ['messages'],
  },
  {
    name: 'x-ratelimit-remaining-requests',
    value: '41',
    why: 'clients slow down by it',
    level: 'info',
    profiles: ['open-responses', 'openai'],
    clients: ['responses', 'chat'],
  },
];

const DOWN_CHECKS = DOWN.map(
  ({ name, value, why, level, profiles, clients }): Check => ({
    id: `wire.headers.down-${name}`,
    revision: 1,
    requirement: `The provider's \`${name}\` reaches a client of the same protocol.`,
    source: why,
    level,
    profiles,
    needs: 'upstream',
    clients: clients!,
    pair: 'same',
    async run(t) {
      t.upstream.answer(answerWith({ [name]: value }));
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      t.expectSame(reply.header(name), value, `the client got another ${name}`, { where: 'answer' });
    },
  }),
);

export const HEADER_CHECKS: readonly Check[] = [
  ...CODEX_HEADER_CHECKS,
  ...DOWN_CHECKS,
  {
    id: 'wire.headers.openai-model',
    revision: 1,
    requirement: 'The answer has no `openai-model` header that names another model than the client asked for.',
    source:
      'Codex 0.113.0 to 0.169.0, measured: it tells the user that the account was flagged and the request rerouted',
    level: 'must',
    profiles: ['codex'],
    needs: 'model',
    clients: ['responses'],
    async run(t) {
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      const named = reply.header('openai-model');
      t.expect(
        named === undefined || named === t.model,
        `a request for ${t.model} is answered with openai-model: ${named}`,
        { where: 'answer' },
      );
    },
  },
  {
    id: 'wire.headers.no-coding-unasked',
    revision: 1,
    requirement: 'An answer is not compressed for a client that did not offer to undo it.',
    source:
      'Codex 0.113.0 to 0.169.0, measured: it sends no accept-encoding and undoes no coding; RFC 9110 section 12.5.3',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'model',
    clients: EVERY_CLIENT,
    async run(t) {
      for (const stream of [true, false]) {
        const reply = await t.call({ body: t.prompt({ stream }) });
        await t.read(reply);
        const coding = reply.header('content-encoding');
        t.expect(coding === undefined || coding === 'identity', `the answer is coded: ${coding}`, { where: 'answer' });
      }
    },
  },
  {
    id: 'wire.headers.hop-by-hop-up',
    revision: 1,
    requirement: "Headers that belong to the client's connection are not passed on to the provider.",
    source: 'RFC 9110 section 7.6.1; no client or provider that was measured breaks by it',
    level: 'should',
    profiles: NO_CLIENT,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const headers = {
        connection: 'keep-alive, x-hop',
        'x-hop': 'of this connection',
        te: 'trailers',
        'proxy-authorization': 'Basic bWFkZTp1cA==',
      };
      await t.read(await t.call({ body: t.prompt(), headers }));
      const { request } = t.onlyCall();
      for (const name of ['x-hop', 'proxy-authorization'])
        t.expect(headerValue(request.headers, name) === undefined, `the provider got ${name}`, {
          where: 'upstream request',
        });
    },
  },
  {
    id: 'wire.headers.hop-by-hop-down',
    revision: 1,
    requirement: "Headers that belong to the provider's connection are not passed on to the client.",
    source:
      'RFC 9110 section 7.6.1, and no client breaks by it; measured: gateways that copy transfer-encoding beside a length',
    level: 'should',
    profiles: NO_CLIENT,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      t.upstream.answer(
        answerWith({ connection: 'x-hop', 'x-hop': 'of that connection', 'proxy-authenticate': 'Basic' }),
      );
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      t.expect(reply.header('x-hop') === undefined, 'the client got x-hop', { where: 'answer' });
    },
  },
  {
    id: 'wire.headers.once',
    revision: 1,
    requirement: 'No header that may stand once stands twice in an answer.',
    source: 'RFC 9110 section 5.3; measured: two `date`',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'model',
    clients: EVERY_CLIENT,
    async run(t) {
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      const names = headerPairs(reply.headers).map(([name]) => name.toLowerCase());
      for (const name of [
        'date',
        'content-type',
        'content-length',
        'content-encoding',
        'transfer-encoding',
        'server',
        'etag',
      ])
        t.expect(names.filter((one) => one === name).length <= 1, `${name} stands more than once`, { where: 'answer' });
    },
  },
  {
    id: 'wire.headers.framing',
    revision: 1,
    requirement: 'An answer does not have both a length and chunked coding.',
    source: 'RFC 9112 section 6.2',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'model',
    clients: EVERY_CLIENT,
    async run(t) {
      for (const stream of [true, false]) {
        const reply = await t.call({ body: t.prompt({ stream }) });
        await t.read(reply);
        const both = reply.header('content-length') !== undefined && reply.header('transfer-encoding') !== undefined;
        t.expect(!both, 'the answer has a content-length beside its transfer-encoding', { where: 'answer' });
      }
    },
  },
  {
    id: 'wire.headers.names-host',
    revision: 1,
    requirement: "The provider is asked by its own name, not the gateway's.",
    source: 'RFC 9110 section 7.2: providers route by the host',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      await t.ask();
      const { request } = t.onlyCall();
      const host = headerValue(request.headers, 'host');
      t.expect(host !== undefined && host !== t.urlOf().host, `the provider was asked as ${host}`, {
        where: 'upstream request',
      });
    },
  },
];
