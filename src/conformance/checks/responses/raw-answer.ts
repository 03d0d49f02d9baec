import { namedEvents } from '../../provider/events.ts';
import { responsesObject } from '../../provider/responses.ts';
import type { Answer, AnswerContext, ReceivedRequest } from '../../script.ts';

type Json = Record<string, unknown>;

/** What of an answer is not as usual. */
export interface RawTurn {
  /** As they are done. */
  items: readonly Json[];
  /** Put over the response at its end; its status says which event ends the stream. */
  end?: Json;
  /** Between the items and the end. */
  events?: readonly ({ type: string } & Json)[];
}

/** An answer of a provider of Responses with any items: each is added and then done, without deltas. */
export function answerRaw({ items, end = {}, events = [] }: RawTurn) {
  return (request: ReceivedRequest, { model, mint }: AnswerContext): Answer => {
    const whole = responsesObject({ items: [] }, model, mint);
    const last: Json = { ...whole, output: items, ...end };
    if (request.json?.stream !== true) return { kind: 'body', status: 200, body: last };
    const begun = { ...whole, status: 'in_progress', output: [], usage: null };
    const list: ({ type: string } & Json)[] = [
      { type: 'response.created', response: begun },
      { type: 'response.in_progress', response: begun },
      ...items.flatMap((item, output_index) => [
        { type: 'response.output_item.added', output_index, item: begin(item) },
        { type: 'response.output_item.done', output_index, item },
      ]),
      ...events,
      { type: `response.${String(last.status)}`, response: last },
    ];
    const numbered = list.map(({ type, ...rest }, sequence_number) => ({ type, sequence_number, ...rest }));
    return { kind: 'events', events: namedEvents(numbered) };
  };
}

function begin(item: Json): Json {
  return item.status === undefined ? item : { ...item, status: 'in_progress' };
}
