import type { Defect } from './defect.ts';
import { onEvents, onRequests } from './edit.ts';
import type { Hooks, Json } from './hop.ts';

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** A hook that changes texts in every answer, stream or not. */
function replaceText(pattern: RegExp, by: string): Hooks {
  return { event: (text) => text.replaceAll(pattern, by), body: (text) => text.replaceAll(pattern, by) };
}

/** A hook that changes the first choice of each chunk. */
function onChoices(change: (choice: { delta: Json } & Json, data: Json, index: number) => void): Hooks {
  return onEvents((data, index) => {
    const [choice] = listOf(data.choices);
    if (choice) change(choice as { delta: Json } & Json, data, index);
    return data;
  });
}

const MEASURED = 'gateways-measured, section 5';

/** The same defect in streams and in documents. */
const both = (defect: Omit<Defect, 'caughtBy'>, rule: string): Defect[] =>
  ['stream', 'json'].map((form) => ({
    ...defect,
    id: `${defect.id}-${form}`,
    caughtBy: `translate.end.${rule}-${form}`,
  }));

const ENDS: readonly Defect[] = [
  ...both(
    {
      id: 'cut-told-as-complete',
      what: 'an answer that was cut is told as complete',
      seen: `${MEASURED}: codex-api-proxy`,
      upstream: 'chat',
      back: replaceText(/"finish_reason":"length"/g, '"finish_reason":"stop"'),
    },
    'length',
  ),
  ...both(
    {
      id: 'filter-told-as-complete',
      what: "a filter's end is told as complete",
      seen: `${MEASURED}: codex-api-proxy`,
      upstream: 'chat',
      back: replaceText(/"finish_reason":"content_filter"/g, '"finish_reason":"stop"'),
    },
    'filter',
  ),
  ...both(
    {
      id: 'refusal-lost',
      what: 'a refusal is dropped',
      seen: 'converters that read `content` alone',
      upstream: 'chat',
      back: replaceText(/"refusal":"[^"]*"/g, '"refusal":null'),
    },
    'refusal',
  ),
  ...both(
    {
      id: 'cache-counted-twice',
      what: 'tokens from the cache are counted within the input and beside it',
      seen: `${MEASURED}: three numbers on three routes for one answer`,
      upstream: 'chat',
      client: 'messages',
      front: replaceText(/"input_tokens":400/g, '"input_tokens":1000'),
    },
    'cached-tokens',
  ),
  ...both(
    {
      id: 'reasoning-tokens-lost',
      what: 'tokens of thoughts are told as 0',
      seen: `${MEASURED}: usage zeros or absent`,
      upstream: 'chat',
      front: replaceText(/"reasoning_tokens":40/g, '"reasoning_tokens":0'),
    },
    'reasoning-tokens',
  ),
];

/** A converter that reads a stream of the provider in one manner alone. */
const reader = (rule: string, what: string, back: Hooks): Defect => ({
  id: `reads-no-${rule}`,
  what,
  seen: 'converters that were written for the streams of one provider',
  upstream: rule.split('-')[0] as 'chat',
  client: rule.startsWith('responses') ? 'chat' : 'responses',
  caughtBy: `translate.stream.${rule}`,
  back,
});

const failure = { type: 'error', error: { type: 'api_error', message: 'unknown event' } };

const READERS: readonly Defect[] = [
  reader(
    'chat-end-with-last-delta',
    'a chunk with an end is read for its end alone',
    onChoices((choice) => {
      if (choice.finish_reason) choice.delta = {};
    }),
  ),
  reader(
    'chat-usage-with-end',
    'the usage is not seen in a chunk with a choice',
    onChoices((_choice, data) => delete data.usage),
  ),
  reader(
    'chat-usage-everywhere',
    'the usages of all chunks are added up',
    onEvents((data) => {
      const usage = data.usage as Record<string, number> | undefined;
      if (usage && listOf(data.choices).length === 0)
        for (const field of ['prompt_tokens', 'total_tokens']) usage[field]! *= 9;
      return data;
    }),
  ),
  reader(
    'chat-call-in-one-chunk',
    'arguments are not seen in the chunk that begins a call',
    onChoices(({ delta }) => {
      for (const call of listOf(delta.tool_calls)) {
        const made = call.function as Json;
        if (made.name) made.arguments = '';
      }
    }),
  ),
  reader('chat-chunk-without-choices', 'a chunk without choices is taken for the end', {
    event: (text, index) => (text.includes('"choices":[]') && index === 0 ? 'data: [DONE]' : text),
  }),
  reader(
    'chat-role-everywhere',
    'a delta with a role is taken for the first one, which has no text',
    onChoices((choice, _data, index) => {
      if (index > 0 && choice.delta.role) choice.delta = {};
    }),
  ),
  reader(
    'messages-input-at-the-start',
    'the tokens of the input are not read where the stream begins',
    onEvents((data) => {
      if (data.type === 'message_start') ((data.message as Json).usage as Json).input_tokens = 0;
      return data;
    }),
  ),
  reader('messages-unknown-event', 'an event of an unknown type is an error', {
    event: (text) => (text.includes('made_up') ? `event: error\ndata: ${JSON.stringify(failure)}` : text),
  }),
  reader(
    'messages-two-texts',
    'the second text is dropped',
    onEvents((data) => (data.index === 1 && /text/.test(JSON.stringify(data.delta ?? {})) ? undefined : data)),
  ),
  reader(
    'responses-no-output-at-the-end',
    'items are read from the last event alone',
    onEvents((data) => (/created|completed/.test(String(data.type)) ? data : undefined)),
  ),
  reader('responses-unknown-event', 'an event of an unknown type is an error', {
    event(text) {
      const failed = { type: 'error', sequence_number: 1, code: 'server_error', message: 'unknown event', param: null };
      return text.includes('made_up:event') ? `event: error\ndata: ${JSON.stringify(failed)}` : text;
    },
  }),
];

const shape = (id: string, what: string, rule: string, rest: Partial<Defect>): Defect => ({
  ...{ id, what, seen: 'gateways.md section 4', upstream: 'chat', caughtBy: `translate.shape.${rule}` },
  ...rest,
});

/** Drops some events. */
const withoutEvents = (dropped: (data: Json) => boolean) => onEvents((data) => (dropped(data) ? undefined : data));

const SHAPES: readonly Defect[] = [
  shape('delta-before-its-item', 'deltas of a call that was never added', 'everything-stream', {
    front: withoutEvents(
      ({ type, item }) => type === 'response.output_item.added' && (item as Json).type === 'function_call',
    ),
  }),
  shape('object-by-another-name', 'a document says that it is another object', 'plain-json', {
    front: { body: (text) => text.replace('"object":"response"', '"object":"chat.completion"') },
  }),
  shape('call-without-start', 'the block of a call has no start', 'call-alone-stream', {
    client: 'messages',
    front: withoutEvents(({ content_block: block }) => (block as Json | undefined)?.type === 'tool_use'),
  }),
  shape('call-without-id', 'a call in a document has no id', 'everything-json', {
    front: { body: (text) => text.replaceAll(/"call_id":"[^"]*",/g, '') },
  }),
  shape('call-without-type', 'a call in a document has no type', 'call-alone-json', {
    client: 'chat',
    upstream: 'responses',
    front: { body: (text) => text.replaceAll('"type":"function",', '') },
  }),
  shape('cut-not-told', 'a cut answer ends without its message_delta', 'cut-stream', {
    client: 'messages',
    front: withoutEvents(({ delta }) => (delta as Json | undefined)?.stop_reason === 'max_tokens'),
  }),
  shape('reason-by-another-name', 'the reason of a cut is none that the protocol has', 'cut-json', {
    front: { body: (text) => text.replaceAll('"max_output_tokens"}', '"length"}') },
  }),
  shape('no-end-of-nothing', 'a stream without a word has no end', 'nothing-stream', {
    front: withoutEvents((data) => data.type === 'response.completed' && !JSON.stringify(data).includes('Short.')),
  }),
  shape('no-content-of-nothing', 'a document without a word has no content', 'nothing-json', {
    client: 'messages',
    front: { body: (text) => (text.includes('Short.') ? text : text.replace(/"content":\[.*?\],/, '')) },
  }),
];

const ERRORS: readonly Defect[] = [
  ...[408, 504].map(
    (status): Defect => ({
      id: `fault-of-the-client-${status}`,
      what: `${status} of the provider is told as a fault of the request`,
      seen: 'gateways that know a few statuses and tell the others as 400',
      caughtBy: `errors.status.${status}-stream`,
      front: {
        head(head) {
          if (head.status === status) head.status = 400;
        },
      },
    }),
  ),
  {
    id: 'reason-context-lost',
    what: 'a prompt that is too long is told as any fault of the request',
    seen: 'gateways.md section 4: error fidelity',
    upstream: 'messages',
    caughtBy: 'errors.reason.context-length',
    front: replaceText(/context_length_exceeded/g, 'invalid_request'),
  },
  {
    id: 'reason-credit-lost',
    what: 'an empty account is told as a rate limit',
    seen: 'gateways.md section 4: error fidelity',
    upstream: 'chat',
    caughtBy: 'errors.reason.no-credit',
    front: replaceText(/insufficient_quota/g, 'rate_limit_exceeded'),
  },
  {
    id: 'any-model',
    what: 'a model that does not exist is answered by another one',
    seen: 'gateways with a model by default',
    caughtBy: 'errors.request.unknown-model',
    front: onRequests((json) => {
      json.model = 'gpt-5.5';
    }),
  },
  {
    id: 'one-at-a-time',
    what: 'a request waits until the answer to another one is over',
    seen: 'gateways with one worker',
    caughtBy: 'errors.slow.others-go-on',
    front: { oneAtATime: true },
  },
];

/** Defects in what a client is told by a provider of another protocol, and in errors. */
export const ANSWER_DEFECTS: readonly Defect[] = [...ENDS, ...READERS, ...SHAPES, ...ERRORS];
