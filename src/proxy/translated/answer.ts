import { createSseParser } from '../../decode/sse.ts';
import { assembleChat } from '../../protocols/chat/assemble.ts';
import { asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { assembleMessages } from '../../protocols/messages/assemble.ts';
import { assembleResponses } from '../../protocols/responses/assemble.ts';
import { compactedResponse } from '../../translate/compaction.ts';
import { eventText } from '../../translate/event-text.ts';
import type { BackContext, Hop, SourceEnd, StreamStep } from '../../translate/types.ts';
import { unfoldAnswer } from '../../translate/unfold.ts';
import { fromUtf8 } from '../../util/bytes.ts';
import type { Loss, Protocol } from '../../util/types.ts';
import type { Prepared } from './request.ts';
import { unlessTooDeep } from './too-deep.ts';

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
  const tell = ({ events, losses }: StreamStep) => {
    if (losses.length > 0) onLoss(losses);
    return eventText(events);
  };
  // An event that cannot be told breaks the answer off.
  const step = (take: () => StreamStep) =>
    tell(
      unlessTooDeep(take, () =>
        unlessTooDeep(
          () => stream.end('error'),
          () => NOTHING,
        ),
      ),
    );
  return {
    push(chunk) {
      let text = '';
      for (const { event, data } of parser.push(chunk)) text += step(() => stream.push({ name: event, data }));
      return text;
    },
    end(how) {
      parser.end();
      return step(() => stream.end(how));
    },
  };
}

const NOTHING: StreamStep = { events: [], losses: [] };

/** A whole answer, in the form that the client asked for. */
export type WholeAnswer =
  | { ok: true; status: number; contentType: string; text: string; losses: Loss[] }
  | { ok: false; message: string };

/**
 * Translates an answer that came whole, or that the client wants whole.
 * @param streamed the bytes are an event stream
 */
export function translateWhole(back: NonNullable<Prepared['back']>, bytes: Uint8Array, streamed: boolean): WholeAnswer {
  const deep = 'The provider answered with something that is nested too deeply to be translated.';
  return unlessTooDeep<WholeAnswer>(
    () => translateBytes(back, bytes, streamed),
    () => ({ ok: false, message: deep }),
  );
}

function translateBytes(
  { hop, context, compact }: NonNullable<Prepared['back']>,
  bytes: Uint8Array,
  streamed: boolean,
): WholeAnswer {
  const losses: Loss[] = [];
  const onLoss = (more: readonly Loss[]) => losses.push(...more);
  const told = (text: string): WholeAnswer => ({ ...EVENT_STREAM, text, losses });
  if (streamed && context.plan.stream) {
    // Only its coding has kept it from being told as it came.
    const answer = translateStream(hop, context, onLoss);
    return told(answer.push(bytes) + answer.end('done'));
  }
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
  const stream = hop.stream(context);
  const steps = unfoldAnswer(hop.upstream, body).map((event) => stream.push(event));
  steps.push(stream.end('done'));
  for (const step of steps) onLoss(step.losses);
  return told(steps.map(({ events }) => eventText(events)).join(''));
}

const EVENT_STREAM = { ok: true, status: 200, contentType: 'text/event-stream' } as const;

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

/** @returns the answer, or `{error}` where the stream tells one; undefined when it does not say how it ended */
function assembleStream(protocol: Protocol, bytes: Uint8Array): JsonObject | undefined {
  const events = createSseParser().push(bytes);
  const values = events.map(({ data }) => parseData(data));
  const failed = values.map(asObject).find((event) => event?.error || event?.type === 'error');
  if (failed) return { error: failed.error || failed };
  return events.some(({ data }) => LAST_WORDS[protocol].test(data)) ? ASSEMBLE[protocol](values) : undefined;
}
