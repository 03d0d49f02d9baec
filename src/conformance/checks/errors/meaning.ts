import type { Protocol } from '../../../util/types.ts';
import { type Check, EVERY_CLIENT } from '../../check.ts';
import { answerItems, problem } from '../../provider/default-answer.ts';
import { readError } from '../shared/errors.ts';
import { startOf } from '../shared/words.ts';
import { ALL_CLIENTS } from './before-stream.ts';

type Json = Record<string, unknown>;

/** A refusal whose reason a client acts on, as each provider says it, and what the client has to see. */
interface Reason {
  name: string;
  what: string;
  source: string;
  says: Record<Protocol, { status: number; body: Json }>;
  /** By the client's protocol. */
  due: Record<Protocol, { status: readonly number[]; told: RegExp }>;
}

function openai(message: string, type: string, code: string): Json {
  return { error: { message, type, param: null, code } };
}

function anthropic(message: string, type: string): Json {
  return { type: 'error', error: { type, message } };
}

const TOO_LONG = openai(
  // Numbers that are true for large models: a gateway may learn from them what it refuses by itself.
  "This model's maximum context length is 1047576 tokens. However, your messages resulted in 1100000 tokens.",
  'invalid_request_error',
  'context_length_exceeded',
);
const NO_CREDIT = openai('You exceeded your current quota.', 'insufficient_quota', 'insufficient_quota');

/** Statuses after which no client tries again by itself, but for 429, where the code says so. */
const FINAL = [400, 402, 403, 413, 429];

const REASONS: readonly Reason[] = [
  {
    name: 'context-length',
    what: 'a prompt that is longer than the context',
    source:
      'OpenAI: code context_length_exceeded; Anthropic: "prompt is too long"; clients compact on these words, and give up on others',
    says: {
      responses: { status: 400, body: TOO_LONG },
      chat: { status: 400, body: TOO_LONG },
      messages: {
        status: 400,
        body: anthropic('prompt is too long: 1100000 tokens > 1000000 maximum', 'invalid_request_error'),
      },
    },
    due: {
      responses: { status: [400, 413], told: /context_length_exceeded/ },
      chat: { status: [400, 413], told: /context_length_exceeded/ },
      messages: { status: [400, 413], told: /too long|context|request_too_large/i },
    },
  },
  {
    name: 'no-credit',
    what: 'an account without credit',
    source:
      'OpenAI: 429 with the code insufficient_quota; Anthropic: 400 "credit balance is too low", or billing_error; a client that takes it for a rate limit tries again for nothing',
    says: {
      responses: { status: 429, body: NO_CREDIT },
      chat: { status: 429, body: NO_CREDIT },
      messages: {
        status: 400,
        body: anthropic('Your credit balance is too low to access the Anthropic API.', 'invalid_request_error'),
      },
    },
    due: {
      responses: { status: FINAL, told: /insufficient_quota|billing|credit balance/ },
      chat: { status: FINAL, told: /insufficient_quota|billing|credit balance/ },
      messages: { status: FINAL, told: /insufficient_quota|billing|credit balance|quota/ },
    },
  },
];

/** Refusals whose reason must not be lost, and what a refusal or a slow answer does to other requests. */
export const MEANING_CHECKS: readonly Check[] = [
  ...REASONS.map(
    ({ name, what, source, says, due }): Check => ({
      id: `errors.reason.${name}`,
      revision: 1,
      requirement: `A client that is refused for ${what} can tell this from other refusals, by the words of its own protocol.`,
      source,
      level: 'should',
      profiles: ALL_CLIENTS,
      needs: 'upstream',
      clients: EVERY_CLIENT,
      alone: 'provokes',
      async run(t) {
        t.upstream.answer(({ protocol }) => ({ kind: 'body', ...says[protocol ?? 'responses'] }));
        const reply = await t.call({ body: t.prompt() });
        const text = await reply.text();
        const { status, told } = due[t.protocol];
        const seen = `${what} reaches the client as ${reply.status}: ${startOf(text, 300)}`;
        t.expect(status.includes(reply.status), seen, { where: 'answer', expected: status, actual: reply.status });
        const known = readError(t.protocol, await reply.json()) !== undefined && told.test(text);
        t.expect(known, `${seen}; nothing in it says ${told.source}`, { where: 'answer' });
      },
    }),
  ),
  {
    id: 'errors.request.unknown-model',
    revision: 1,
    requirement: 'A model that does not exist is refused with a client error, and not answered by another one.',
    source: 'API references, errors: 404 model_not_found; a client that mistypes a name pays for another model',
    level: 'should',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    alone: 'provokes',
    reaches: false,
    async run(t) {
      const name = 'tapedeck-made-up-model';
      // The provider says that it does not have it, where the gateway leaves that to it.
      t.upstream.answer((request, context) =>
        String(request.json?.model).endsWith(name)
          ? problem(request, 404, 'model_not_found', `The model ${name} does not exist.`)
          : answerItems({ items: [{ type: 'message', text: 'I am another model.' }] })(request, context),
      );
      const reply = await t.call({ body: t.prompt({ more: { model: name } }) });
      const start = startOf(await reply.text(), 300);
      const asked = t.upstream.calls.at(-1)?.request.json?.model;
      const seen = asked === undefined ? '' : ` (the provider was asked for ${String(asked)})`;
      t.expect(reply.status >= 400 && reply.status < 500, `it is answered with ${reply.status}${seen}: ${start}`, {
        where: 'answer',
      });
    },
  },
  {
    id: 'errors.slow.others-go-on',
    revision: 1,
    requirement: 'While the provider thinks about one request, others are answered.',
    source: 'subagents and parallel sessions share a gateway; a model may think for minutes before its first event',
    level: 'must',
    profiles: ALL_CLIENTS,
    needs: 'upstream',
    clients: EVERY_CLIENT,
    async run(t) {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      t.upstream.answer((request, context, nth) => {
        const text = nth === 1 ? 'The slow answer.' : 'The quick answer.';
        const answer = answerItems({ items: [{ type: 'message', text }] })(request, context);
        return nth === 1 && answer.kind === 'events' ? { ...answer, hold: () => released } : answer;
      });
      const slow = t.ask({ text: 'Think about it.' });
      // Its own failure is told when it is waited for.
      slow.catch(() => {});
      await t.upstream.next();
      const quick = await t.ask({ text: 'Say it at once.' }).finally(release);
      t.expectSame(quick.text, 'The quick answer.', 'the quick answer is another one', { where: 'answer' });
      t.expectSame((await slow).text, 'The slow answer.', 'the slow answer is another one', { where: 'answer' });
    },
  },
];
