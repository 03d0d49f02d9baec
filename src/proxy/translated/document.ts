import { parseJson } from '../../decode/json.ts';
import { createSseParser } from '../../decode/sse.ts';
import { TapedeckError } from '../../errors.ts';
import { asObject, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { weighLoss } from '../../protocols/loss-weights.ts';
import { createContext } from '../../translate/context.ts';
import { defaultDialect, findDialect } from '../../translate/dialects.ts';
import { eventText } from '../../translate/event-text.ts';
import { findHop } from '../../translate/hops.ts';
import type { BackContext, Hop, Plan, TranslateContext } from '../../translate/types.ts';
import { toUtf8 } from '../../util/bytes.ts';
import type { Loss, LossWeight, Protocol } from '../../util/types.ts';
import { unlessTooDeep } from './too-deep.ts';

export type DocumentKind = 'request' | 'response' | 'stream';

export interface TranslateOptions {
  /** The protocol of the text. */
  from: Protocol;
  to: Protocol;
  /** Guessed from the text when absent. */
  kind?: DocumentKind;
  /** Name of the provider's table; the protocol's own rules when absent. */
  dialect?: string;
  /** For a response or a stream: the client's request that it answers, as JSON text. It tells the names of the tools. */
  request?: string;
  /** Where the made-up ids and times come from: `<unix ms>-<anything>`. */
  seed?: string;
}

export interface TranslatedDocument {
  kind: DocumentKind;
  /** JSON, or an event stream. */
  text: string;
  /** Each with its weight: a `hint` changes nothing, a `semantic` one does. */
  losses: WeighedLoss[];
}

export type WeighedLoss = Loss & { weight: LossWeight };

/** A request goes from the client to the provider, answers the other way. */
interface Way {
  client: Protocol;
  upstream: Protocol;
}

/**
 * Translates one document, without a proxy or a network. The same input gives the same bytes.
 * @throws TapedeckError `input-invalid` for a text that is no such document; `usage` for a request that the other protocol cannot answer
 */
export function translateDocument(text: string, options: TranslateOptions): TranslatedDocument {
  const said = withoutMark(text);
  const kind = options.kind ?? guessKind(said);
  if (options.kind === undefined && kind === 'response') refuseUnknown(said);
  if (options.from === options.to) return { kind, text, losses: [] };
  const { text: translated, losses } = unlessTooDeep(
    () => translateText(said, kind, options),
    () => {
      throw invalid('The document is nested too deeply to be translated.');
    },
  );
  return { kind, text: translated, losses: losses.map((loss) => ({ ...loss, weight: weighLoss(loss) })) };
}

/** Editors on Windows begin a file with a byte order mark, which no JSON text begins with (RFC 8259 section 8.1). */
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function translateText(text: string, kind: DocumentKind, options: TranslateOptions): { text: string; losses: Loss[] } {
  const { from, to } = options;
  const way = kind === 'request' ? { client: from, upstream: to } : { client: to, upstream: from };
  const hop = findHop(way.client, way.upstream)!;
  if (kind === 'request') {
    const context = contextOf(options, way);
    return translateRequest(hop, objectOf(text, 'request', way.client), context);
  }
  const context = backContext(hop, options, way, kind === 'stream');
  if (kind === 'stream') return translateEvents(hop, context, text, from);
  const { body, losses } = hop.response(objectOf(text, 'response', from), context);
  return { text: `${JSON.stringify(body, null, 2)}\n`, losses };
}

/** An event stream by its first line, a request by what only a request has, else a response. */
export function guessKind(text: string): DocumentKind {
  if (/^\uFEFF?\s*(?:event|data|id|retry)?:/.test(text)) return 'stream';
  const body = asObject(parseData(text)) ?? {};
  return 'messages' in body || 'input' in body || 'prompt' in body ? 'request' : 'response';
}

function translateRequest(hop: Hop, body: JsonObject, context: TranslateContext) {
  const translated = hop.request(body, context);
  if ('problem' in translated) throw new TapedeckError('usage', translated.problem.message);
  return { text: `${JSON.stringify(translated.body, null, 2)}\n`, losses: translated.losses };
}

function translateEvents(
  hop: Hop,
  context: BackContext,
  text: string,
  from: Protocol,
): { text: string; losses: Loss[] } {
  const parser = createSseParser();
  const stream = hop.stream(context);
  const events = parser.push(toUtf8(text));
  refuseOtherStream(events, from);
  const steps = events.map(({ event, data }) => stream.push({ name: event, data }));
  // A stream that stopped within an event was cut off; one that stopped between two may have been too, which its events tell.
  steps.push(stream.end(parser.end().rest === undefined ? 'done' : 'truncated'));
  return { text: eventText(steps.flatMap(({ events }) => events)), losses: steps.flatMap(({ losses }) => losses) };
}

function contextOf({ seed = '0-document', dialect }: TranslateOptions, { upstream }: Way) {
  const table = dialect === undefined ? defaultDialect(upstream) : findDialect(dialect, upstream);
  if (!table) throw new TapedeckError('usage', `No dialect ${JSON.stringify(dialect)} of ${upstream}.`);
  return createContext(seed, table);
}

function backContext(hop: Hop, options: TranslateOptions, way: Way, stream: boolean): BackContext {
  const context = contextOf(options, way);
  const { request } = options;
  if (request === undefined) return { ...context, plan: emptyPlan(stream, hop) };
  const translated = hop.request(objectOf(withoutMark(request), 'request', way.client), context);
  if ('problem' in translated) throw new TapedeckError('usage', translated.problem.message);
  return { ...context, plan: { ...translated.plan, stream } };
}

/** Of a request that nobody named: what is in the answer is taken as it is. */
function emptyPlan(stream: boolean, hop: Hop): Plan {
  const plan: Plan = { request: {}, model: '', tools: new Map(), callIds: new Map(), stream };
  const composed = hop.client !== 'responses' && hop.upstream !== 'responses';
  return composed ? { ...plan, inner: plan } : plan;
}

/** The document as an object of that kind and protocol. What has no mark of any protocol is left to the translator. */
function objectOf(text: string, kind: 'request' | 'response', protocol: Protocol): JsonObject {
  const parsed = parseJson(text);
  if (!parsed.ok) throw invalid(`The document is no JSON: ${parsed.message} (${placeOf(text, parsed.offset)}).`);
  const body = asObject(parsed.value);
  if (!body) throw invalid('The document is JSON, but no object.');
  const marked = MARKS.filter((mark) => mark.kind === kind && mark.has in body);
  const [other] = marked;
  if (!other || marked.some(({ protocols }) => protocols.includes(protocol))) return body;
  const names = other.protocols.map((name) => `--from ${name}`).join(' or ');
  throw invalid(`The document has \`${other.has}\`: it is no ${kind} of ${protocol}, but one for ${names}.`);
}

/** What was taken for a response because it is nothing else has to look like one. */
function refuseUnknown(text: string): void {
  const body = parseJson(text);
  const fields = MARKS.filter(({ kind }) => kind === 'response').map(({ has }) => has);
  if (!body.ok || !asObject(body.value) || [...fields, 'error'].some((field) => field in (body.value as object)))
    return;
  throw invalid('It cannot be seen what the document is: a request, a response or a stream.');
}

/** Events of another protocol are nothing that the translator would have an error for: it would find no answer in them. */
function refuseOtherStream(events: readonly { data: string }[], from: Protocol): void {
  if (events.length === 0) throw invalid('The document is no event stream.');
  for (const { data } of events) {
    const protocol = protocolOfEvent(asObject(parseData(data)) ?? {});
    if (protocol === from) return;
    if (protocol) throw invalid(`The stream is none of ${from}, but one for --from ${protocol}.`);
  }
}

function protocolOfEvent({ type, choices }: JsonObject): Protocol | undefined {
  if (Array.isArray(choices)) return 'chat';
  if (typeof type !== 'string') return undefined;
  if (type.startsWith('response.')) return 'responses';
  return /^(?:message|content_block)_/.test(type) ? 'messages' : undefined;
}

/** Fields that a document of one protocol has and one of another has not. */
const MARKS: readonly { kind: 'request' | 'response'; has: string; protocols: readonly Protocol[] }[] = [
  { kind: 'request', has: 'messages', protocols: ['chat', 'messages'] },
  { kind: 'request', has: 'input', protocols: ['responses'] },
  { kind: 'response', has: 'choices', protocols: ['chat'] },
  { kind: 'response', has: 'output', protocols: ['responses'] },
  { kind: 'response', has: 'content', protocols: ['messages'] },
];

function invalid(message: string): TapedeckError {
  return new TapedeckError('input-invalid', message, { hint: 'Check the file, and --from and --kind.' });
}

/** @param offset in UTF-16 code units */
function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
}
