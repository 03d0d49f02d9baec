import { isSameJson } from '../../../src/conformance/harness/same-json.ts';
import type { Build } from './defect.ts';
import { breaker, onEvents, onRequests, turnsOf } from './edit.ts';
import type { Json } from './hop.ts';

/** A gateway that is right in another way than ours: no check may call it broken. */
export interface Innocent extends Build {
  id: string;
  what: string;
  /** Those whose rule it comes close to. */
  checks: readonly string[];
  /** What they may say: `pass` alone when absent. */
  verdicts?: RegExp;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

const sortedRequests = onRequests((json) => {
  const copy = sorted(json) as Json;
  for (const key of Object.keys(json)) delete json[key];
  Object.assign(json, copy);
});

/** Every piece of a text as two. */
function inHalves(text: string): string {
  const found = /^data: (\{.*)$/m.exec(text)?.[1];
  const data = found === undefined ? {} : (JSON.parse(found) as Json);
  const piece = pieceOf(data);
  if (piece === undefined || piece.length < 2) return text;
  const quoted = JSON.stringify(piece);
  return [piece.slice(0, 1), piece.slice(1)]
    .map((half) => text.replace(quoted, () => JSON.stringify(half)))
    .join('\n\n');
}

function pieceOf({ type, delta, choices }: Json): string | undefined {
  const inner = (choices as { delta?: Json }[] | undefined)?.[0]?.delta ?? (delta as Json | undefined);
  const piece = type === 'response.output_text.delta' ? delta : (inner?.content ?? inner?.text);
  return typeof piece === 'string' ? piece : undefined;
}

/** What the APIs take for granted. */
const DEFAULTS: Json = { parallel_tool_calls: true, tool_choice: 'auto', truncation: 'disabled', n: 1 };

const reordered = onRequests((json) => {
  if (Array.isArray(json.tools)) json.tools.reverse();
  const turns = turnsOf(json);
  const results = turns.flatMap(({ type, role }, i) => (type === 'function_call_output' || role === 'tool' ? [i] : []));
  if (results.length === 2) {
    const [first, second] = results as [number, number];
    [turns[first], turns[second]] = [turns[second]!, turns[first]!];
  }
});

/** A content of several texts as one. */
const joined = onRequests((json) => {
  for (const turn of turnsOf(json)) {
    const { content } = turn;
    if (Array.isArray(content) && content.length > 1 && content.every(({ type }) => type === 'text'))
      turn.content = [{ type: 'text', text: content.map(({ text }) => text).join('\n') }];
  }
});

const rewritten = onRequests((json) => {
  const respell = (holder: Json | undefined) => {
    if (typeof holder?.arguments === 'string')
      holder.arguments = JSON.stringify(JSON.parse(holder.arguments), undefined, 1);
  };
  for (const turn of turnsOf(json)) {
    respell(turn);
    for (const call of (turn.tool_calls as Json[] | undefined) ?? []) respell(call.function as Json);
  }
});

export const INNOCENTS: readonly Innocent[] = [
  {
    id: 'keys-in-another-order',
    what: 'writes all JSON anew, its keys in alphabetical order',
    front: onEvents((data) => sorted(data) as Json),
    back: sortedRequests,
    checks: [
      'wire.framing.event-lines',
      'wire.stream.grammar',
      'responses.stream.lines',
      'responses.stream.done-items',
      'responses.request.same',
      'translate.answer.call-stream',
      'translate.answer.parallel-calls-stream',
      'translate.request.schema',
      'messages.request.same',
      'messages.answer.citations-stream',
      'cache.key.cache-control',
    ],
  },
  {
    id: 'texts-in-other-pieces',
    what: 'cuts a text into other pieces than the provider',
    front: { event: inHalves },
    checks: ['wire.stream.held-back', 'wire.framing.one-read', 'translate.answer.text-stream', 'responses.live.pieces'],
  },
  {
    id: 'head-with-first-event',
    what: 'begins its answer when the provider has said something',
    front: { lateHead: true },
    checks: ['wire.stream.held-back', 'wire.cancel.mid-stream', 'errors.slow.others-go-on'],
  },
  {
    id: 'other-order-of-tools-and-results',
    what: 'offers tools and tells results in another order',
    back: reordered,
    checks: ['translate.request.tools', 'translate.request.parallel-calls'],
  },
  {
    id: 'defaults-left-out',
    what: 'leaves out fields that say what is so anyway',
    back: onRequests((json) => {
      for (const [field, value] of Object.entries(DEFAULTS)) if (isSameJson(json[field], value)) delete json[field];
      // Chat Completions stores nothing unless it is asked to, Responses does.
      if (json.messages && json.store === false) delete json.store;
    }),
    checks: [
      'responses.field.parallel-tool-calls-true',
      'responses.field.tool-choice-auto',
      'responses.field.truncation',
      'chat.field.n',
      'chat.field.store',
      'chat.field.tool-choice-auto',
    ],
  },
  {
    id: 'texts-joined',
    what: 'makes one text of the texts of a message',
    back: joined,
    checks: ['chat.turn.system-parts', 'chat.turn.user-parts', 'messages.turn.texts'],
    verdicts: /^warn$/,
  },
  {
    id: 'arguments-written-anew',
    what: 'writes the arguments of calls anew',
    back: rewritten,
    checks: ['chat.turn.call-and-result', 'chat.turn.parallel-calls', 'responses.item.function-call-namespace'],
    verdicts: /^warn$/,
  },
  {
    id: 'fields-of-its-own',
    what: 'sends a number of its own with every request',
    back: onRequests((json, _request, nth) => {
      if (json.input) json.metadata = { request: String(nth) };
    }),
    checks: ['cache.prefix.same-bytes', 'cache.prefix.session'],
  },
  {
    id: 'keys-given-on',
    what: 'has no key of its own, and gives on what the client shows',
    front: {},
    bare: true,
    checks: [
      'security.auth.no-key',
      'security.auth.wrong-key',
      'security.auth.route-responses',
      'security.auth.route-messages',
      'security.keys.client-key-stays',
    ],
    verdicts: /^(?:pass|not-applicable)$/,
  },
  {
    id: 'provider-at-its-root',
    what: 'gives every path on, be it of the API or not',
    front: {},
    bare: true,
    checks: ['security.path.dot-segments', 'security.path.double-slash'],
    verdicts: /^(?:pass|not-applicable)$/,
  },
  {
    id: 'forbidden',
    what: 'refuses a wrong key with 403 and a text',
    front: {
      request({ headers }) {
        if (!/made-up-client-key/.test(`${headers.authorization} ${headers['x-api-key']}`))
          return { status: 403, headers: { 'content-type': 'text/plain' }, body: 'Forbidden' };
        return undefined;
      },
    },
    checks: ['security.auth.no-key', 'security.auth.wrong-key'],
    verdicts: /^warn$/,
  },
  {
    id: 'closes-after-a-failure',
    what: 'closes the connection after a 502 without a word',
    front: { closeAfter: 502 },
    checks: ['errors.recovery.after-failures'],
  },
  {
    id: 'opens-its-breaker',
    what: 'refuses for a second after some failures, without asking the provider',
    front: breaker(1000),
    checks: ['errors.recovery.after-failures'],
  },
  {
    id: 'pause-in-the-other-form',
    what: 'says until when to wait where the provider says how long, and the reverse',
    front: {
      head({ headers }) {
        const said = headers['retry-after'];
        if (said === undefined) return;
        const isDate = said.endsWith('GMT');
        const until = isDate ? Date.parse(said) : Date.now() + Number(said) * 1000;
        headers['retry-after'] = isDate
          ? String(Math.ceil((until - Date.now()) / 1000))
          : new Date(until).toUTCString();
      },
    },
    checks: [
      'errors.retry-after.429-seconds',
      'errors.retry-after.429-date',
      'errors.retry-after.503-seconds',
      'errors.retry-after.503-date',
    ],
  },
  {
    id: 'full',
    what: 'refuses streams that are too many with 429',
    front: {
      request: (() => {
        let asked = 0;
        return ({ json }) =>
          JSON.stringify(json ?? '').includes('Say word-') && ++asked % 3 === 0
            ? { status: 429, headers: { 'content-type': 'application/json' }, body: '{"error":{"message":"full"}}' }
            : undefined;
      })(),
    },
    checks: ['wire.parallel.apart'],
    verdicts: /^unsupported$/,
  },
  {
    id: 'hangs-up-on-a-refusal',
    what: 'closes a WebSocket where the provider refuses what was asked',
    front: { upgrade: { connection: () => ({ down: (message) => (message.type === 'error' ? 1011 : [message]) }) } },
    checks: ['responses.websocket.after-error'],
  },
  {
    id: 'answers-from-its-cache',
    what: 'answers a request that it has answered before itself',
    front: {
      request: (() => {
        const known = new Set<string>();
        return ({ body }) => {
          if (!known.has(body.toString())) return void known.add(body.toString());
          return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: 'data: {}\n\n' };
        };
      })(),
    },
    checks: ['cache.prefix.same-bytes', 'cache.prefix.session'],
    verdicts: /^(?:pass|not-applicable)$/,
  },
];
