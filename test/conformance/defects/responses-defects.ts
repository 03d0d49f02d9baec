import type { Defect } from './defect.ts';
import { onEvents, onRequests, turnsOf } from './edit.ts';
import type { Hooks, Json } from './hop.ts';

type Items = (items: Json[]) => Json[] | undefined;

/** A hook that changes the items of every input. */
function onItems(change: Items): Hooks {
  return onRequests((json) => {
    if (Array.isArray(json.input)) json.input = change(json.input as Json[]) ?? json.input;
  });
}

/** Drops items of these types. */
const withoutItems = (...types: string[]) =>
  onItems((items) => items.filter(({ type }) => !types.includes(String(type))));

/** Takes fields out of items of a type, or of all. */
const withoutFields = (type: string | undefined, ...fields: string[]) =>
  onItems((items) => {
    for (const item of items)
      if (type === undefined || item.type === type) for (const field of fields) delete item[field];
    return undefined;
  });

/** A hook that changes the tools that a provider is offered. */
const onTools = (change: (tools: Json[]) => Json[]) =>
  onRequests((json) => {
    if (Array.isArray(json.tools)) json.tools = change(json.tools as Json[]);
  });

/** A hook that changes the items of an answer as they are done, and where the end tells them again. */
function onDone(change: (item: Json) => Json) {
  return onEvents((data) => {
    if (data.type === 'response.output_item.done') return { ...data, item: change(data.item as Json) };
    const response = data.response as Json | undefined;
    if (!Array.isArray(response?.output)) return data;
    return { ...data, response: { ...response, output: (response.output as Json[]).map(change) } };
  });
}

const MEASURED = 'gateways-measured: items that a converter does not know';
const WIRE = 'codex-wire.md section 13';

/** Defects in items and tools on their way to a provider of Responses. */
const ITEM_DEFECTS: readonly Defect[] = [
  ...(
    [
      ['reasoning', 'reasoning'],
      ['web_search_call', 'web-search-call'],
      ['additional_tools', 'additional-tools'],
      ['compaction', 'compaction'],
      ['compaction_trigger', 'compaction-trigger'],
      ['custom_tool_call', 'custom-tool-call'],
      ['tool_search_output', 'tool-search'],
      ['agent_message', 'agent-message'],
    ] as const
  ).map(
    ([type, check]): Defect => ({
      id: `item-lost-${check}`,
      what: `items of type ${type} are dropped`,
      seen: MEASURED,
      back: withoutItems(type),
      caughtBy: `responses.item.${check}`,
    }),
  ),
  {
    id: 'phase-lost',
    what: 'the phase of messages is dropped',
    seen: WIRE,
    back: withoutFields('message', 'phase'),
    caughtBy: 'responses.item.phase-commentary',
  },
  {
    id: 'namespace-lost',
    what: 'the namespace of calls is dropped',
    seen: WIRE,
    back: withoutFields('function_call', 'namespace'),
    caughtBy: 'responses.item.function-call-namespace',
  },
  {
    id: 'arguments-rewritten',
    what: 'the arguments of calls are parsed and written anew',
    seen: 'gateways.md section 4: fidelity of arguments',
    back: onItems((items) => {
      for (const item of items)
        if (typeof item.arguments === 'string') item.arguments = JSON.stringify(JSON.parse(item.arguments));
      return undefined;
    }),
    caughtBy: 'responses.item.function-call',
  },
  {
    id: 'outputs-as-json',
    what: 'outputs that are lists become texts of JSON',
    seen: 'gateways.md section 4: outputs with images',
    back: onItems((items) => {
      for (const item of items) if (Array.isArray(item.output)) item.output = JSON.stringify(item.output);
      return undefined;
    }),
    caughtBy: 'responses.item.output-with-image',
  },
  {
    id: 'detail-lost',
    what: 'the detail of images is dropped',
    seen: 'converters through a common form',
    back: onItems((items) => {
      for (const { content } of items)
        if (Array.isArray(content)) for (const part of content as Json[]) delete part.detail;
      return undefined;
    }),
    caughtBy: 'responses.item.images',
  },
  {
    id: 'item-ids-made-anew',
    what: 'items get other ids',
    seen: WIRE,
    back: onItems((items) => {
      for (const item of items) if (item.id !== undefined) item.id = `made_${String(item.id)}`;
      return undefined;
    }),
    caughtBy: 'responses.item.ids',
  },
  {
    id: 'items-get-a-role',
    what: 'every item gets a role and a null content',
    seen: 'gateways-measured: CLIProxyAPI',
    back: onItems((items) => items.map((item) => ({ role: 'user', content: [], ...item }))),
    caughtBy: 'responses.item.nothing-added',
  },
  {
    id: 'outputs-at-the-end',
    what: 'outputs of calls are put behind everything else',
    seen: 'converters that sort by kind',
    back: onItems((items) => {
      const isOutput = ({ type }: Json) => type === 'function_call_output';
      return [...items.filter((item) => !isOutput(item)), ...items.filter(isOutput)];
    }),
    caughtBy: 'responses.item.order',
  },
  {
    id: 'custom-tools-lost',
    what: 'tools that are no functions are dropped',
    seen: WIRE,
    back: onTools((tools) => tools.filter(({ type }) => type === 'function')),
    caughtBy: 'responses.tool.custom-grammar',
  },
  {
    id: 'nameless-tools-lost',
    what: 'tools without a name are dropped',
    seen: WIRE,
    back: onTools((tools) => tools.filter(({ name }) => name !== undefined)),
    caughtBy: 'responses.tool.web-search',
  },
  {
    id: 'strict-always',
    what: 'every function becomes strict',
    seen: 'converters that set a default',
    back: onTools((tools) => tools.map((tool) => (tool.type === 'function' ? { ...tool, strict: true } : tool))),
    caughtBy: 'responses.tool.function',
  },
  {
    id: 'references-lost',
    what: 'definitions of a schema are dropped',
    seen: 'gateways.md section 4: schemas cut down',
    back: onTools((tools) => {
      for (const { parameters } of tools) delete (parameters as Json | undefined)?.$defs;
      return tools;
    }),
    caughtBy: 'responses.tool.function-schema',
  },
  {
    id: 'tools-sorted',
    what: 'tools are sorted by name',
    seen: 'converters through a map',
    back: onTools((tools) => tools.sort((a, b) => String(a.name).localeCompare(String(b.name)))),
    caughtBy: 'responses.tool.all-in-order',
  },
];

/** Defects in what a model of another protocol is told of items that only Responses has. */
const TOLD_DEFECTS: readonly Defect[] = [
  {
    id: 'custom-call-not-told',
    what: 'calls of custom tools are dropped, with their outputs',
    seen: 'gateways-measured: converters that know functions alone',
    front: withoutItems('custom_tool_call', 'custom_tool_call_output'),
    upstream: 'chat',
    caughtBy: 'responses.told.custom-call',
  },
  {
    id: 'tool-images-lost',
    what: 'images in outputs are dropped',
    seen: 'gateways.md section 4',
    front: onItems((items) => {
      for (const item of items)
        if (Array.isArray(item.output))
          item.output = (item.output as Json[]).filter(({ type }) => type === 'input_text');
      return undefined;
    }),
    upstream: 'messages',
    caughtBy: 'responses.told.output-parts',
  },
  {
    id: 'sealed-as-text',
    what: 'sealed reasoning is told to the model as a text',
    seen: 'converters that flatten what they do not know',
    front: onItems((items) =>
      items.map((item) =>
        item.type === 'reasoning'
          ? { type: 'message', role: 'assistant', content: String(item.encrypted_content) }
          : item,
      ),
    ),
    upstream: 'chat',
    caughtBy: 'responses.told.sealed',
  },
  {
    id: 'additional-tools-not-offered',
    what: 'tools in an item of the input are not offered',
    seen: WIRE,
    front: withoutItems('additional_tools'),
    upstream: 'chat',
    caughtBy: 'responses.told.offered-additional-tools',
  },
  {
    id: 'namespaces-not-offered',
    what: 'tools in namespaces are not offered',
    seen: WIRE,
    front: onTools((tools) => tools.filter(({ type }) => type !== 'namespace')),
    upstream: 'messages',
    caughtBy: 'responses.told.offered-namespace',
  },
  {
    id: 'grammar-not-told',
    what: 'the grammar of a custom tool is dropped',
    seen: 'converters of custom tools',
    front: onTools((tools) => tools.map(({ format: _, ...tool }) => tool)),
    upstream: 'chat',
    caughtBy: 'responses.told.grammar',
  },
  {
    id: 'custom-as-function',
    what: 'a call of a custom tool comes back as a call of a function',
    seen: 'codex-wire.md section 7: aborted by Codex 0.169.0',
    front: onDone(({ input, ...item }) =>
      item.type === 'custom_tool_call'
        ? { ...item, type: 'function_call', arguments: JSON.stringify({ input }) }
        : { ...item, ...(input === undefined ? {} : { input }) },
    ),
    upstream: 'chat',
    caughtBy: 'responses.called.custom',
  },
  {
    id: 'namespace-not-given-back',
    what: 'calls come back without their namespace',
    seen: WIRE,
    front: onDone(({ namespace: _, ...item }) => item),
    upstream: 'messages',
    caughtBy: 'responses.called.namespace',
  },
];

/** Defects that make Codex do something else. */
const CODEX_DEFECTS: readonly Defect[] = [
  {
    id: 'done-items-lost',
    what: 'no item is ever done',
    seen: 'codex-wire.md section 7: Codex ends well and shows nothing',
    front: onEvents((data) => (data.type === 'response.output_item.done' ? undefined : data)),
    caughtBy: 'codex.answer.text',
  },
  {
    id: 'calls-without-id',
    what: 'calls have no call_id',
    seen: 'codex-wire.md section 7',
    front: onDone(({ call_id: _, ...item }) => item),
    caughtBy: 'codex.answer.call',
  },
  {
    id: 'patch-as-function',
    what: 'a patch comes back as a function',
    seen: 'codex-wire.md section 7',
    front: onDone((item) =>
      item.type === 'custom_tool_call' ? { ...item, type: 'function_call', arguments: '{}' } : item,
    ),
    caughtBy: 'codex.answer.apply-patch',
  },
  {
    id: 'usage-without-cached',
    what: 'details of usage are empty objects',
    seen: 'codex-wire.md section 7: Codex ends with an error',
    front: onEvents((data) => {
      const response = data.response as Json | undefined;
      if (!response?.usage) return data;
      return { ...data, response: { ...response, usage: { ...(response.usage as Json), input_tokens_details: {} } } };
    }),
    caughtBy: 'codex.answer.reasoning-and-text',
  },
  {
    id: 'truncation-completed',
    what: 'a stream that breaks off is ended with response.completed',
    seen: 'gateways.md section 4: made-up ends',
    front: { end: { append: completedEvent() } },
    caughtBy: 'codex.answer.truncated-mid-text-cleanly',
  },
  {
    id: 'incomplete-is-completed',
    what: 'response.incomplete becomes response.completed',
    seen: 'gateways.md section 4: finish reasons',
    front: onEvents((data) => (data.type === 'response.incomplete' ? { ...data, type: 'response.completed' } : data)),
    upstream: 'chat',
    caughtBy: 'codex.answer.cut-by-length',
  },
  {
    id: 'failed-is-error',
    what: 'response.failed becomes an error event',
    seen: 'codex-wire.md section 8: the message is lost, and Codex asks six times',
    front: onEvents((data) => {
      if (data.type !== 'response.failed') return data;
      return { type: 'error', ...((data.response as Json).error as Json) };
    }),
    caughtBy: 'codex.answer.failed-context-length',
  },
  {
    id: 'failed-code-lost',
    what: 'every failure in a stream has the code server_error',
    seen: 'gateways.md section 4: error codes',
    front: onEvents((data) => {
      const response = data.response as Json | undefined;
      if (!response?.error) return data;
      return { ...data, response: { ...response, error: { ...(response.error as Json), code: 'server_error' } } };
    }),
    caughtBy: 'codex.answer.failed-quota',
  },
  {
    id: 'quota-code-lost',
    what: 'every refusal has the code error',
    seen: 'gateways.md section 4: error codes',
    front: { body: (text, { status }) => (status < 400 ? text : text.replace(/"code":"\w+"/, '"code":"error"')) },
    caughtBy: 'codex.answer.refused-429-quota',
  },
  {
    id: 'client-errors-are-500',
    what: 'a 400 of the provider becomes a 500',
    seen: 'gateways-measured: seven gateways; Codex asks thirty times',
    front: {
      head(head) {
        if (head.status === 400) head.status = 500;
      },
    },
    caughtBy: 'codex.answer.refused-400-context-length',
  },
  {
    id: 'unknown-fields-refused',
    what: 'a request with client_metadata is refused',
    seen: WIRE,
    front: {
      request({ json }) {
        if (json?.client_metadata === undefined) return undefined;
        const error = {
          message: 'unknown field client_metadata',
          type: 'invalid_request_error',
          param: null,
          code: null,
        };
        return { status: 400, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error }) };
      },
    },
    caughtBy: 'codex.request.0.122',
  },
  {
    id: 'null-reasoning-refused',
    what: 'a request whose reasoning is null is refused',
    seen: WIRE,
    front: {
      request({ json }) {
        if (json?.reasoning !== null) return undefined;
        const error = {
          message: 'reasoning must be an object',
          type: 'invalid_request_error',
          param: null,
          code: null,
        };
        return { status: 400, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error }) };
      },
    },
    caughtBy: 'codex.request.0.113',
  },
  {
    id: 'two-compactions',
    what: 'a compaction is answered with a text as well',
    seen: 'gateways-measured: compaction_trigger dropped',
    front: onRequests((json) => {
      if (Array.isArray(json.input)) json.input = turnsOf(json).filter(({ type }) => type !== 'compaction_trigger');
    }),
    caughtBy: 'codex.compact.inline',
  },
];

function completedEvent(): string {
  const response = { id: 'resp_made_up', object: 'response', status: 'completed', output: [] };
  return `event: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', response })}\n\n`;
}

/** Defects of the checks of Responses and of Codex. */
export const RESPONSES_DEFECTS: readonly Defect[] = [...ITEM_DEFECTS, ...TOLD_DEFECTS, ...CODEX_DEFECTS];
