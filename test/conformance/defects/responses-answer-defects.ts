import type { Defect } from './defect.ts';
import { onEvents, onRequests } from './edit.ts';
import type { Hooks, Json } from './hop.ts';

const WIRE = 'codex-wire.md section 13';
const STREAMS = 'gateways.md section 4: streams made anew';

/** A hook that changes the response that the last event holds. */
function onLast(change: (response: Json) => Json): Hooks {
  return onEvents((data) =>
    /^response\.(?:completed|incomplete|failed)$/.test(String(data.type)) && data.response
      ? { ...data, response: change(data.response as Json) }
      : data,
  );
}

/** A hook that changes a document that is a response. */
function onDocument(change: (response: Json) => Json): Hooks {
  return {
    body(text, { status }) {
      const body = status === 200 ? (JSON.parse(text) as Json) : undefined;
      return body?.object === 'response' ? JSON.stringify(change(body)) : text;
    },
  };
}

/** A hook that changes the fields of an event of one type; undefined drops it. */
const onType = (type: string, change: (data: Json) => Json | undefined) =>
  onEvents((data) => (data.type === type ? change(data) : data));

/** A hook that changes items as they are done. */
const onDone = (change: (item: Json) => Json | undefined) =>
  onType('response.output_item.done', (data) => {
    const item = change(data.item as Json);
    return item && { ...data, item };
  });

/** A hook that changes the error of every refusal. */
function onRefusal(change: (error: Json) => Json): Hooks {
  return {
    body: (text, { status }) =>
      status < 400 ? text : JSON.stringify({ error: change((JSON.parse(text) as { error: Json }).error) }),
  };
}

const rest = (value: Json, field: string): Json => {
  const { [field]: _, ...others } = value;
  return others;
};

/** Defects in what a client of Responses is told. */
export const RESPONSES_ANSWER_DEFECTS: readonly Defect[] = [
  {
    id: 'sealed-cut',
    what: 'sealed reasoning loses its padding',
    seen: WIRE,
    front: onDone((item) =>
      item.type === 'reasoning'
        ? { ...item, encrypted_content: String(item.encrypted_content).replace(/=+$/, '') }
        : item,
    ),
    caughtBy: 'responses.answer.reasoning-stream',
  },
  {
    id: 'unknown-items-lost',
    what: 'items that are neither texts nor calls of functions are dropped',
    seen: 'gateways-measured: converters that know functions alone',
    front: onDone((item) => (/^(?:message|reasoning|function_call)$/.test(String(item.type)) ? item : undefined)),
    caughtBy: 'responses.answer.tool-search-call-stream',
  },
  {
    id: 'answer-phase-lost',
    what: 'the phase of messages is dropped',
    seen: WIRE,
    front: onDone((item) => rest(item, 'phase')),
    caughtBy: 'responses.answer.phases-stream',
  },
  {
    id: 'parts-joined',
    what: 'the parts of a message are joined into one',
    seen: 'converters through Chat Completions',
    front: onDone((item) => {
      if (!Array.isArray(item.content)) return item;
      const text = (item.content as Json[]).map((part) => part.text).join('');
      return { ...item, content: [{ type: 'output_text', text, annotations: [], logprobs: [] }] };
    }),
    caughtBy: 'responses.answer.parts-stream',
  },
  {
    id: 'annotations-lost',
    what: 'citations are dropped',
    seen: 'converters through Chat Completions',
    front: onDocument((response) =>
      JSON.parse(JSON.stringify(response).replace(/"annotations":\[\{.*?\}\]/g, '"annotations":[]')),
    ),
    caughtBy: 'responses.answer.annotations-json',
  },
  {
    id: 'refusal-as-text',
    what: 'a refusal becomes a text',
    seen: 'converters through Chat Completions',
    front: onDocument((response) =>
      JSON.parse(JSON.stringify(response).replace('"type":"refusal","refusal":', '"type":"output_text","text":')),
    ),
    caughtBy: 'responses.answer.refusal-json',
  },
  {
    id: 'fails-at-unknown-event',
    what: 'an event of an unknown type becomes a failure',
    seen: 'converters with a closed list of events',
    front: onType('codex.made_up', () => ({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'unknown event' } },
    })),
    caughtBy: 'responses.answer.unknown-event',
  },
  {
    id: 'created-lost',
    what: 'response.created is dropped',
    seen: STREAMS,
    front: onType('response.created', () => undefined),
    caughtBy: 'responses.stream.first',
  },
  {
    id: 'more-behind-the-end',
    what: 'an event comes behind the end',
    seen: STREAMS,
    front: { end: { append: 'event: response.in_progress\ndata: {"type":"response.in_progress"}\n\n' } },
    caughtBy: 'responses.stream.last',
  },
  {
    id: 'sequence-stands-still',
    what: 'every event has the sequence number 0',
    seen: STREAMS,
    front: onEvents((data) => ({ ...data, sequence_number: 0 })),
    upstream: 'chat',
    caughtBy: 'responses.stream.sequence',
  },
  {
    id: 'response-id-changes',
    what: 'the response has another id at its end',
    seen: STREAMS,
    front: onLast((response) => ({ ...response, id: 'resp_another' })),
    caughtBy: 'responses.stream.response-id',
  },
  {
    id: 'item-ids-change',
    what: 'items are done under other ids than they were added',
    seen: STREAMS,
    front: onDone((item) => ({ ...item, id: `other_${String(item.id)}` })),
    upstream: 'messages',
    caughtBy: 'responses.stream.item-ids',
  },
  {
    id: 'items-without-status',
    what: 'items have no status',
    seen: STREAMS,
    front: onDone((item) => rest(item, 'status')),
    caughtBy: 'responses.stream.item-fields',
  },
  {
    id: 'items-never-added',
    what: 'items are done without having been added',
    seen: STREAMS,
    front: onType('response.output_item.added', () => undefined),
    caughtBy: 'responses.stream.added-first',
  },
  {
    id: 'parts-never-added',
    what: 'parts of messages are never added',
    seen: STREAMS,
    front: onType('response.content_part.added', () => undefined),
    caughtBy: 'responses.stream.parts',
  },
  {
    id: 'first-delta-lost',
    what: 'the first piece of a text is dropped',
    seen: STREAMS,
    front: onType('response.output_text.delta', (data) => (data.delta === 'alpha' ? undefined : data)),
    upstream: 'chat',
    caughtBy: 'responses.stream.sums',
  },
  {
    id: 'done-without-text',
    what: 'a message is done without its text',
    seen: STREAMS,
    front: onDone((item) => (item.type === 'message' ? { ...item, content: [] } : item)),
    caughtBy: 'responses.stream.done-items',
  },
  {
    id: 'output-empty-at-the-end',
    what: 'the output at the end is empty',
    seen: STREAMS,
    front: onLast((response) => ({ ...response, output: [] })),
    caughtBy: 'responses.stream.completed-output',
  },
  {
    id: 'part-index-lost',
    what: 'deltas do not say which part they belong to',
    seen: STREAMS,
    front: onType('response.output_text.delta', (data) => rest(rest(data, 'content_index'), 'delta')),
    caughtBy: 'responses.stream.schema',
  },
  {
    id: 'document-without-status',
    what: 'a document has neither object nor status',
    seen: 'gateways.md section 4: documents of another protocol',
    front: onDocument((response) => rest(rest(response, 'object'), 'status')),
    caughtBy: 'responses.document.schema',
  },
  {
    id: 'incomplete-says-stop',
    what: 'an answer that was cut ends as complete',
    seen: 'gateways.md section 4: finish reasons',
    front: onEvents((data) =>
      data.type === 'response.incomplete'
        ? { ...data, type: 'response.completed', response: { ...(data.response as Json), status: 'completed' } }
        : data,
    ),
    upstream: 'messages',
    caughtBy: 'responses.end.length',
  },
  {
    id: 'filter-is-length',
    what: 'a filter is told as the greatest length',
    seen: 'gateways.md section 4: finish reasons',
    front: onLast((response) =>
      response.incomplete_details ? { ...response, incomplete_details: { reason: 'max_output_tokens' } } : response,
    ),
    upstream: 'chat',
    caughtBy: 'responses.end.filter',
  },
  {
    id: 'failed-without-code',
    what: 'a response that failed has no code',
    seen: 'gateways.md section 4: error codes',
    front: onLast((response) =>
      response.error ? { ...response, error: rest(response.error as Json, 'code') } : response,
    ),
    caughtBy: 'responses.end.failed-stream',
  },
  {
    id: 'failed-document-is-complete',
    what: 'a document that failed is told as complete',
    seen: 'gateways.md section 4: error codes',
    front: onDocument((response) => ({ ...response, status: 'completed', error: null })),
    caughtBy: 'responses.end.failed-json',
  },
  {
    id: 'cached-tokens-lost',
    what: 'what was cached is counted as nothing',
    seen: 'gateways.md section 4: usage',
    front: onLast((response) => ({
      ...response,
      usage: { ...(response.usage as Json), input_tokens_details: { cached_tokens: 0 } },
    })),
    upstream: 'messages',
    caughtBy: 'responses.usage.counted-stream',
  },
  {
    id: 'usage-made-up',
    what: 'an answer without counts gets zeros',
    seen: 'gateways.md section 4: usage',
    front: onLast((response) => ({
      ...response,
      usage: response.usage ?? { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
    })),
    upstream: 'chat',
    caughtBy: 'responses.usage.none-stream',
  },
  {
    id: 'phases-refused',
    what: 'a request with phases is refused',
    seen: WIRE,
    front: {
      request({ json }) {
        if (!JSON.stringify(json ?? {}).includes('"phase"')) return undefined;
        const error = { message: 'unknown field phase', type: 'invalid_request_error', param: null, code: null };
        return { status: 400, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error }) };
      },
    },
    upstream: 'chat',
    caughtBy: 'responses.case.assistant-phase',
  },
  {
    id: 'answers-forgotten',
    what: 'with previous_response_id the model is not told its own answers',
    seen: 'gateways-measured: stores of inputs alone',
    back: onRequests((json) => {
      if (Array.isArray(json.messages))
        json.messages = (json.messages as Json[]).filter(({ role }) => role !== 'assistant');
    }),
    upstream: 'chat',
    caughtBy: 'responses.previous.order',
  },
  {
    id: 'json-in-markdown',
    what: 'JSON is put into a block of Markdown',
    seen: 'gateways.md section 4: structured output',
    front: onDone((item) => JSON.parse(JSON.stringify(item).replace('"text":"{', '"text":"```json\\n{'))),
    caughtBy: 'responses.structured.text',
  },
  {
    id: 'format-lost',
    what: 'the form of the answer is dropped',
    seen: 'gateways-measured: four gateways',
    back: onRequests((json) => {
      delete json.response_format;
    }),
    upstream: 'chat',
    caughtBy: 'responses.structured.json-object',
  },
  {
    id: 'error-param-lost',
    what: 'errors lose the parameter that they blame',
    seen: 'gateways.md section 4: errors',
    front: onRefusal((error) => ({ ...error, param: null })),
    caughtBy: 'responses.error.invalid-value',
  },
  {
    id: 'error-type-by-status',
    what: 'errors get a type by their status',
    seen: 'gateways.md section 4: errors',
    front: onRefusal((error) => ({ ...error, type: 'api_error' })),
    caughtBy: 'responses.error.usage-limit',
  },
];
