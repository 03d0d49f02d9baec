import { asObject, parseData, quote } from '../../protocols/grammar.ts';
import type { BackContext, StreamEvent, StreamStep, StreamTranslator } from '../types.ts';
import { MessageReader } from './reader.ts';

/** A stream of Messages as one of Responses. */
export function createStream(context: BackContext): StreamTranslator {
  const reader = new MessageReader(context);
  const step = (): StreamStep => ({ events: reader.writer.take(), losses: reader.losses.take() });
  return {
    push({ data }: StreamEvent) {
      const event = asObject(parseData(data));
      // Servers that speak Chat as well end with its mark.
      if (event) reader.readEvent(event);
      else if (data !== '[DONE]') reader.losses.add('', 'event', `this is no JSON object: ${quote(data)}`);
      return step();
    },
    end(how) {
      reader.end(how);
      return step();
    },
  };
}
