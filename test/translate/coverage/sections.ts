import { asObject, type JsonObject } from '../../../src/protocols/grammar.ts';
import type { Protocol } from '../../../src/util/types.ts';
import { ANSWER_WRAPS, wrapMessageField } from './answers.ts';
import { type Cell, judgeAnswer, judgeRequest } from './judge.ts';
import { REQUEST_WRAPS, type Wrap, wrapParameter } from './requests.ts';
import { adjustSample } from './samples.ts';
import { type Alternative, type Bundle, findUnions, propertiesOf, readBundle } from './schema.ts';
import { judgeEvent, wrapChatField, wrapMessagesDelta, wrapMessagesEvent, wrapResponsesEvent } from './streams.ts';
import { createSynthesizer, type Synthesizer } from './synthesize.ts';

/** The rows of one union, or of the fields of one object. */
export interface Section {
  protocol: Protocol;
  title: string;
  rows: Row[];
}

export interface Row {
  name: string;
  cells: { to: Protocol; cell: Cell }[];
}

const OTHERS: Readonly<Record<Protocol, readonly Protocol[]>> = {
  responses: ['chat', 'messages'],
  chat: ['responses', 'messages'],
  messages: ['responses', 'chat'],
};

const ROOTS: Readonly<Record<Protocol, readonly string[]>> = {
  responses: ['ResponsesRequest', 'ResponsesResponse', 'ResponsesStreamEvent'],
  chat: ['ChatRequest', 'ChatResponse', 'ChatChunk'],
  messages: ['MessagesRequest', 'MessagesResponse', 'MessagesStreamEvent'],
};

type Judge = (name: string, sample: unknown, kit: Kit, to: Protocol) => Cell;

interface Kit {
  bundle: Bundle;
  synthesizer: Synthesizer;
}

interface Plan {
  protocol: Protocol;
  title: string;
  /** The place of a union, as `findUnions` names it, or the definition of an object of whose fields each is a row. */
  from: string;
  /** Rows that are no alternatives of the union: words that stand where an object may. */
  words?: readonly string[];
  judge: Judge;
}

function request(wrap: keyof typeof REQUEST_WRAPS): Judge {
  const put: Wrap = REQUEST_WRAPS[wrap];
  return (_name, sample, { bundle, synthesizer }, to) =>
    judgeRequest(bundle.protocol, to, { ...put(sample), made: synthesizer.made });
}

function answer(wrap: keyof typeof ANSWER_WRAPS): Judge {
  const put: Wrap = ANSWER_WRAPS[wrap];
  return (_name, sample, { bundle, synthesizer }, to) =>
    judgeAnswer(bundle.protocol, to, { ...put(sample), made: synthesizer.made });
}

const parameter: Judge = (name, sample, { bundle, synthesizer }, to) =>
  judgeRequest(bundle.protocol, to, { ...wrapParameter(bundle.protocol, name)(sample), made: synthesizer.made });

const messageField: Judge = (name, sample, { bundle, synthesizer }, to) =>
  judgeAnswer(bundle.protocol, to, { ...wrapMessageField(name)(sample), made: synthesizer.made });

const chunkField =
  (level: 'chunk' | 'choice' | 'delta'): Judge =>
  (name, sample, { bundle }, to) =>
    judgeEvent(bundle.protocol, to, wrapChatField(level, name, sample), bundle);

function event(wrap: typeof wrapResponsesEvent): Judge {
  return (name, sample, { bundle }, to) =>
    judgeEvent(bundle.protocol, to, wrap(name, asObject(sample) ?? ({} as JsonObject)), bundle);
}

/** The sections of the table, in its order. Their rows come from the schemas. */
const PLANS: readonly Plan[] = [
  { protocol: 'responses', title: 'input items', from: 'ResponseInputItem/then', judge: request('responses.item') },
  {
    protocol: 'responses',
    title: 'roles of input messages',
    from: 'ResponseInputItem/then/oneOf/0/allOf/0',
    judge: request('responses.item'),
  },
  {
    protocol: 'responses',
    title: 'parts of input messages',
    from: 'ResponseInputContent',
    judge: request('responses.input-part'),
  },
  {
    protocol: 'responses',
    title: 'parts of past answers',
    from: 'ResponseOutputMessage/properties/content/items',
    judge: request('responses.said-part'),
  },
  {
    protocol: 'responses',
    title: 'parts of outputs of calls',
    from: 'ResponseFunctionCallOutputItem',
    judge: request('responses.output-part'),
  },
  { protocol: 'responses', title: 'tools', from: 'Tool', judge: request('responses.tool') },
  {
    protocol: 'responses',
    title: 'tools in a namespace',
    from: 'NamespaceTool/properties/tools/items',
    judge: request('responses.namespace-tool'),
  },
  {
    protocol: 'responses',
    title: '`tool_choice`',
    from: 'ResponseCreateParamsBase/properties/tool_choice/allOf/1/then',
    words: ['none', 'auto', 'required'],
    judge: request('responses.choice'),
  },
  {
    protocol: 'responses',
    title: '`text.format`',
    from: 'ResponseFormatTextConfig',
    judge: request('responses.format'),
  },
  { protocol: 'responses', title: 'parameters', from: 'ResponsesRequest', judge: parameter },
  { protocol: 'responses', title: 'output items', from: 'ResponseOutputItem', judge: answer('responses.answer-item') },
  {
    protocol: 'responses',
    title: 'parts of answers',
    from: 'ResponseOutputMessage/properties/content/items',
    judge: answer('responses.answer-part'),
  },
  {
    protocol: 'responses',
    title: 'annotations',
    from: 'ResponseOutputText/properties/annotations/items',
    judge: answer('responses.annotation'),
  },
  { protocol: 'responses', title: 'stream events', from: 'ResponseStreamEvent', judge: event(wrapResponsesEvent) },
  { protocol: 'chat', title: 'roles of messages', from: 'ChatCompletionMessageParam', judge: request('chat.message') },
  { protocol: 'chat', title: 'parts of messages', from: 'ChatCompletionContentPart', judge: request('chat.part') },
  {
    protocol: 'chat',
    title: 'parts of past answers',
    from: 'ChatCompletionAssistantMessageParam/properties/content/allOf/0/then/items',
    judge: request('chat.said-part'),
  },
  { protocol: 'chat', title: 'past calls', from: 'ChatCompletionMessageToolCall', judge: request('chat.call') },
  { protocol: 'chat', title: 'tools', from: 'ChatCompletionTool', judge: request('chat.tool') },
  {
    protocol: 'chat',
    title: '`tool_choice`',
    from: 'ChatCompletionToolChoiceOption/allOf/1/then',
    words: ['none', 'auto', 'required'],
    judge: request('chat.choice'),
  },
  {
    protocol: 'chat',
    title: '`response_format`',
    from: 'ChatCompletionCreateParamsBase/properties/response_format',
    judge: request('chat.format'),
  },
  { protocol: 'chat', title: 'parameters', from: 'ChatRequest', judge: parameter },
  { protocol: 'chat', title: "fields of an answer's message", from: 'ChatCompletionMessage', judge: messageField },
  { protocol: 'chat', title: 'calls', from: 'ChatCompletionMessageToolCall', judge: answer('chat.answer-call') },
  { protocol: 'chat', title: 'fields of a chunk', from: 'ChatCompletionChunk', judge: chunkField('chunk') },
  {
    protocol: 'chat',
    title: "fields of a chunk's choice",
    from: 'ChatCompletionChunk.Choice',
    judge: chunkField('choice'),
  },
  {
    protocol: 'chat',
    title: "fields of a chunk's delta",
    from: 'ChatCompletionChunk.Choice.Delta',
    judge: chunkField('delta'),
  },
  { protocol: 'messages', title: 'roles of messages', from: 'MessageParam', judge: request('messages.message') },
  { protocol: 'messages', title: 'content blocks', from: 'ContentBlockParam', judge: request('messages.block') },
  {
    protocol: 'messages',
    title: 'parts of tool results',
    from: 'ToolResultBlockParam/properties/content/allOf/0/then/items',
    judge: request('messages.result-part'),
  },
  { protocol: 'messages', title: 'tools', from: 'ToolUnion/then', judge: request('messages.tool') },
  { protocol: 'messages', title: '`tool_choice`', from: 'ToolChoice', judge: request('messages.choice') },
  { protocol: 'messages', title: '`thinking`', from: 'ThinkingConfigParam', judge: request('messages.thinking') },
  { protocol: 'messages', title: 'parameters', from: 'MessagesRequest', judge: parameter },
  { protocol: 'messages', title: 'blocks of answers', from: 'ContentBlock', judge: answer('messages.answer-block') },
  { protocol: 'messages', title: 'citations', from: 'TextCitation', judge: answer('messages.citation') },
  { protocol: 'messages', title: 'stream events', from: 'MessagesStreamEvent', judge: event(wrapMessagesEvent) },
  { protocol: 'messages', title: 'deltas', from: 'RawContentBlockDelta', judge: event(wrapMessagesDelta) },
];

/** Unions that are places of the table; any other one is a detail of a row. */
export const PLACES: ReadonlySet<string> = new Set(PLANS.map(({ from }) => from));

/** Unions within a row, whose values are judged with it: what an action, a source or a caller is. */
export const DETAILS: readonly RegExp[] = [
  /caller/i,
  /Action/,
  /\/properties\/(?:action|operation|outcome|outputs|environment|network_policy|skills|filters|variables|error)/,
  /phase|ResponseInputItem\/then\/oneOf\/0\/allOf\/0\//,
  /Format$|Text\/properties\/format$|\.Custom\/properties\/format$/,
  /ToolCallOutput(?:Item)?\/properties\/output/,
  /ToolSearchOutput/,
  /prompt_cache_diagnostics|cache_miss_reason/,
  /Moderation\/properties/,
  /Event\/properties\/(?:part|annotation|content_block)/,
  /\/properties\/source$/,
  /Citation(?:Param|sDelta\/properties\/citation)$/,
  /BrowserStateChange$/,
  /WebFetchURLSources/,
  /ContentBlockSourceContent$/,
  /ToolResultBlock(?:Param)?(?:\/properties\/content|(?:Param)?Content)$/,
  /^ErrorObject$/,
  // A response repeats the choice of its request.
  /^Response\/properties\/tool_choice/,
];

/** Every union of the three schemas that a document to translate may hold. */
export function allPlaces(): string[] {
  return Object.keys(ROOTS).flatMap((protocol) => unionsOf(readBundle(protocol as Protocol)).map(({ place }) => place));
}

function unionsOf(bundle: Bundle) {
  return ROOTS[bundle.protocol].flatMap((root) => findUnions(bundle, root));
}

/** Translates a sample of every type in every direction. */
export function computeCoverage(): Section[] {
  const kits = new Map<Protocol, Kit>();
  for (const protocol of Object.keys(ROOTS) as Protocol[]) {
    const bundle = readBundle(protocol);
    kits.set(protocol, { bundle, synthesizer: createSynthesizer(bundle) });
  }
  return PLANS.map((plan) => computeSection(plan, kits.get(plan.protocol)!));
}

function computeSection({ protocol, title, from, words = [], judge }: Plan, kit: Kit): Section {
  const alternatives: Alternative[] = [
    ...words.map((word) => ({ name: word, schema: { const: word } })),
    ...alternativesOf(from, kit.bundle),
  ];
  const rows = alternatives.map(({ name, schema }) => {
    const sample = adjustSample(from, name, kit.synthesizer.make(schema, name), kit.synthesizer);
    return { name, cells: OTHERS[protocol].map((to) => ({ to, cell: judge(name, sample, kit, to) })) };
  });
  return { protocol, title, rows };
}

function alternativesOf(from: string, bundle: Bundle): Alternative[] {
  const union = unionsOf(bundle).find(({ place }) => place === from);
  return union ? union.alternatives : propertiesOf(bundle, from);
}
