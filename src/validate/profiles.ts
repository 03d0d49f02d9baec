import { TapedeckError } from '../errors.ts';
import type { Protocol } from '../util/types.ts';
import { CONFUSED_TAGS } from './hints.ts';

/** The documents that can be judged, by the names that `validate --as` takes. */
export interface DocumentRoot {
  /** `json`: one document; `stream`: a server-sent event stream whose events are judged by `eventRoot`. */
  form: 'json' | 'stream';
  /** Bundle in schemas/ and definition in it; absent where only Codex knows the document. */
  schema?: { bundle: BundleName; definition: string };
  /** Definition in codex.schema.json; absent where Codex asks nothing of the document. */
  codex?: string;
  kind: DocumentKind;
  /** Streams only. */
  eventRoot?: string;
  protocol?: Protocol;
}

export type BundleName = 'responses' | 'chat' | 'openai' | 'messages';

/** Who wrote it, and whether it is whole: the tolerant profile opens each kind in its own way. */
export type DocumentKind = 'request' | 'answer' | 'event';

export const ROOTS: Record<string, DocumentRoot> = {
  'responses.request': json('responses', 'ResponsesRequest', 'request'),
  'responses.response': json('responses', 'ResponsesResponse', 'answer'),
  'responses.event': { ...json('responses', 'ResponsesStreamEvent', 'event'), codex: 'StreamEvent' },
  'responses.stream': stream('responses', 'responses.event'),
  // Over WebSocket: what the client sends, and what the server does.
  'responses.client-message': json('responses', 'ResponsesClientMessage', 'request'),
  'responses.server-message': { ...json('responses', 'ResponsesServerMessage', 'event'), codex: 'StreamEvent' },
  'responses.compact-request': json('responses', 'ResponsesCompactRequest', 'request'),
  'responses.compact-response': {
    ...json('responses', 'ResponsesCompactResponse', 'answer'),
    codex: 'CompactResponse',
  },
  'chat.request': json('chat', 'ChatRequest', 'request'),
  'chat.response': json('chat', 'ChatResponse', 'answer'),
  'chat.chunk': json('chat', 'ChatChunk', 'event'),
  'chat.stream': stream('chat', 'chat.chunk'),
  'messages.request': json('messages', 'MessagesRequest', 'request'),
  'messages.response': json('messages', 'MessagesResponse', 'answer'),
  'messages.event': json('messages', 'MessagesStreamEvent', 'event'),
  'messages.stream': stream('messages', 'messages.event'),
  'messages.count-tokens-request': json('messages', 'MessagesCountTokensRequest', 'request'),
  'messages.count-tokens-response': json('messages', 'MessagesCountTokensResponse', 'answer'),
  'messages.models': json('messages', 'MessagesModelList', 'answer'),
  models: json('openai', 'OpenAIModelList', 'answer'),
  'error.openai': json('openai', 'OpenAIError', 'answer'),
  'error.messages': json('messages', 'MessagesError', 'answer'),
  'codex.models': { form: 'json', kind: 'answer', codex: 'Models' },
};

function json(bundle: BundleName, definition: string, kind: DocumentKind): DocumentRoot {
  return { form: 'json', schema: { bundle, definition }, kind };
}

function stream(protocol: Protocol, eventRoot: string): DocumentRoot {
  return { form: 'stream', kind: 'event', protocol, eventRoot };
}

/** The root of that name. Throws `usage` with all names when there is none. */
export function findRoot(name: string): DocumentRoot {
  const root = Object.hasOwn(ROOTS, name) ? ROOTS[name] : undefined;
  if (root) return root;
  throw new TapedeckError('usage', `There is no document called \`${name}\`.`, {
    hint: `Use one of: ${Object.keys(ROOTS).join(', ')}.`,
  });
}

/** JSON Schema, as far as it has to be looked into to open it. */
type Schema = Record<string, unknown>;

/**
 * Where practice is laxer than the official types. In answers and events: what lenient servers leave out and clients
 * (Codex 0.113.0 to 0.169.0, the official SDKs) get along without, measured with llama-server 0.5.0-dev. In requests: what
 * Codex 0.113.0 to 0.169.0 sends to OpenAI itself, and what OpenAI documents as optional.
 */
interface Leniency {
  /** `*` stands for every definition. */
  definition: string;
  optional?: readonly string[];
  nullable?: readonly string[];
  /** Of any type. */
  free?: readonly string[];
  /** Default: answers and events. */
  kinds?: readonly DocumentKind[];
}

const REQUEST: readonly DocumentKind[] = ['request'];
const ANSWERS: readonly DocumentKind[] = ['answer', 'event'];

export const LENIENT: readonly Leniency[] = [
  {
    definition: '*',
    optional: ['sequence_number', 'output_index', 'content_index', 'summary_index', 'annotations', 'logprobs'],
  },
  {
    definition: 'Response',
    optional: [
      'created_at',
      'error',
      'incomplete_details',
      'instructions',
      'metadata',
      'model',
      'parallel_tool_calls',
      'temperature',
      'tool_choice',
      'tools',
      'top_p',
    ],
  },
  { definition: 'Response', optional: ['output'], kinds: ['event'] },
  { definition: 'ResponseUsage', optional: ['input_tokens_details', 'output_tokens_details'] },
  { definition: 'ResponseUsage.InputTokensDetails', optional: ['cached_tokens', 'cache_write_tokens'] },
  { definition: 'ResponseUsage.OutputTokensDetails', optional: ['reasoning_tokens'] },
  { definition: 'ResponseOutputMessage', optional: ['status'] },
  { definition: 'ResponseErrorEvent', optional: ['code', 'param'] },
  { definition: 'ResponsesServerEvent.ResponseWsError.Error', optional: ['code', 'param'] },
  { definition: 'CompactedResponse', optional: ['id', 'created_at', 'object', 'usage'] },
  { definition: 'ChatCompletionMessage', optional: ['content', 'refusal'] },
  { definition: 'ChatCompletionChunk.Choice', optional: ['finish_reason'] },
  { definition: 'Model', optional: ['created', 'object', 'owned_by'] },
  { definition: 'OpenAIModelList', optional: ['object'] },
  // Lenient servers repeat the HTTP status in `code`, as a number.
  { definition: 'ErrorObject', optional: ['code', 'param', 'type'], free: ['code'] },
  { definition: 'Message', optional: ['stop_sequence'] },
  { definition: 'RawMessageDeltaEvent.Delta', optional: ['stop_sequence'] },
  { definition: 'ToolUseBlock', optional: ['input'], kinds: ['event'] },
  { definition: 'ThinkingBlock', optional: ['signature'] },
  { definition: 'ResponseOutputMessage', optional: ['id', 'status'], kinds: REQUEST },
  { definition: 'ResponseOutputText', optional: ['annotations', 'logprobs'], kinds: REQUEST },
  { definition: 'ResponseReasoningItem', optional: ['id'], nullable: ['content'], kinds: REQUEST },
  { definition: 'ResponseInputImage', optional: ['detail'], kinds: REQUEST },
  { definition: 'ResponseFunctionWebSearch', optional: ['id'], kinds: REQUEST },
  { definition: 'ResponseInputItem.LocalShellCall', optional: ['id'], kinds: REQUEST },
  { definition: 'FunctionTool', optional: ['parameters', 'strict'], kinds: REQUEST },
];

/**
 * The tolerant form of a bundle: objects may have more fields; what the table above says may be absent or null;
 * answers and events may have more variants of a tagged union, other than another protocol's. The unions of a request
 * stay closed: whoever reads a request must know what it asks for.
 */
export function relaxBundle(bundle: Schema, kind: DocumentKind): Schema {
  const definitions = bundle.$defs as Record<string, Schema>;
  const opened = Object.entries(definitions).map(([name, definition]) => [
    name,
    makeLenient(name, openNode(definition, definitions, kind !== 'request') as Schema, kind),
  ]);
  return { ...bundle, $defs: Object.fromEntries(opened) };
}

function openNode(node: unknown, definitions: Record<string, Schema>, openUnions: boolean): unknown {
  if (Array.isArray(node)) return node.map((child) => openNode(child, definitions, openUnions));
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).filter(([key, value]) => !(key === 'additionalProperties' && value === false));
  const opened = Object.fromEntries(entries.map(([key, value]) => [key, openNode(value, definitions, openUnions)]));
  const tag = (node as { discriminator?: { propertyName?: unknown } }).discriminator?.propertyName;
  if (!openUnions || typeof tag !== 'string') return opened;
  const known = (node as { oneOf: Schema[] }).oneOf.flatMap((member) => tagValues(member, tag, definitions));
  const closed = [...new Set([...known, ...CONFUSED_TAGS])];
  // biome-ignore lint/suspicious/noThenProperty: a JSON Schema keyword
  return { type: 'object', if: { type: 'object', properties: { [tag]: { enum: closed } } }, then: opened };
}

/** Values that a member of a union allows for its tag, looked up behind a reference. */
export function tagValues(member: Schema, tag: string, definitions: Record<string, Schema>): unknown[] {
  const name = typeof member.$ref === 'string' ? member.$ref.slice('#/$defs/'.length) : undefined;
  const shape = name === undefined || member.properties ? member : (definitions[name] ?? {});
  const property = (shape.properties as Record<string, Schema>)[tag] ?? {};
  return (property.enum as unknown[] | undefined) ?? [property.const];
}

function makeLenient(name: string, definition: Schema, kind: DocumentKind): Schema {
  const entries = LENIENT.filter(
    (entry) => (entry.definition === '*' || entry.definition === name) && (entry.kinds ?? ANSWERS).includes(kind),
  );
  if (entries.length === 0 || !Array.isArray(definition.required)) return definition;
  const optional = entries.flatMap((entry) => entry.optional ?? []);
  const properties = { ...(definition.properties as Record<string, Schema>) };
  for (const { nullable = [], free = [] } of entries) {
    for (const property of nullable) properties[property] = { anyOf: [{ type: 'null' }, properties[property] ?? {}] };
    for (const property of free) properties[property] = {};
  }
  const required = (definition.required as string[]).filter((property) => !optional.includes(property));
  return { ...definition, properties, required };
}
