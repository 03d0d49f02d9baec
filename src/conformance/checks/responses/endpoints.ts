import { type Check, OWN_PROVIDER } from '../../check.ts';
import type { Trial } from '../../harness/trial.ts';
import { answerItems, defaultAnswer } from '../../provider/default-answer.ts';
import { lastInputIs } from '../../script.ts';
import { readError } from '../shared/errors.ts';
import { holdsText } from '../shared/strings.ts';
import { startOf, startOfJson } from '../shared/words.ts';
import { doneItems } from './answers.ts';

type Json = Record<string, unknown>;

const CODEX = ['codex'] as const;
const BOTH = ['codex', 'open-responses'] as const;

/** Names in a list of models of either shape. */
function namesIn(body: unknown): string[] {
  const { data, models } = (body ?? {}) as { data?: Json[]; models?: Json[] };
  const list = Array.isArray(data) ? data : Array.isArray(models) ? models : [];
  return list.map(({ id, slug }) => String(id ?? slug));
}

/** Names of models that do something else than answer in words. */
const OTHER_MODELS = /embed|whisper|tts|speech|audio|realtime|transcri|dall|image|sora|video|moderation|rerank/i;

/** A compaction asked for at its own endpoint, or `unsupported` when there is none. */
async function compact(t: Trial, body: Json): Promise<{ status: number; json: Json | undefined }> {
  const reply = await t.call({ path: '/responses/compact', body });
  if ([404, 405, 501].includes(reply.status))
    return t.stop('unsupported', `the gateway has no /responses/compact: ${reply.status}`);
  return { status: reply.status, json: (await reply.json()) as Json | undefined };
}

function withoutStream({ stream: _, store: __, ...body }: Json): Json {
  return body;
}

export const ENDPOINT_CHECKS: readonly Check[] = [
  {
    id: 'responses.compact.answer',
    revision: 1,
    requirement: 'POST /responses/compact is answered with a response.compaction that has exactly one compaction item.',
    source: 'OpenAI API reference, compact a response; Codex 0.113.0 to 0.139 compact by it',
    level: 'should',
    profiles: BOTH,
    codex: OWN_PROVIDER,
    needs: 'upstream',
    clients: ['responses'],
    reaches: false,
    async run(t) {
      const { status, json } = await compact(t, withoutStream(t.prompt({ text: 'The word is tamarind.' })));
      if (
        !t.expect(status === 200, `a compaction is answered with ${status}: ${startOfJson(json, 200)}`, {
          where: 'answer',
        })
      )
        return;
      const items = Array.isArray(json?.output) ? (json.output as Json[]) : [];
      const compactions = items.filter(({ type }) => type === 'compaction' || type === 'compaction_summary');
      t.expect(compactions.length === 1, `there are ${compactions.length} compaction items`, {
        where: 'answer',
        pointer: '/output',
      });
      const [item] = compactions;
      t.expect(typeof item?.encrypted_content === 'string', 'the compaction has no encrypted_content', {
        where: 'answer',
        pointer: '/output',
      });
    },
  },
  {
    id: 'responses.compact.missing-model',
    revision: 1,
    requirement: 'A compaction without a model is refused with 400 or 422.',
    source: 'Open Responses suite, compact-missing-model',
    level: 'should',
    profiles: ['open-responses'],
    needs: 'upstream',
    clients: ['responses'],
    alone: 'unmarked',
    reaches: false,
    async run(t) {
      const { model: _, ...body } = withoutStream(t.prompt());
      t.upstream.answer(() => ({
        kind: 'body',
        status: 400,
        body: { error: { message: 'model is missing', type: 'invalid_request_error', param: 'model', code: null } },
      }));
      const { status, json } = await compact(t, body);
      t.expect([400, 422].includes(status), `a compaction without a model is answered with ${status}`, {
        where: 'answer',
      });
      t.expect(readError('responses', json) !== undefined, 'the refusal has another shape', { where: 'answer' });
    },
  },
  {
    id: 'responses.compact.trigger',
    revision: 1,
    requirement:
      'A turn that ends in a compaction_trigger is answered with exactly one compaction item, and not with a text.',
    source: 'Codex 0.146 and later compact by it; measured: dropped, and answered as a normal turn',
    level: 'must',
    profiles: CODEX,
    codex: OWN_PROVIDER,
    needs: 'upstream',
    clients: ['responses'],
    async run(t) {
      const body = t.prompt({ text: 'The word is tamarind.' });
      const input = [...(body.input as Json[]), { type: 'compaction_trigger' }];
      const said = await t.read(await t.call({ body: { ...body, input } }));
      const items = doneItems(said);
      const compactions = items.filter(({ type }) => type === 'compaction' || type === 'compaction_summary');
      t.expect(
        compactions.length === 1,
        `the answer has ${compactions.length} compaction items; ${items.length === 0 ? 'it has no items at all' : `its items are ${items.map(({ type }) => type).join(', ')}`}`,
        {
          where: 'answer',
        },
      );
      t.expect(typeof compactions[0]?.encrypted_content === 'string', 'the compaction has no encrypted_content', {
        where: 'answer',
      });
    },
  },
  {
    id: 'responses.compact.turned-back',
    revision: 2,
    requirement:
      "A conversation that begins with the gateway's own compaction item goes on: what was compacted reaches the provider in some form.",
    source: 'Codex sends the item with every later turn; measured: dropped on the next turn',
    level: 'must',
    profiles: CODEX,
    codex: OWN_PROVIDER,
    needs: 'upstream',
    clients: ['responses'],
    async run(t) {
      // A gateway that compacts by itself may ask for a summary.
      t.upstream.answer((request, context) =>
        request.endpoint === 'responses.compact' || lastInputIs('compaction_trigger')(request.json ?? {})
          ? defaultAnswer(request, context)
          : answerItems({ items: [{ type: 'message', text: 'A made-up summary with rhubarb.' }] })(request, context),
      );
      const body = t.prompt({ text: 'The word is tamarind.' });
      const trigger = [...(body.input as Json[]), { type: 'compaction_trigger' }];
      const made = await t.read(await t.call({ body: { ...body, input: trigger } }));
      const item = made.events
        .map((event) => ((event as Json | undefined)?.item ?? {}) as Json)
        .find(({ type }) => type === 'compaction' || type === 'compaction_summary');
      if (!item) return t.stop('not-applicable', 'the gateway made no compaction; responses.compact.trigger says so');
      const before = t.upstream.calls.length;
      await t.read(
        await t.call({ body: { ...body, input: [item, ...(t.prompt({ text: 'Go on.' }).input as Json[])] } }),
      );
      const sent = t.upstream.calls[before]?.request.json;
      // A provider of the same protocol gets the item as it is; another one what it stands for.
      const told = [String(item.encrypted_content), 'rhubarb', 'tamarind'].some((word) => holdsText(sent, word));
      t.expect(told, 'nothing of what was compacted reached the provider', { where: 'upstream request' });
    },
  },
  {
    id: 'responses.previous.not-ignored',
    revision: 1,
    requirement: 'previous_response_id is honoured, passed on or refused, and never ignored.',
    source: 'OpenAI API reference; measured: dropped with a 200, so that what was said before is lost',
    level: 'should',
    profiles: ['open-responses'],
    needs: 'upstream',
    clients: ['responses'],
    async run(t) {
      const first = await t.ask({ text: 'The word is tamarind.', more: { store: true } });
      const body = t.prompt({ text: 'Which word was it?', more: { previous_response_id: first.id, store: true } });
      const reply = await t.call({ body });
      if (reply.status >= 400 && reply.status < 500) return;
      await t.read(reply);
      const sent = t.upstream.calls.at(-1)?.request.json;
      const told = holdsText(sent, 'tamarind') || sent?.previous_response_id !== undefined;
      t.expect(told, 'the provider was told neither the id nor what was said before', { where: 'upstream request' });
    },
  },
  {
    id: 'responses.previous.unknown',
    revision: 1,
    requirement: 'A previous_response_id that nobody knows is refused, or passed on to the provider.',
    source: 'OpenAI API reference: 400 previous_response_not_found',
    level: 'should',
    profiles: ['open-responses'],
    needs: 'upstream',
    clients: ['responses'],
    reaches: false,
    async run(t) {
      const previous_response_id = 'resp_made_up_and_unknown';
      const reply = await t.call({ body: t.prompt({ more: { previous_response_id } }) });
      await reply.bytes();
      if (reply.status >= 400 && reply.status < 500) return;
      const passed = t.upstream.calls.at(-1)?.request.json?.previous_response_id !== undefined;
      t.expect(passed, `it is answered with ${reply.status}, and the provider was not told of it`, { where: 'answer' });
    },
  },
  {
    id: 'responses.models.list',
    revision: 1,
    requirement: 'GET /models is answered with a list of models that has names.',
    source: "OpenAI API reference, list models; clients' pickers",
    level: 'should',
    profiles: ['open-responses', 'openai'],
    needs: 'gateway',
    async run(t) {
      const reply = await t.call({ path: '/models' });
      if ([404, 405, 501].includes(reply.status)) return t.stop('unsupported', `there is no /models: ${reply.status}`);
      const body = (await reply.json()) as Json | undefined;
      t.expect(reply.status === 200, `/models is answered with ${reply.status}`, { where: 'answer' });
      t.expect(namesIn(body).length > 0, `the list has no names: ${startOfJson(body, 160)}`, {
        where: 'answer',
      });
    },
  },
  {
    id: 'responses.models.codex',
    revision: 1,
    requirement: 'GET /models?client_version=… is answered with a list that Codex can read, or one without `models`.',
    source: 'Codex 0.122.0 and 0.169.0, measured: with a list that it cannot read it knows no model of the gateway',
    level: 'info',
    profiles: CODEX,
    codex: ['chatgpt'],
    needs: 'gateway',
    async run(t) {
      const reply = await t.call({ path: '/models?client_version=0.169.0' });
      if (reply.status >= 400 && reply.status < 500)
        return t.stop('unsupported', `there is no /models: ${reply.status}`);
      const body = (await reply.json()) as Json | undefined;
      t.expect(reply.status === 200 && body !== undefined, `it is answered with ${reply.status}`, { where: 'answer' });
      for (const model of Array.isArray(body?.models) ? (body.models as Json[]) : [])
        t.expect(typeof model.slug === 'string', `a model has no slug: ${startOfJson(model, 120)}`, {
          where: 'answer',
          pointer: '/models',
        });
    },
  },
  {
    id: 'responses.models.callable',
    revision: 2,
    requirement: 'A model of the list that answers in words can be called.',
    source: 'measured: lists with hundreds of names that the provider does not have, and with disguised names',
    level: 'should',
    profiles: ['codex', 'open-responses'],
    needs: 'upstream',
    clients: ['responses'],
    reaches: false,
    async run(t) {
      const reply = await t.call({ path: '/models' });
      const names = (reply.status === 200 ? namesIn(await reply.json()) : []).filter(
        (name) => !OTHER_MODELS.test(name),
      );
      if (names.length === 0) return t.stop('not-applicable', 'there is no list of models that answer in words');
      // By a name of its own list a gateway knows the provider, and may use fields that only that one has.
      t.upstream.beLenient();
      // Two of many: the first one and the last.
      for (const model of new Set([names[0]!, names.at(-1)!])) {
        const answer = await t.call({ body: { ...t.prompt(), model } });
        const start = startOf(await answer.text(), 160);
        t.expect(
          answer.status === 200,
          `${model} is in the list, and a request for it is answered with ${answer.status}: ${start}`,
          { where: 'answer' },
        );
      }
    },
  },
];
