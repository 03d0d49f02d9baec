import { createSseParser } from '../../decode/sse.ts';
import type { SseEvent } from '../../decode/types.ts';
import { assembleChat } from '../../protocols/chat/assemble.ts';
import { asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { assembleMessages } from '../../protocols/messages/assemble.ts';
import { assembleResponses } from '../../protocols/responses/assemble.ts';
import { compactedResponse } from '../../translate/compaction.ts';
import { eventText } from '../../translate/event-text.ts';
import type { BackContext, Hop, SourceEnd, StreamEvent, StreamTranslator } from '../../translate/types.ts';
import { unfoldAnswer } from '../../translate/unfold.ts';
import { fromUtf8 } from '../../util/bytes.ts';
import type { Loss, Protocol } from '../../util/types.ts';
import type { Prepared } from './request.ts';

/** A provider's stream as the client's, read by read. */
export interface StreamAnswer {
  /** What to write to the client for these bytes; maybe nothing. */
  push(chunk: Uint8Array): string;
  end(how: SourceEnd): string;
}

export function translateStream(
  hop: Hop,
  context: BackContext,
  onLoss: (losses: readonly Loss[]) => void,
): StreamAnswer {
  const parser = createSseParser();
  const stream = hop.stream(context);
  const run = (events: readonly SseEvent[]) => {
    let text = '';
    for (const { event, data } of events) text += push(stream, { name: event, data }, onLoss);
    return text;
  };
  return {
    push: (chunk) => run(parser.push(chunk)),
    end(how) {
      parser.end();
      const { events, losses } = stream.end(how);
      if (losses.length > 0) onLoss(losses);
      return eventText(events);
    },
  };
}

function push(stream: StreamTranslator, event: StreamEvent, onLoss: (losses: readonly Loss[]) => void): string {
  const { events, losses } = stream.push(event);
  if (losses.length > 0) onLoss(losses);
  return eventText(events);
}

/** A whole answer, in the form that the client asked for. */
export type WholeAnswer =
  | { ok: true; status: number; contentType: string; text: string; losses: Loss[] }
  | { ok: false; message: string };

/**
 * Translates an answer that came whole, or that the client wants whole.
 * @param streamed the bytes are an event stream
 */
export function translateWhole(
  { hop, context, compact }: NonNullable<Prepared['back']>,
  bytes: Uint8Array,
  streamed: boolean,
): WholeAnswer {
  const body = streamed ? assembleStream(hop.upstream, bytes) : asObject(parseData(fromUtf8(bytes)));
  if (!body) {
    const what = streamed ? 'an event stream that does not say how it ended' : 'something that is no JSON object';
    return { ok: false, message: `The provider answered with ${what}.` };
  }
  if (!context.plan.stream) {
    const { body: answer, losses, status = 200 } = hop.response(body, context);
    if (compact) return compacted(answer, losses);
    return { ok: true, status, contentType: 'application/json', text: JSON.stringify(answer), losses };
  }
  const losses: Loss[] = [];
  const stream = hop.stream(context);
  const texts = unfoldAnswer(hop.upstream, body).map((event) => push(stream, event, (more) => losses.push(...more)));
  const last = stream.end('done');
  losses.push(...last.losses);
  return {
    ok: true,
    status: 200,
    contentType: 'text/event-stream',
    text: texts.join('') + eventText(last.events),
    losses,
  };
}

function compacted(answer: JsonObject, losses: Loss[]): WholeAnswer {
  if (answer.status !== 'completed') {
    return {
      ok: false,
      message: asString(asObject(answer.error)?.message) ?? 'There is no summary of the conversation.',
    };
  }
  return {
    ok: true,
    status: 200,
    contentType: 'application/json',
    text: JSON.stringify(compactedResponse(answer)),
    losses,
  };
}

const ASSEMBLE: Readonly<Record<Protocol, (events: readonly unknown[]) => JsonObject>> = {
  responses: (events) => assembleResponses(events),
  chat: (events) => assembleChat(events) as unknown as JsonObject,
  messages: (events) => assembleMessages(events) as unknown as JsonObject,
};

/** The last word of a whole stream; without it the answer was cut off. */
const LAST_WORDS: Readonly<Record<Protocol, RegExp>> = {
  responses: /"type" ?: ?"response\.(?:completed|failed|incomplete)"/,
  chat: /^\[DONE\]$|"finish_reason" ?: ?"/,
  messages: /"type" ?: ?"message_stop"/,
};

function assembleStream(protocol: Protocol, bytes: Uint8Array): JsonObject | undefined {
  const parser = createSseParser();
  const events = parser.push(bytes);
  if (!events.some(({ data }) => LAST_WORDS[protocol].test(data))) return undefined;
  return ASSEMBLE[protocol](events.map(({ data }) => parseData(data)));
}
