import type { Defect } from './defect.ts';
import { dropField, onEvents, onRequests, turnsOf } from './edit.ts';
import type { Hooks, Json } from './hop.ts';

type ChatOrMessages = 'chat' | 'messages';

/** A defect on the way of one client: [id, what, where it was seen, hooks, caught by]. */
type Row = readonly [id: string, what: string, seen: string, build: Pick<Defect, 'front' | 'back'>, caughtBy: string];

const JSON_TYPE = { 'content-type': 'application/json' };

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** Every part of every message, and of every result in it. */
function onParts(change: (part: Json) => void): Hooks {
  const parts = (content: unknown): Json[] => listOf(content).flatMap((part) => [part, ...parts(part.content)]);
  return onRequests((json) => {
    for (const part of turnsOf(json).flatMap(({ content }) => parts(content))) change(part);
  });
}

function onTurns(change: (turn: Json) => void): Hooks {
  return onRequests((json) => turnsOf(json).forEach(change));
}

/** Every choice of every chunk. */
function onChoices(change: (choice: Json, delta: Json) => void): Hooks {
  return onEvents((data) => {
    for (const choice of listOf(data.choices)) change(choice, (choice.delta ?? {}) as Json);
    return data;
  });
}

/** Events of one type. */
function onType(type: string, change: (data: Json) => Json | undefined): Hooks {
  return onEvents((data) => (data.type === type ? change(data) : data));
}

/** The JSON of every answer that is no stream. */
function onBody(change: (body: Json) => void): Hooks {
  return {
    body(text) {
      const body = JSON.parse(text) as Json;
      change(body);
      return JSON.stringify(body);
    },
  };
}

function without(object: unknown, ...names: string[]): void {
  for (const name of names) delete (object as Json | undefined)?.[name];
}

const CHAT: readonly Row[] = [
  [
    'chat-detail-lost',
    '`detail` of an image is dropped',
    'assumed: converters that only know the URL',
    { back: onParts((part) => without(part.image_url, 'detail')) },
    'chat.turn.image-url',
  ],
  [
    'chat-developer-renamed',
    'developer messages become system messages',
    'gateways.md: developer becomes system',
    { back: onTurns((turn) => turn.role === 'developer' && Object.assign(turn, { role: 'system' })) },
    'chat.turn.developer',
  ],
  [
    'chat-system-first',
    'system messages are moved to the front',
    'gateways-measured: system texts joined (codex-api-proxy)',
    {
      back: onRequests((json) => {
        const turns = turnsOf(json);
        const isSystem = ({ role }: Json) => role === 'system';
        json.messages = [...turns.filter(isSystem), ...turns.filter((turn) => !isSystem(turn))];
      }),
    },
    'chat.turn.order',
  ],
  [
    'chat-result-as-json',
    'the parts of a result become JSON text',
    'assumed: results that have to be strings',
    {
      back: onTurns((turn) => {
        if (turn.role === 'tool') turn.content = JSON.stringify(turn.content);
      }),
    },
    'chat.turn.result-parts',
  ],
  [
    'chat-thoughts-not-sent-back',
    '`reasoning_content` of the history is dropped',
    'gateways.md: thoughts sent back on some turns only',
    { back: onTurns((turn) => without(turn, 'reasoning_content')) },
    'chat.turn.reasoning-content',
  ],
  [
    'chat-text-beside-call-lost',
    'the text beside a call is dropped',
    'gateways-measured: text beside calls lost (codex-api-proxy)',
    { back: onTurns((turn) => turn.tool_calls && Object.assign(turn, { content: null })) },
    'chat.turn.text-with-call',
  ],
  [
    'chat-length-as-stop',
    'an answer that was cut ends with `stop`',
    'gateways-measured: always `stop` (codex-api-proxy)',
    {
      back: onChoices(
        (choice) => choice.finish_reason === 'length' && Object.assign(choice, { finish_reason: 'stop' }),
      ),
    },
    'chat.answer.length-stream',
  ],
  [
    'chat-calls-whenever-calls',
    'an answer with calls always ends with `tool_calls`',
    'assumed: converters that go by what was said',
    {
      back: onBody((body) => {
        for (const choice of listOf(body.choices))
          if ((choice.message as Json).tool_calls) choice.finish_reason = 'tool_calls';
      }),
    },
    'chat.answer.cut-call-json',
  ],
  [
    'chat-refusal-as-text',
    'a refusal becomes text',
    'assumed: converters that only know content',
    {
      back: onChoices((_, delta) => {
        if (typeof delta.refusal !== 'string') return;
        delta.content = delta.refusal;
        delete delta.refusal;
      }),
    },
    'chat.answer.refusal-stream',
  ],
  [
    'chat-second-choice-lost',
    'only the first choice is kept',
    'assumed: converters that read `choices[0]`',
    {
      back: onEvents((data) => ({ ...data, choices: listOf(data.choices).filter(({ index }) => index === 0) })),
    },
    'chat.answer.choices-stream',
  ],
  [
    'chat-logprobs-lost',
    'log probabilities are dropped',
    'assumed: gateways with a fixed list of fields',
    { back: onChoices((choice) => without(choice, 'logprobs')) },
    'chat.answer.logprobs-stream',
  ],
  [
    'chat-usage-flattened',
    'the details of a usage are dropped',
    'gateways-measured: cached tokens counted in other ways by route',
    { back: onBody((body) => without(body.usage, 'prompt_tokens_details', 'completion_tokens_details')) },
    'chat.answer.usage-details-json',
  ],
  [
    'chat-one-index',
    'every call has the index 0',
    'gateways-measured: both calls under 0, in requests (LiteLLM)',
    {
      back: onChoices((_, { tool_calls }) => {
        for (const call of listOf(tool_calls)) call.index = 0;
      }),
    },
    'chat.stream.call-heads',
  ],
  [
    'chat-id-per-chunk',
    'each chunk has an id of its own',
    'assumed: converters that mint an id for each event',
    { back: onEvents((data, index) => ({ ...data, id: `chatcmpl-${index}` })) },
    'chat.stream.one-completion',
  ],
  [
    'chat-usage-unasked',
    'a usage comes that nobody asked for',
    'assumed: gateways that count, and ask the provider for it',
    { back: onRequests((json) => Object.assign(json, { stream_options: { include_usage: true } })) },
    'chat.usage.not-asked-for',
  ],
  [
    'chat-usage-everywhere',
    'every chunk has the usage so far',
    'assumed: servers that count as they go',
    { back: onEvents((data) => ({ ...data, usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })) },
    'chat.usage.once',
  ],
  [
    'chat-index-lost',
    'the choices of a document have no index',
    'assumed: answers made by hand',
    {
      back: onBody((body) => {
        for (const choice of listOf(body.choices)) without(choice, 'index', 'message');
      }),
    },
    'chat.valid.text-json',
  ],
  [
    'chat-code-lost',
    'the code of an error is dropped',
    "assumed: errors in the gateway's own words",
    { back: onBody((body) => body.error && Object.assign(body.error, { code: null })) },
    'chat.error.context-length',
  ],
];

const MESSAGES: readonly Row[] = [
  [
    'messages-signature-trimmed',
    'the signature of a thought is another one at the provider',
    'assumed: gateways that put thoughts together anew',
    { back: onParts((part) => part.type === 'thinking' && Object.assign(part, { signature: 'EqOther==' })) },
    'messages.turn.thinking',
  ],
  [
    'messages-redacted-lost',
    'redacted thoughts are dropped',
    'gateways-measured: thoughts dropped (codex-api-proxy)',
    {
      back: onTurns((turn) => {
        turn.content = listOf(turn.content).filter(({ type }) => type !== 'redacted_thinking');
      }),
    },
    'messages.turn.redacted-thinking',
  ],
  [
    'messages-is-error-lost',
    '`is_error` of a result is dropped',
    'gateways-measured: codex-api-proxy',
    { back: onParts((part) => without(part, 'is_error')) },
    'messages.turn.result-error',
  ],
  [
    'messages-result-image-lost',
    'images in results are dropped',
    'gateways-measured: codex-api-proxy',
    {
      back: onParts((part) => {
        if (part.type !== 'tool_result') return;
        part.content = listOf(part.content).filter(({ type }) => type === 'text');
      }),
    },
    'messages.turn.result-image',
  ],
  [
    'messages-cache-marks-lost',
    '`cache_control` of blocks is dropped',
    'assumed: every request is paid in full',
    { back: onParts((part) => without(part, 'cache_control')) },
    'messages.turn.cache-control-text',
  ],
  [
    'messages-document-lost',
    'documents are dropped',
    'gateways-measured: codex-api-proxy',
    {
      back: onTurns((turn) => {
        turn.content = listOf(turn.content).filter(({ type }) => type !== 'document');
      }),
    },
    'messages.turn.document-base64',
  ],
  [
    'messages-signature-lost',
    'the signature of a thought does not arrive',
    'assumed: converters that only know the text of thoughts',
    {
      back: onType('content_block_delta', (data) =>
        (data.delta as Json).type === 'signature_delta' ? undefined : data,
      ),
    },
    'messages.answer.thinking-stream',
  ],
  [
    'messages-stop-sequence-lost',
    'at which sequence an answer ended is dropped',
    'assumed: converters by way of Chat Completions',
    { back: onBody((body) => Object.assign(body, { stop_sequence: null })) },
    'messages.answer.stop-sequence-json',
  ],
  [
    'messages-pause-as-end',
    'a paused turn ends as a whole one',
    'assumed: converters with a table of the usual reasons',
    {
      back: onType('message_delta', (data) => {
        const delta = data.delta as Json;
        if (delta.stop_reason === 'pause_turn') delta.stop_reason = 'end_turn';
        return data;
      }),
    },
    'messages.answer.stop-pause-turn-stream',
  ],
  [
    'messages-cache-counts-lost',
    'what was read from the cache is dropped from the usage',
    'gateways-measured: cached tokens counted in other ways by route',
    {
      back: onType('message_start', (data) => {
        without((data.message as Json).usage, 'cache_read_input_tokens', 'cache_creation_input_tokens');
        return data;
      }),
    },
    'messages.answer.usage-cache-stream',
  ],
  [
    'messages-citations-lost',
    'citations are dropped',
    'assumed: converters that only know text deltas',
    {
      back: onType('content_block_delta', (data) =>
        (data.delta as Json).type === 'citations_delta' ? undefined : data,
      ),
    },
    'messages.answer.citations-stream',
  ],
  [
    'messages-blocks-not-closed',
    'blocks are not closed before the next one begins',
    'assumed: converters that close nothing',
    { back: onType('content_block_stop', () => undefined) },
    'messages.valid.all-stream',
  ],
  [
    'messages-unknown-event-as-text',
    'an event of a new type becomes text',
    'assumed: converters with a default branch',
    {
      front: onType('made_up_event', (data) => ({
        ...{ type: 'content_block_delta', index: 0 },
        delta: { type: 'text_delta', text: JSON.stringify(data) },
      })),
    },
    'messages.stream.future-event',
  ],
  [
    'messages-overloaded-as-api-error',
    'every failure of a provider becomes `api_error`',
    'assumed: gateways with one type for all errors',
    { back: onBody((body) => body.error && Object.assign(body.error, { type: 'api_error' })) },
    'messages.error.overloaded',
  ],
  [
    'messages-count-fixed',
    'every prompt has 100 tokens',
    'assumed: local estimates that read nothing',
    { front: answering('/count_tokens', 200, { input_tokens: 100 }) },
    'messages.count-tokens.text',
  ],
  [
    'messages-count-as-turn',
    'count_tokens is answered by a completion',
    'assumed: gateways that route by the beginning of the path',
    {
      front: {
        request(request) {
          request.url = request.url.replace('/count_tokens', '');
          if (request.json) request.json.max_tokens ??= 1;
        },
      },
    },
    'messages.count-tokens.no-turn',
  ],
  [
    'messages-thread-dropped',
    '`thread` is dropped with a 200',
    'clients.md: one measured gateway, which then invents a call',
    { front: dropField('thread') },
    'messages.thread.continue',
  ],
  [
    'messages-beta-header-lost',
    '`anthropic-beta` is dropped',
    'gateways-measured: only two headers pass (codex-api-proxy)',
    { back: onRequests((_, { headers }) => without(headers, 'anthropic-beta')) },
    'messages.beta.context-management',
  ],
  [
    'messages-bearer-fails',
    'a key in Authorization ends in 500',
    'assumed: gateways that only read x-api-key',
    {
      front: {
        request: ({ headers }) =>
          headers['x-api-key'] === undefined && headers.authorization !== undefined
            ? { status: 500, headers: JSON_TYPE, body: '{"detail":"no key"}' }
            : undefined,
      },
    },
    'messages.auth.bearer',
  ],
];

/** A hook that answers requests to a path by itself. */
function answering(path: string, status: number, body: object): Hooks {
  return {
    request: ({ url }) => (url.endsWith(path) ? { status, headers: JSON_TYPE, body: JSON.stringify(body) } : undefined),
  };
}

const defectsOf = (client: ChatOrMessages, rows: readonly Row[]): Defect[] =>
  rows.map(([id, what, seen, build, caughtBy]) => ({ id, what, seen, ...build, client, caughtBy }));

/** Defects in what only Chat Completions or Messages has. */
export const DIALECT_DEFECTS: readonly Defect[] = [...defectsOf('chat', CHAT), ...defectsOf('messages', MESSAGES)];
