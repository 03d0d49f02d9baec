import { headerValue } from '../../../util/headers.ts';
import type { Check, Level } from '../../check.ts';
import { type Prompt, WEATHER_TOOL } from '../../harness/prompt.ts';
import type { Trial } from '../../harness/trial.ts';
import type { WireReply } from '../../harness/wire-client.ts';
import { defaultAnswer } from '../../provider/default-answer.ts';
import { isTurn } from '../../script.ts';
import { expectClientError, readError } from '../shared/errors.ts';
import { startOf, startOfJson } from '../shared/words.ts';

type Json = Record<string, unknown>;

const DOWN = { where: 'answer' } as const;
const COUNT = 'Messages API reference, count tokens; Claude Code asks before it shortens a conversation';
const THREADS =
  "Anthropic's Python SDK 2.11.0, tool runner: keeps the history at the provider unless it is told to send it";
const NOT_THERE = [404, 405, 501];

const COMMON = { revision: 1, profiles: ['anthropic'], needs: 'upstream', clients: ['messages'] } as const;

/** Asks how many tokens a prompt has. The provider counts one for every four characters. */
async function askCount(t: Trial, prompt: Partial<Prompt>): Promise<WireReply> {
  t.upstream.answer((request, context) => {
    if (isTurn(request)) return defaultAnswer(request, context);
    return { kind: 'body', status: 200, body: { input_tokens: Math.ceil((request.decoded?.length ?? 0) / 4) } };
  });
  const { stream: _, max_tokens: __, ...body } = t.prompt(prompt);
  return t.call({ path: '/messages/count_tokens', body });
}

/** The number in such an answer; the trial ends where the gateway does not count. */
async function countOf(t: Trial, reply: WireReply): Promise<number> {
  if (NOT_THERE.includes(reply.status)) return t.stop('unsupported', `there is no count_tokens: ${reply.status}`);
  const count = ((await reply.json()) as Json | undefined)?.input_tokens;
  const start = startOf(await reply.text(), 160);
  if (reply.status === 200 && Number.isInteger(count) && Number(count) > 0) return Number(count);
  return t.stop('fail', `count_tokens is answered with ${reply.status} and no number of tokens: ${start}`);
}

const COUNT_CHECKS: readonly Check[] = [
  {
    ...COMMON,
    id: 'messages.count-tokens.number',
    requirement: "POST /messages/count_tokens is answered with a number, or refused in the client's shape.",
    source: `${COUNT}; measured: 404 in another shape`,
    level: 'should',
    reaches: false,
    async run(t) {
      const reply = await askCount(t, {});
      if (!NOT_THERE.includes(reply.status)) return void (await countOf(t, reply));
      await expectClientError(t, reply, 'count_tokens');
    },
  },
  ...(
    [
      ['text', 'A longer text', { text: 'many made-up words '.repeat(200) }],
      ['tools', 'A tool', { tools: [{ ...WEATHER_TOOL, description: 'many made-up words '.repeat(200) }] }],
      ['system', 'A system text', { system: 'many made-up words '.repeat(200) }],
    ] as const
  ).map(
    ([name, what, prompt]): Check => ({
      ...COMMON,
      id: `messages.count-tokens.${name}`,
      requirement: `${what} makes the number of tokens larger.`,
      source: COUNT,
      level: 'should',
      reaches: false,
      async run(t) {
        const [less, more] = [await countOf(t, await askCount(t, {})), await countOf(t, await askCount(t, prompt))];
        t.expect(more > less + 100, `${less} tokens became ${more} with 600 words more`, DOWN);
      },
    }),
  ),
  {
    ...COMMON,
    revision: 2,
    id: 'messages.count-tokens.no-turn',
    requirement: 'Nobody is asked for an answer to count the tokens of a prompt.',
    source: `${COUNT}; an answer costs money`,
    level: 'should',
    reaches: false,
    async run(t) {
      await countOf(t, await askCount(t, {}));
      const turns = t.upstream.calls.filter(({ request }) => isTurn(request));
      t.expect(turns.length === 0, `the provider was asked for ${turns.length} answers`, { where: 'upstream request' });
    },
  },
];

/** What may be said of a thread, and which answers do not lose the conversation. */
const THREAD_CHECKS: readonly Check[] = [
  {
    ...COMMON,
    revision: 2,
    id: 'messages.thread.continue',
    requirement:
      'A request that goes on from a message of the server is refused where that message is not known, and not answered without it.',
    source: `${THREADS}; measured: the field is dropped, and a call invented`,
    level: 'must',
    reaches: false,
    async run(t) {
      const reply = await askThread(t, { type: 'continue', previous_message_id: 'msg_made_up' });
      t.expect(reply.status >= 400 && reply.status < 500, `it is answered with ${reply.status}`, DOWN);
      if (reply.status === 200) return;
      const code = await threadCode(reply);
      const known = ['thread_unsupported_request', 'thread_not_found'].includes(String(code));
      t.expect(known, `the code of the error is ${JSON.stringify(code)}`, {
        ...{ ...DOWN, pointer: '/error/details' },
        // It is refused, so nothing is answered without its history.
        lesser: true,
      });
    },
  },
  {
    ...COMMON,
    id: 'messages.thread.create',
    requirement: 'A request to keep a conversation is answered, or refused as `thread_unsupported_request`.',
    source: `${THREADS}; on that error it sends the whole history, on any other it fails`,
    level: 'should',
    reaches: false,
    async run(t) {
      const reply = await askThread(t, { type: 'create' });
      if (reply.status === 200) return;
      t.expectSame(await threadCode(reply), 'thread_unsupported_request', 'the error is another one', {
        ...DOWN,
        pointer: '/error/details/error_code',
      });
    },
  },
];

function askThread(t: Trial, thread: Json): Promise<WireReply> {
  t.upstream.beLenient();
  const headers = { 'anthropic-beta': 'message-threads-2026-08-12' };
  return t.call({ headers, body: t.prompt({ more: { thread } }) });
}

async function threadCode(reply: WireReply): Promise<unknown> {
  const error = ((await reply.json()) as Json | undefined)?.error as Json | undefined;
  return (error?.details as Json | undefined)?.error_code;
}

/** Fields of beta versions, which belong to a header. */
const BETAS: readonly { name: string; header: string; body: Json; level?: Level }[] = [
  {
    name: 'context-management',
    header: 'context-management-2025-06-27',
    body: { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } },
  },
  {
    name: 'mcp-servers',
    header: 'mcp-client-2025-11-20',
    body: { mcp_servers: [{ type: 'url', url: 'https://mcp.example/sse', name: 'made_up' }] },
  },
  { name: 'unknown', header: 'made-up-2026-01-01', body: { made_up_field: { made: 'up' } }, level: 'info' },
];

const BETA_CHECKS = BETAS.map(
  ({ name, header, body, level = 'should' }): Check => ({
    ...COMMON,
    id: `messages.beta.${name}`,
    requirement: `\`${Object.keys(body).join()}\` and its \`anthropic-beta\` reach the provider together, or are refused.`,
    source: 'Messages API, beta headers: the one without the other is an error, or does nothing',
    level,
    pair: 'same',
    reaches: false,
    async run(t) {
      t.upstream.beLenient();
      const reply = await t.call({ headers: { 'anthropic-beta': header }, body: t.prompt({ more: body }) });
      if (reply.status >= 400 && reply.status < 500) return expectClientError(t, reply, name);
      await t.read(reply);
      const { request } = t.onlyCall();
      for (const [field, value] of Object.entries(body))
        t.expectSame(request.json?.[field], value, `\`${field}\` was dropped silently`, {
          ...{ where: 'upstream request', pointer: `/${field}` },
        });
      const got = headerValue(request.headers, 'anthropic-beta') ?? '';
      t.expect(got.split(/\s*,\s*/).includes(header), `the provider got anthropic-beta: ${got || 'nothing'}`, {
        ...{ where: 'upstream request', expected: header },
      });
    },
  }),
);

/** What surrounds the conversation of a client of Messages. */
export const MESSAGES_ENDPOINT_CHECKS: readonly Check[] = [
  ...COUNT_CHECKS,
  ...THREAD_CHECKS,
  ...BETA_CHECKS,
  {
    ...COMMON,
    id: 'messages.models.list',
    requirement: 'GET /models, asked as a client of Messages, is answered with a list of models by their ids.',
    source: "Messages API reference, list models; Anthropic's SDKs page through `data`",
    level: 'should',
    needs: 'gateway',
    async run(t) {
      const reply = await t.call({ path: '/models' });
      if (NOT_THERE.includes(reply.status)) return t.stop('unsupported', `there is no /models: ${reply.status}`);
      const body = (await reply.json()) as Json | undefined;
      const list = Array.isArray(body?.data) ? (body.data as Json[]) : [];
      const named = list.length > 0 && list.every((model) => typeof model?.id === 'string');
      t.expect(named, `the list has no ids: ${startOfJson(body, 160)}`, { ...DOWN, pointer: '/data' });
      // The SDK asks for the next page for as long as there is one.
      t.expect(
        body?.has_more !== true || typeof body.last_id === 'string',
        'the next page has no place to begin',
        DOWN,
      );
    },
  },
  {
    ...COMMON,
    id: 'messages.auth.bearer',
    requirement: 'A key in `Authorization: Bearer` instead of `x-api-key` is taken, or refused with 401.',
    source: 'Claude Code with ANTHROPIC_AUTH_TOKEN, and `auth_token` of the SDKs',
    level: 'should',
    reaches: false,
    async run(t) {
      const key = t.key ?? t.stop('not-applicable', 'no key is given: the gateway may be one that takes every client');
      const headers = { 'x-api-key': undefined, authorization: `Bearer ${key}` };
      const reply = await t.call({ headers, body: t.prompt() });
      const start = startOf(await reply.text(), 160);
      if (reply.status === 401) {
        const shaped = readError('messages', await reply.json()) !== undefined;
        t.expect(shaped, `it is refused in a shape that the client does not know: ${start}`, DOWN);
      } else t.expect(reply.status === 200, `it is answered with ${reply.status}: ${start}`, DOWN);
    },
  },
];
