import { parseJson } from '../../decode/json.ts';
import type { SseEvent } from '../../decode/types.ts';
import { type AnswerSummary, summariseAnswer, summariseStream } from '../../report/answer-summary.ts';
import type { Protocol } from '../../util/types.ts';

/** Why an answer ended, in words that every protocol has one for. */
export type Ending = 'stop' | 'calls' | 'length' | 'filter' | 'failed' | 'none';

/** What a client was told, in whatever protocol. */
export interface Said extends AnswerSummary {
  ending: Ending;
  /** JSON of the events, `undefined` for what is none; one element for an answer that is no stream. */
  events: unknown[];
}

const ENDINGS: Record<string, Ending> = {
  completed: 'stop',
  incomplete: 'length',
  failed: 'failed',
  stop: 'stop',
  length: 'length',
  tool_calls: 'calls',
  function_call: 'calls',
  content_filter: 'filter',
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  tool_use: 'calls',
  refusal: 'filter',
};

/** Reads the events of a stream. */
export function readStream(protocol: Protocol, events: readonly SseEvent[]): Said {
  const values = events.map(({ data }) => {
    const parsed = parseJson(data);
    return parsed.ok ? parsed.value : undefined;
  });
  return finish(protocol, summariseStream(protocol, values), values);
}

/** Reads an answer that is one document. */
export function readDocument(protocol: Protocol, body: unknown): Said {
  return finish(protocol, summariseAnswer(protocol, body), [body]);
}

function finish(protocol: Protocol, summary: AnswerSummary, events: unknown[]): Said {
  return { ...summary, ending: endingOf(protocol, summary), events };
}

function endingOf(protocol: Protocol, { error, finish = '', toolCalls }: AnswerSummary): Ending {
  if (error) return 'failed';
  // Responses: the status and, behind a colon, why it is incomplete.
  const [status = '', reason] = finish.split(': ');
  const ending = ENDINGS[status] ?? 'none';
  if (protocol === 'responses' && ending === 'stop' && toolCalls.length > 0) return 'calls';
  return ending === 'length' && reason === 'content_filter' ? 'filter' : ending;
}
