import type { JsonObject } from '../../protocols/grammar.ts';
import { ResponsesReader } from '../shared/responses-reader.ts';
import { writeFailure } from '../shared/source-failure.ts';
import type { SourceFailure } from '../shared/source-items.ts';
import type { BackContext, StreamEvent, StreamTranslator } from '../types.ts';
import { MessageAnswer, type MessageEnd, type MessageOutput } from './answer.ts';
import { NO_USAGE } from './usage.ts';

/** A Responses stream as Messages events. */
export function translateStream(context: BackContext): StreamTranslator {
  const output = new EventOutput();
  const answer = new MessageAnswer(output, context);
  // Blocks of a Messages stream do not overlap.
  const reader = new ResponsesReader(answer, answer.losses, { exclusive: true });
  const step = () => ({ events: output.take(), losses: answer.losses.take() });
  return {
    push(event) {
      reader.push(event);
      return step();
    },
    end(how) {
      reader.finish(how);
      return step();
    },
  };
}

class EventOutput implements MessageOutput {
  #events: StreamEvent[] = [];
  /** Of the open block. */
  #index = -1;
  /** JSON text of a delta of the open block, up to the delta. */
  #before = '';

  take(): StreamEvent[] {
    const events = this.#events;
    // Never the list that grows: who holds an empty one would see it fill.
    this.#events = [];
    return events;
  }

  begin({ id, model }: { id: string; model: string }): void {
    const fields = { id, type: 'message', role: 'assistant', model, content: [] };
    const message = { ...fields, stop_reason: null, stop_sequence: null, usage: NO_USAGE };
    this.#emit('message_start', JSON.stringify({ type: 'message_start', message }));
  }

  start(block: JsonObject): void {
    this.#index += 1;
    this.#before = `{"type":"content_block_delta","index":${this.#index},"delta":{"type":"`;
    const event = { type: 'content_block_start', index: this.#index, content_block: block };
    this.#emit('content_block_start', JSON.stringify(event));
  }

  text(delta: string): void {
    this.#delta('text_delta","text', delta);
  }

  thinking(delta: string): void {
    this.#delta('thinking_delta","thinking', delta);
  }

  signature(signature: string): void {
    this.#delta('signature_delta","signature', signature);
  }

  json(delta: string): void {
    this.#delta('input_json_delta","partial_json', delta);
  }

  citation(citation: JsonObject): void {
    this.#emit('content_block_delta', `${this.#before}citations_delta","citation":${JSON.stringify(citation)}}}`);
  }

  stop(): void {
    this.#emit('content_block_stop', `{"type":"content_block_stop","index":${this.#index}}`);
  }

  finish(end: MessageEnd, usage: JsonObject): void {
    this.#emit('message_delta', JSON.stringify({ type: 'message_delta', delta: end, usage }));
    this.#emit('message_stop', '{"type":"message_stop"}');
  }

  fail(failure: SourceFailure): void {
    this.#emit('error', writeFailure('messages', failure).text);
  }

  /** @param field type of the delta and name of its field, as they stand in the JSON text */
  #delta(field: string, delta: string): void {
    this.#emit('content_block_delta', `${this.#before}${field}":${JSON.stringify(delta)}}}`);
  }

  #emit(name: string, data: string): void {
    this.#events.push({ name, data });
  }
}
