import { type Check, EVERY_CLIENT } from '../../check.ts';
import { tryUntil } from '../../harness/stop.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems, problem } from '../../provider/default-answer.ts';
import { expectClientError } from '../shared/errors.ts';
import { startOf } from '../shared/words.ts';
import { ALL_CLIENTS, refuse } from './before-stream.ts';

/** How often the provider was asked for one request of the client. */
function expectOneRequest(t: Trial, what: string): void {
  const { calls } = t.upstream;
  t.expect(calls.length === 1, `${what} became ${calls.length} requests at the provider`, {
    where: 'upstream request',
    expected: 1,
    actual: calls.length,
  });
}

/** The client asks again itself; on 400 it does not, and a gateway may leave out what it added itself. */
const RETRIED = [
  { status: 400, level: 'info' },
  { status: 429, level: 'should' },
  { status: 500, level: 'should' },
  { status: 503, level: 'should' },
] as const;

export const RESILIENCE_CHECKS: readonly Check[] = [
  {
    id: 'errors.hidden.one-request',
    revision: 1,
    requirement: 'One request of the client is one request at the provider.',
    source: 'measured: gateways that ask several times, or as another client, for one answer',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      for (const stream of [true, false]) {
        const before = t.upstream.calls.length;
        await t.ask({ stream });
        const made = t.upstream.calls.length - before;
        t.expect(made === 1, `one ${stream ? 'streaming' : 'plain'} request became ${made} at the provider`, {
          where: 'upstream request',
        });
      }
    },
  },
  {
    id: 'errors.hidden.one-request-with-tool-result',
    revision: 1,
    requirement: 'A turn that goes on from a tool result is one request at the provider.',
    source: 'measured: a gateway that puts a made-up assistant turn in between',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      const call = { id: 'call_made_up_1', name: 'get_weather', arguments: { city: 'Oslo' }, output: '7 degrees' };
      const tool = {
        name: 'get_weather',
        description: 'The weather.',
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
      };
      await t.ask({ calls: [call], tools: [tool] });
      expectOneRequest(t, 'the request with a tool result');
    },
  },
  ...RETRIED.map(
    ({ status, level }): Check => ({
      id: `errors.hidden.no-retries-on-${status}`,
      revision: 1,
      requirement: `A request that the provider refuses with ${status} is not sent again behind the client's back.`,
      source:
        'Codex and the SDKs try again themselves, with their own waits: both together multiply; measured: four requests for one',
      level,
      profiles: ALL_CLIENTS,
      needs: 'upstream',
      clients: EVERY_CLIENT,
      alone: 'provokes',
      patience: 3,
      async run(t) {
        refuse(t, status, 'rate_limit_exceeded');
        for (const stream of [true, false]) {
          const before = t.upstream.calls.length;
          await (await t.call({ body: t.prompt({ stream }) })).bytes();
          const made = t.upstream.calls.length - before;
          t.expect(
            made <= 1,
            `one ${stream ? 'streaming' : 'plain'} request that was refused with ${status} became ${made} at the provider`,
            {
              where: 'upstream request',
            },
          );
        }
      },
    }),
  ),
  {
    id: 'errors.cooldown.next-request',
    revision: 2,
    requirement: 'After one 429 the next request still reaches the provider.',
    source: 'measured: a gateway that refuses every model of the provider for seconds after one 429, without asking it',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'provokes',
    async run(t) {
      t.upstream.answer((request, context, nth) =>
        nth === 1
          ? problem(request, 429, 'rate_limit_exceeded', 'Wait a little.')
          : answerItems({ items: [{ type: 'message', text: 'Here again.' }] })(request, context),
      );
      await (await t.call({ body: t.prompt(), fresh: true })).bytes();
      const asked = t.upstream.calls.length;
      const reply = await t.call({ body: t.prompt({ text: 'Once more.' }), fresh: true });
      const start = startOf(await reply.text(), 200);
      t.expect(
        t.upstream.calls.length > asked,
        `the request after a 429 was answered with ${reply.status} and did not reach the provider: ${start}`,
        {
          where: 'answer',
        },
      );
    },
  },
  {
    id: 'errors.recovery.after-failures',
    revision: 3,
    requirement: 'When the provider is back after failures, requests succeed again.',
    source:
      'a gateway that stays down after its provider came back has to be restarted by hand; one with a breaker takes its time: 30 s with GoModel',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'provokes',
    // A little more than the 30 s that breakers are open for.
    patience: 3.2,
    async run(t) {
      let down = true;
      t.upstream.answer((request, context) =>
        down ? { kind: 'reset' } : answerItems({ items: [{ type: 'message', text: 'Here again.' }] })(request, context),
      );
      // Each on a connection of its own: a server may close one after a failure without saying so.
      for (let i = 0; i < 3; i++) await (await t.call({ body: t.prompt(), fresh: true })).bytes();
      down = false;
      let asked = 0;
      const again = () => t.call({ body: t.prompt({ text: `Once more, for the ${++asked}th time.` }), fresh: true });
      const reply = await tryUntil(again, ({ status }) => status === 200, t.timeoutMs);
      const wait = reply.header('retry-after');
      if (reply.status !== 200 && wait !== undefined)
        return t.stop('inconclusive', `it still answers ${reply.status}, and asks for a wait of ${wait}`);
      const said = await t.read(reply);
      t.expect(said.text === 'Here again.', `the answer is ${JSON.stringify(said.text)}`, { where: 'answer' });
      if (asked > 1) t.note(`The gateway went on refusing for a while: the request was let through at try ${asked}.`);
    },
  },
  {
    id: 'errors.request.broken-json',
    revision: 1,
    requirement: "A body that is no JSON is refused with a client error in the client's shape.",
    source: 'API references, errors',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'unmarked',
    reaches: false,
    async run(t) {
      await expectClientError(
        t,
        await t.call({ method: 'POST', body: '{"model": "x", "input": [' }),
        'half a JSON text',
      );
    },
  },
  {
    id: 'errors.request.empty-object',
    revision: 1,
    requirement: "A request without model and input is refused with a client error in the client's shape.",
    source: 'API references, errors',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'unmarked',
    reaches: false,
    async run(t) {
      // The provider says what is missing, where the gateway leaves that to it.
      t.upstream.answer((request) => problem(request, 400, 'missing_required_parameter', 'model is missing'));
      await expectClientError(t, await t.call({ method: 'POST', body: {} }), 'an empty object');
    },
  },
];
