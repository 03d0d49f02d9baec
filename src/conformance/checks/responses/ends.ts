import type { Check } from '../../check.ts';
import type { Said } from '../../harness/said.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems } from '../../provider/default-answer.ts';
import type { StreamEvent } from '../../provider/events.ts';
import type { Answer, AnswerContext, ReceivedRequest } from '../../script.ts';
import { stopBy } from '../codex/behaviours.ts';
import { readError } from '../shared/errors.ts';
import { MESSAGE } from './answer-rows.ts';
import { answerRaw } from './raw-answer.ts';

type Json = Record<string, unknown>;

const DOWN = { where: 'answer' } as const;
const API = 'OpenAI API reference, response object';

/** The event that ends a stream, or the document. */
async function lastOf(t: Trial, stream = true): Promise<{ type: unknown; response: Json }> {
  return lastIn(await t.ask({ stream }), stream);
}

function lastIn({ events }: Said, stream: boolean): { type: unknown; response: Json } {
  const last = (events.findLast((event) => event !== undefined) ?? {}) as Json;
  return { type: last.type, response: (stream ? (last.response ?? {}) : last) as Json };
}

/** Counts of every kind, as each protocol tells them; those of Messages do not hold what was cached. */
const COUNTED: Record<string, Json> = {
  responses: {
    ...{ input_tokens: 1000, output_tokens: 50, total_tokens: 1050 },
    ...{ input_tokens_details: { cached_tokens: 640 }, output_tokens_details: { reasoning_tokens: 20 } },
  },
  chat: {
    ...{ prompt_tokens: 1000, completion_tokens: 50, total_tokens: 1050 },
    ...{ prompt_tokens_details: { cached_tokens: 640 }, completion_tokens_details: { reasoning_tokens: 20 } },
  },
  messages: { input_tokens: 360, cache_read_input_tokens: 640, cache_creation_input_tokens: 0, output_tokens: 50 },
};

/** A short answer whose every usage is this one; undefined: none. */
function withUsage(usage: (protocol: string) => Json | undefined) {
  return (request: ReceivedRequest, context: AnswerContext): Answer => {
    const answer = answerItems({ items: [{ type: 'message', text: 'Short.' }] })(request, context);
    const put = (data: object) =>
      JSON.parse(
        JSON.stringify(data, (key, value) =>
          key === 'usage' && value !== null ? usage(request.protocol ?? 'responses') : value,
        ),
      ) as object;
    if (answer.kind === 'body') return { ...answer, body: put(answer.body as object) };
    if (answer.kind !== 'events') return answer;
    const change = (event: StreamEvent) =>
      typeof event.data === 'string' ? event : { ...event, data: put(event.data) };
    return { ...answer, events: answer.events.map(change) };
  };
}

const COMMON = {
  revision: 1,
  level: 'must',
  profiles: ['open-responses'],
  needs: 'upstream',
  clients: ['responses'],
} as const;

/** How answers of Responses end, and what they cost. */
export const END_CHECKS: readonly Check[] = [
  ...(['length', 'filter'] as const).map((reason): Check => {
    const due = reason === 'length' ? 'max_output_tokens' : 'content_filter';
    return {
      ...COMMON,
      profiles: ['codex', 'open-responses'],
      id: `responses.end.${reason}`,
      requirement: `A stream that ends because of ${due} ends with response.incomplete, which says so.`,
      source: `${API}; Codex 0.169.0, measured: what looks completed is taken for the whole answer`,
      async run(t) {
        t.upstream.answer(stopBy(reason));
        const { type, response } = await lastOf(t);
        const got = [type, response.status, (response.incomplete_details as Json | null)?.reason];
        t.expectSame(got, ['response.incomplete', 'incomplete', due], 'it ends in another way', DOWN);
      },
    };
  }),
  ...[true, false].map(
    (stream): Check => ({
      ...COMMON,
      upstreams: ['responses'],
      alone: 'provokes',
      id: `responses.end.failed-${stream ? 'stream' : 'json'}`,
      requirement: `A response that failed reaches the client as failed, with code and message (${stream ? 'as a stream' : 'as a document'}).`,
      source: `${API}; Open Responses specification: an error in a stream is response.failed`,
      async run(t) {
        const error = { code: 'rate_limit_exceeded', message: 'made-up failure: try again in 1.2s' };
        t.upstream.answer(answerRaw({ items: [], end: { status: 'failed', error } }));
        const reply = await t.call({ body: t.prompt({ stream }) });
        // Before anything was said, a status of its own tells as much.
        if (reply.status >= 400) {
          const said = readError('responses', await reply.json())?.message ?? '';
          t.expect(said.includes(error.message), `the message is lost: ${said}`, DOWN);
          return;
        }
        const { response } = lastIn(await t.read(reply), stream);
        const got = response.error as Json | null;
        t.expectSame(response.status, 'failed', 'the response is no failed one', DOWN);
        t.expectSame([got?.code, got?.message], [error.code, error.message], 'the error is another one', DOWN);
      },
    }),
  ),
  {
    ...COMMON,
    level: 'should',
    upstreams: ['responses'],
    id: 'responses.end.incomplete-json',
    requirement: 'A document whose status is incomplete keeps it, with its reason and what was said so far.',
    source: API,
    async run(t) {
      const end = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
      t.upstream.answer(answerRaw({ items: [{ ...MESSAGE, status: 'incomplete' }], end }));
      const { response } = await lastOf(t, false);
      const items = Array.isArray(response.output) ? (response.output as Json[]) : [];
      t.expectSame([response.status, response.incomplete_details], Object.values(end), 'it ends in another way', DOWN);
      t.expectSame(items.at(-1)?.status, 'incomplete', 'the last item is not incomplete', DOWN);
    },
  },
  ...[true, false].map(
    (stream): Check => ({
      ...COMMON,
      id: `responses.usage.counted-${stream ? 'stream' : 'json'}`,
      requirement: `The counts of the provider arrive under the names of Responses: all of them, what was cached, and their sum (${stream ? 'as a stream' : 'as a document'}).`,
      source:
        'Codex 0.113.0 to 0.169.0, measured: it compacts by these counts; measured: cached tokens added twice or lost',
      level: 'should',
      profiles: stream ? ['codex', 'open-responses'] : ['open-responses'],
      async run(t) {
        t.upstream.answer(withUsage((protocol) => COUNTED[protocol]));
        const { response } = await lastOf(t, stream);
        const usage = (response.usage ?? {}) as Json;
        const { input_tokens, output_tokens, total_tokens, input_tokens_details: details } = usage;
        t.expectSame([input_tokens, output_tokens, total_tokens], [1000, 50, 1050], 'the counts are others', DOWN);
        t.expectSame((details as Json | undefined)?.cached_tokens, 640, 'what was cached is counted otherwise', DOWN);
        if (t.route.upstream === 'messages') return;
        const thought = (usage.output_tokens_details as Json | undefined)?.reasoning_tokens;
        t.expectSame(thought, 20, 'thoughts are counted otherwise', DOWN);
      },
    }),
  ),
  ...[true, false].map(
    (stream): Check => ({
      ...COMMON,
      id: `responses.usage.none-${stream ? 'stream' : 'json'}`,
      requirement: `Where the provider counts nothing, no counts are made up (${stream ? 'as a stream' : 'as a document'}).`,
      source: `${API}; measured: zeros, and guesses by length`,
      level: 'should',
      // Messages has no answer without usage.
      upstreams: ['responses', 'chat'],
      async run(t) {
        t.upstream.answer(withUsage(() => undefined));
        const { response } = await lastOf(t, stream);
        t.expect((response.usage ?? null) === null, 'there are counts that the provider did not make', {
          ...{ ...DOWN, pointer: '/usage', actual: response.usage },
        });
      },
    }),
  ),
];
