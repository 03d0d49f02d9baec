import { Buffer } from 'node:buffer';
import { asArray, asObject, asString, type JsonObject, parseData } from '../protocols/grammar.ts';
import { fromUtf8, toUtf8 } from '../util/bytes.ts';
import { inputItems } from './memory.ts';
import { createResponsesWriter, type ResponsesWriter } from './shared/responses-writer.ts';
import type { BackContext, Hop, StreamEvent, StreamStep, StreamTranslator } from './types.ts';

/** Tells our summaries from OpenAI's own compactions, whose content begins with `gAAAA`. */
const PREFIX = 'tdc1.';

const ASK =
  'Summarise this conversation for whoever goes on with it and sees nothing but your summary: what is asked for, what was decided ' +
  'and why, what was found out, which files, commands and names matter, what is done and what is left to do. Write the summary alone.';

const TOLD = 'The conversation so far, summarised because it became too long:';

/** A summary as the opaque content of a compaction item; packed, not encrypted. */
export function sealSummary(summary: string): string {
  return PREFIX + Buffer.from(toUtf8(summary)).toString('base64url');
}

/** The summary that `sealSummary` was given; undefined for any other content. */
export function openSummary(content: string): string | undefined {
  if (!content.startsWith(PREFIX)) return undefined;
  return fromUtf8(Buffer.from(content.slice(PREFIX.length), 'base64url'));
}

/**
 * Compaction for providers that have none. Codex 0.140 and later ends the input of an ordinary request with a `compaction_trigger`, and
 * wants an answer of exactly one `compaction` item: the model is asked for a summary, which becomes that item's content. A later
 * request that holds the item tells the model the summary.
 */
export function withCompaction(hop: Hop): Hop {
  return {
    ...hop,
    request(body, context) {
      const items = inputItems(body.input);
      const compacting = items.some((item) => asObject(item)?.type === 'compaction_trigger');
      const told = items.some((item) => summaryOf(item) !== undefined);
      if (!compacting && !told) return hop.request(body, context);
      const input = items.filter((item) => asObject(item)?.type !== 'compaction_trigger').map(tellSummary);
      const asked = compacting ? askSummary({ ...body, input }) : { ...body, input };
      const translated = hop.request(asked, context);
      if ('problem' in translated || !compacting) return translated;
      return { ...translated, plan: { ...translated.plan, compacting } };
    },
    response(body, context) {
      const translated = hop.response(body, context);
      if (!context.plan.compacting) return translated;
      return { ...translated, body: compactAnswer(translated.body, context) };
    },
    stream: (context) => (context.plan.compacting ? compactStream(hop.stream(context), context) : hop.stream(context)),
  };
}

/** The summary that a compaction of our own holds. */
function summaryOf(value: unknown): string | undefined {
  const item = asObject(value);
  return item?.type === 'compaction' ? openSummary(asString(item.encrypted_content) ?? '') : undefined;
}

function tellSummary(value: unknown): unknown {
  const summary = summaryOf(value);
  return summary === undefined ? value : message(`${TOLD}\n\n${summary}`);
}

/** The tools stay, since the history calls them; the model may not. */
function askSummary({ tool_choice: _, text: __, ...body }: JsonObject): JsonObject {
  const asked: JsonObject = { ...body, input: [...asArray(body.input), message(ASK)] };
  return asArray(body.tools).length > 0 ? { ...asked, tool_choice: 'none' } : asked;
}

function message(text: string): JsonObject {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] };
}

/** The inner stream is read to its end, since only then there is a summary; the client is told at once that it began. */
function compactStream(inner: StreamTranslator, context: BackContext): StreamTranslator {
  const writer = createResponsesWriter(context);
  const carry = ({ events, losses }: StreamStep): StreamStep => {
    writer.begin();
    const terminal = events.find(isTerminal);
    if (terminal) finishCompaction(writer, responseOf(terminal), context);
    return { events: writer.take(), losses };
  };
  return { push: (event) => carry(inner.push(event)), end: (how) => carry(inner.end(how)) };
}

function isTerminal({ name }: StreamEvent): boolean {
  return name === 'response.completed' || name === 'response.failed' || name === 'response.incomplete';
}

function responseOf({ data }: StreamEvent): JsonObject {
  return asObject(asObject(parseData(data))?.response) ?? {};
}

function compactAnswer(response: JsonObject, context: BackContext): JsonObject {
  const writer = createResponsesWriter(context);
  writer.begin();
  finishCompaction(writer, response, context);
  return writer.response();
}

/** An answer that did not come to its end, or says nothing, is no summary. */
function finishCompaction(writer: ResponsesWriter, response: JsonObject, context: BackContext): void {
  const usage = asObject(response.usage);
  const used = usage ? { usage } : {};
  const summary = textOf(response);
  if (response.status === 'completed' && summary !== '') {
    const item = { type: 'compaction', id: context.newId('cmp_'), encrypted_content: sealSummary(summary) };
    writer.open({ type: 'other', item }).close();
    writer.finish({ how: 'completed', ...used });
    return;
  }
  const error = asObject(response.error);
  const code = asString(error?.code) ?? 'compaction_failed';
  const message = asString(error?.message) ?? 'The model gave no whole summary of the conversation.';
  writer.finish({ how: 'failed', code, message, ...used });
}

/** The text of all messages. */
function textOf(response: JsonObject): string {
  return asArray(response.output)
    .map(asObject)
    .filter((item) => item?.type === 'message')
    .flatMap((item) => asArray(item?.content))
    .map((part) => asString(asObject(part)?.text) ?? '')
    .join('')
    .trim();
}

/** A request to `/responses/compact` (Codex up to 0.139) as the ordinary one that asks for the same. */
export function compactRequest(body: JsonObject): JsonObject {
  return { ...body, stream: false, store: false, input: [...inputItems(body.input), { type: 'compaction_trigger' }] };
}

/** The answer to `/responses/compact`: the one item that the conversation goes on from. */
export function compactedResponse(response: JsonObject): JsonObject {
  const { id, created_at, output, usage } = response;
  return { id, object: 'response.compaction', created_at, output, usage };
}
