import { headerPairs } from '../../../util/headers.ts';
import type { Protocol } from '../../../util/types.ts';
import { type Check, type ConformanceProfile, EVERY_CLIENT } from '../../check.ts';
import { bodyOf, endpointPath } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import type { WireReply } from '../../harness/wire-client.ts';
import { readError } from '../shared/errors.ts';
import { startOf } from '../shared/words.ts';

const ALL_CLIENTS: readonly ConformanceProfile[] = ['codex', 'open-responses', 'openai', 'anthropic'];

/** The usual credentials of a client taken away. */
const NO_KEY = { authorization: undefined, 'x-api-key': undefined };

/** Not the gateway's. */
const WRONG_KEY = ['sk', 'tapedeck', 'wrong', 'key'].join('-');

function wrongKey(protocol: Protocol): Record<string, string> {
  return protocol === 'messages' ? { 'x-api-key': WRONG_KEY } : { authorization: `Bearer ${WRONG_KEY}` };
}

/** A gateway without a key of its own takes every client, which is for its owner to say. */
function needKey(t: Trial): string {
  return t.key ?? t.stop('not-applicable', 'no key is given: the gateway may be one that takes every client');
}

/** Ends the trial where the gateway gives on whatever key it is shown: then the key is the provider's, who refuses it or not. */
async function stopIfProviders(t: Trial): Promise<void> {
  // Without a scripted upstream the provider itself has answered.
  if (t.isLive) return;
  for (const client of EVERY_CLIENT) {
    const before = t.upstream.calls.length;
    const body = bodyOf(client, { text: `Say something. [${t.marker}]` }, t.model);
    const headers = { ...NO_KEY, ...wrongKey(client) };
    await (await t.call({ path: endpointPath(client), body, headers })).bytes();
    const [call] = t.upstream.calls.slice(before);
    if (call && headerPairs(call.request.headers).some(([, value]) => value.includes(WRONG_KEY)))
      t.stop('not-applicable', 'the gateway gives every key on to its provider, and leaves it to refuse it');
  }
}

async function expectUnauthorized(t: Trial, reply: WireReply, what: string): Promise<void> {
  const start = startOf(await reply.text(), 200);
  if (reply.status === 200) await stopIfProviders(t);
  const place = { where: 'answer', expected: 401, actual: reply.status } as const;
  const refused = reply.status >= 400 && reply.status < 500;
  // Whatever 4xx it is, nobody gets in, and no client tries again.
  const lesser = refused ? { lesser: true as const } : {};
  if (!t.expect(reply.status === 401, `${what} is answered with ${reply.status}: ${start}`, { ...place, ...lesser }))
    return;
  const shaped = readError(t.protocol, await reply.json()) !== undefined;
  t.expect(shaped, `${what} is refused in a shape that the client does not know: ${start}`, {
    where: 'answer',
    lesser: true,
  });
}

/** Whether a text stands anywhere in an answer. */
async function isIn(reply: WireReply, text: string): Promise<boolean> {
  return (
    headerPairs(reply.headers)
      .flat()
      .some((part) => part.includes(text)) || (await reply.text()).includes(text)
  );
}

/** What is paid for must not be open; a list and a count tell something, and cost nothing. */
const ROUTES = [
  { name: 'models', method: 'GET', path: '/models', level: 'should' },
  { name: 'responses', method: 'POST', path: '/responses', level: 'must' },
  { name: 'compact', method: 'POST', path: '/responses/compact', level: 'must' },
  { name: 'chat', method: 'POST', path: '/chat/completions', level: 'must' },
  { name: 'messages', method: 'POST', path: '/messages', level: 'must' },
  { name: 'count-tokens', method: 'POST', path: '/messages/count_tokens', level: 'should' },
] as const;

export const KEY_CHECKS: readonly Check[] = [
  {
    id: 'security.auth.no-key',
    revision: 2,
    requirement: "A request without a key is refused with 401, in the client's shape.",
    source: 'RFC 9110 section 15.5.2; measured: 500, 400 and bare strings',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'gateway',
    clients: EVERY_CLIENT,
    async run(t) {
      needKey(t);
      await expectUnauthorized(t, await t.call({ body: t.prompt(), headers: NO_KEY }), 'a request without a key');
    },
  },
  {
    id: 'security.auth.wrong-key',
    revision: 2,
    requirement: "A request with a wrong key is refused with 401, in the client's shape.",
    source: 'RFC 9110 section 15.5.2; measured: 400 "No connected db.", `error` as a bare string',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'gateway',
    clients: EVERY_CLIENT,
    async run(t) {
      needKey(t);
      const headers = { ...NO_KEY, ...wrongKey(t.protocol) };
      await expectUnauthorized(t, await t.call({ body: t.prompt(), headers }), 'a request with a wrong key');
    },
  },
  {
    id: 'security.auth.one-wrong',
    revision: 2,
    requirement: 'A wrong Authorization is not made good by a right x-api-key.',
    source: 'measured: a gateway that takes either',
    level: 'info',
    profiles: ALL_CLIENTS,
    needs: 'gateway',
    clients: EVERY_CLIENT,
    async run(t) {
      const headers = { authorization: `Bearer ${WRONG_KEY}`, 'x-api-key': needKey(t) };
      await expectUnauthorized(
        t,
        await t.call({ body: t.prompt(), headers }),
        'a wrong Authorization beside a right x-api-key',
      );
    },
  },
  {
    id: 'security.auth.scheme-case',
    revision: 1,
    requirement: '`bearer` in lower case is as good as `Bearer`.',
    source: 'RFC 9110 section 11.1; measured: refused',
    level: 'should',
    profiles: ALL_CLIENTS.filter((profile) => profile !== 'anthropic'),
    needs: 'model',
    clients: ['responses', 'chat'],
    async run(t) {
      const headers = { authorization: `bearer ${needKey(t)}` };
      await t.read(await t.call({ body: t.prompt(), headers }));
    },
  },
  ...ROUTES.map(
    ({ name, method, path, level }): Check => ({
      id: `security.auth.route-${name}`,
      revision: 2,
      requirement: `${method} ${path} without a key is refused, or does not exist.`,
      source: 'a route that asks for no key is the one that is found',
      level,
      profiles: ALL_CLIENTS,
      needs: 'gateway',
      async run(t) {
        needKey(t);
        const reply = await t.call({
          method,
          path,
          headers: NO_KEY,
          ...(method === 'POST' ? { body: t.prompt() } : {}),
        });
        const start = startOf(await reply.text(), 160);
        // A page for people is nothing of the API's.
        if (/^\s*<(?:!doctype|html)/i.test(start)) return t.stop('not-applicable', 'a web page is what stands there');
        if (reply.status < 400) await stopIfProviders(t);
        t.expect(reply.status >= 400, `${method} ${path} without a key is answered with ${reply.status}: ${start}`, {
          where: 'answer',
        });
      },
    }),
  ),
  {
    id: 'security.auth.websocket',
    revision: 2,
    requirement: 'A WebSocket upgrade without a key is refused.',
    source: 'Codex asks for a WebSocket first; what is open there is open',
    level: 'must',
    profiles: ['codex', 'open-responses'],
    needs: 'gateway',
    clients: ['responses'],
    async run(t) {
      needKey(t);
      const socket = await t.socket(NO_KEY);
      if (socket.status === 101) await stopIfProviders(t);
      t.expect(socket.status !== 101, 'the upgrade was accepted', { where: 'answer' });
    },
  },
  {
    id: 'security.keys.not-echoed',
    revision: 1,
    requirement: 'A wrong key does not stand in the answer that refuses it.',
    source: 'answers are logged, and pasted into bug reports',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'gateway',
    clients: EVERY_CLIENT,
    async run(t) {
      needKey(t);
      const reply = await t.call({ body: t.prompt(), headers: { ...NO_KEY, ...wrongKey(t.protocol) } });
      t.expect(!(await isIn(reply, WRONG_KEY)), 'the answer repeats the key', { where: 'answer' });
    },
  },
  {
    id: 'security.keys.client-key-stays',
    revision: 2,
    requirement: "The key of the gateway's client does not reach the provider.",
    source: 'the provider is another party; what opens the gateway is not its business',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const key = needKey(t);
      await t.ask();
      const { request } = t.onlyCall();
      const found = headerPairs(request.headers).find(([, value]) => value.includes(key));
      if (found) await stopIfProviders(t);
      t.expect(found === undefined, `the provider got the client's key in ${found?.[0]}`, {
        where: 'upstream request',
      });
    },
  },
  {
    id: 'security.keys.provider-key-stays',
    revision: 2,
    requirement: "The gateway's key for its provider does not reach the client.",
    source: 'measured: internal addresses and spend in the headers of answers',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      const { request } = t.onlyCall();
      let shown = false;
      for (const [name, value] of headerPairs(request.headers)) {
        if (!/^(?:authorization|x-api-key|api-key|x-goog-api-key)$/i.test(name)) continue;
        const key = value.replace(/^\w+ +/, '');
        // What the client said itself is no secret to it.
        if (key.length < 8 || t.headers().some((said) => said.includes(key))) continue;
        shown = true;
        t.expect(!(await isIn(reply, key)), `the answer holds the provider's key (${name})`, { where: 'answer' });
      }
      if (!shown) t.stop('not-applicable', 'the gateway shows its provider no key of its own');
    },
  },
  {
    id: 'security.keys.provider-address',
    revision: 1,
    requirement: "The provider's internal address does not stand in the headers of an answer.",
    source: 'measured: x-litellm-model-api-base',
    level: 'info',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const reply = await t.call({ body: t.prompt() });
      await t.read(reply);
      const { request } = t.onlyCall();
      const host = headerPairs(request.headers).find(([name]) => name.toLowerCase() === 'host')?.[1] ?? '';
      const found = headerPairs(reply.headers).find(([, value]) => host !== '' && value.includes(host));
      t.expect(found === undefined, `${found?.[0]} names the provider's address: ${found?.[1]}`, { where: 'answer' });
    },
  },
];
