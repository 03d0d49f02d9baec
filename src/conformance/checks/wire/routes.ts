import { type Check, EVERY_CLIENT } from '../../check.ts';
import { endpointPath } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import type { WireReply } from '../../harness/wire-client.ts';
import { startOf } from '../shared/words.ts';

const ALL_CLIENTS = ['codex', 'open-responses', 'openai', 'anthropic'] as const;

/** An address that is wrong in a way that users get it wrong. */
const WRONG: readonly { name: string; what: string; path(t: Trial): string }[] = [
  { name: 'without-v1', what: 'A base URL without /v1', path: (t) => `${t.root}${endpointPath(t.protocol)}` },
  { name: 'double-v1', what: 'A base URL with /v1 twice', path: (t) => `${t.baseUrl}/v1${endpointPath(t.protocol)}` },
  { name: 'unknown-path', what: 'A path that no API has', path: (t) => `${t.baseUrl}/no-such-endpoint` },
];

/** An answer to a wrong address: a page for people is what an agent shows as an endless error, or takes for an empty answer. */
async function expectApiAnswer(t: Trial, reply: WireReply, what: string): Promise<void> {
  const text = await reply.text();
  const start = startOf(text, 120);
  t.expect(!/<html|<!doctype/i.test(start), `${what} is answered with ${reply.status} and a web page: ${start}`, {
    where: 'answer',
  });
  t.expect(reply.status !== 0 && reply.status < 500, `${what} is answered with ${reply.status}: ${start}`, {
    where: 'answer',
  });
}

export const ROUTE_CHECKS: readonly Check[] = [
  ...WRONG.map(
    ({ name, what, path }): Check => ({
      id: `wire.routes.${name}`,
      revision: 1,
      requirement: `${what} is served as if it were right, or answered as an API does, and not with a web page.`,
      source: 'measured: gateways that answer 200 with the page of their control panel',
      level: 'should',
      profiles: ALL_CLIENTS,
      needs: 'gateway',
      clients: EVERY_CLIENT,
      async run(t) {
        const reply = await t.call({ path: path(t), body: t.prompt() });
        await expectApiAnswer(t, reply, `${what.toLowerCase()} (${new URL(path(t)).pathname})`);
        if (reply.status !== 200) return;
        const type = reply.header('content-type') ?? 'nothing';
        t.expect(/json|event-stream/.test(type), `it is answered 200 as ${type}`, { where: 'answer' });
      },
    }),
  ),
  {
    id: 'wire.routes.get-endpoint',
    revision: 1,
    requirement: 'A GET of an endpoint that takes POST is answered with a client error, and not with a web page.',
    source: 'RFC 9110 section 15.5.6',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'gateway',
    clients: ['chat', 'messages'],
    async run(t) {
      const reply = await t.call({ method: 'GET' });
      await expectApiAnswer(t, reply, 'a GET');
      t.expect(reply.status >= 400, `a GET is answered with ${reply.status}`, { where: 'answer' });
    },
  },
  {
    id: 'wire.routes.head',
    revision: 1,
    requirement: 'HEAD of the model list is answered without a body.',
    source: 'RFC 9110 section 9.3.2',
    level: 'info',
    profiles: ALL_CLIENTS,
    needs: 'gateway',
    async run(t) {
      const reply = await t.call({ method: 'HEAD', path: '/models' });
      t.expect((await reply.bytes()).length === 0, 'the answer to HEAD has a body', { where: 'answer' });
      t.expect(reply.status > 0 && reply.status < 500, `HEAD is answered with ${reply.status}`, { where: 'answer' });
    },
  },
  {
    id: 'wire.routes.options',
    revision: 1,
    requirement: 'OPTIONS is answered, with whatever status, and not with a failure of the server.',
    source: 'RFC 9110 section 9.3.7; browsers ask so before every request',
    level: 'info',
    profiles: ALL_CLIENTS,
    needs: 'gateway',
    clients: EVERY_CLIENT,
    async run(t) {
      const headers = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
      const reply = await t.call({ method: 'OPTIONS', headers });
      await reply.bytes();
      t.expect(reply.status > 0 && reply.status < 500, `OPTIONS is answered with ${reply.status}`, { where: 'answer' });
    },
  },
  {
    id: 'wire.routes.query',
    revision: 1,
    requirement: 'A query behind the path changes nothing.',
    source: 'Azure-style `?api-version=` and `?beta=true` of clients',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'model',
    clients: EVERY_CLIENT,
    async run(t) {
      const path = `${endpointPath(t.protocol)}?beta=true`;
      const said = await t.read(await t.call({ path, body: t.prompt() }));
      t.expect(said.text !== '', 'the answer is empty', { where: 'answer' });
    },
  },
];
