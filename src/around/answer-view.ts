import { eventChunks, type Leg, legOf, type RecordedExchange } from '../cassette/legs.ts';
import { parseJson } from '../decode/json.ts';
import { type AnswerSummary, summariseAnswer, summariseStream } from '../report/answer-summary.ts';
import { fieldsOf, listOf, nameOf } from '../report/fields.ts';
import { readTimeline, type TimedEvent } from '../report/timeline.ts';
import type { Protocol } from '../util/types.ts';

/** An answer, whatever form it has. */
export interface AnswerView {
  leg: Leg;
  protocol: Protocol;
  status: number;
  /** Of a stream; empty for a document. */
  events: TimedEvent[];
  isStream: boolean;
  /** The document; of a stream undefined. */
  document: unknown;
  summary: AnswerSummary;
  /** How the answer says that it is over; undefined where it does not say it. */
  ending: Ending | undefined;
  /** What came ended as HTTP says. */
  isWhole: boolean;
}

export type Ending = 'complete' | 'length' | 'filter' | 'tools' | 'failed';

/** Undefined where there was no answer, or none of a protocol. @param attempt of the upstream's side; undefined: the client's */
export function viewAnswer(exchange: RecordedExchange, attempt?: number): AnswerView | undefined {
  const leg =
    attempt === undefined ? legOf(exchange, 'client-response') : legOf(exchange, 'upstream-response', attempt);
  const protocol = leg?.entry._protocol;
  if (!leg || !protocol) return undefined;
  const text = leg.body?.text ?? '';
  const isStream = leg.messages !== undefined || /^\ufeff?(?:event|data|id|retry)?:/.test(text);
  const events = isStream ? readTimeline(eventChunks(leg)).events : [];
  const parsed = isStream ? undefined : parseJson(text);
  const document = parsed?.ok ? parsed.value : undefined;
  const summary = isStream
    ? summariseStream(
        protocol,
        events.map(({ json }) => json),
      )
    : summariseAnswer(protocol, document);
  const end = leg.entry._end;
  return {
    ...{ leg, protocol, events, isStream, document, summary },
    status: leg.messages ? 200 : leg.entry.response.status,
    ending: isStream ? streamEnding(protocol, events) : documentEnding(protocol, document),
    isWhole: end === undefined || end.how === 'complete',
  };
}

const RESPONSE_ENDINGS: Record<string, Ending> = {
  completed: 'complete',
  incomplete: 'length',
  failed: 'failed',
  cancelled: 'failed',
};
const CHAT_ENDINGS: Record<string, Ending> = {
  stop: 'complete',
  length: 'length',
  content_filter: 'filter',
  tool_calls: 'tools',
  function_call: 'tools',
};
const MESSAGES_ENDINGS: Record<string, Ending> = {
  ...{
    end_turn: 'complete',
    stop_sequence: 'complete',
    pause_turn: 'complete',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
  },
  ...{ refusal: 'filter', tool_use: 'tools' },
};

function streamEnding(protocol: Protocol, events: readonly TimedEvent[]): Ending | undefined {
  return events.reduce<Ending | undefined>((before, { type, json }) => {
    const fields = fieldsOf(json);
    if (type === 'error' || (fields.error !== undefined && fields.error !== null)) return 'failed';
    if (protocol === 'responses') {
      return /^response\.(?:completed|incomplete|failed)$/.test(type)
        ? responseEnding(fields.response, type.slice(9))
        : before;
    }
    if (protocol === 'messages') return messagesEnding(fieldsOf(fields.delta).stop_reason) ?? before;
    return chatEnding(fieldsOf(listOf(fields.choices)[0]).finish_reason) ?? before;
  }, undefined);
}

function documentEnding(protocol: Protocol, document: unknown): Ending | undefined {
  const fields = fieldsOf(document);
  if (protocol === 'responses') return responseEnding(fields, nameOf(fields.status));
  if (protocol === 'messages') return messagesEnding(fields.stop_reason);
  return chatEnding(fieldsOf(listOf(fields.choices)[0]).finish_reason);
}

function responseEnding(response: unknown, status: string | undefined): Ending | undefined {
  const { reason } = fieldsOf(fieldsOf(response).incomplete_details);
  if (status === 'incomplete' && reason === 'content_filter') return 'filter';
  return status === undefined ? undefined : RESPONSE_ENDINGS[status];
}

function chatEnding(reason: unknown): Ending | undefined {
  return nameOf(reason) === undefined ? undefined : (CHAT_ENDINGS[String(reason)] ?? 'complete');
}

function messagesEnding(reason: unknown): Ending | undefined {
  return nameOf(reason) === undefined ? undefined : (MESSAGES_ENDINGS[String(reason)] ?? 'complete');
}
