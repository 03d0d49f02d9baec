import type { JsonObject } from '../../protocols/grammar.ts';
import type { BackContext, ResponseTranslation } from '../types.ts';
import { MessageReader } from './reader.ts';

/** A whole message as a whole response: what its stream would have amounted to. */
export function translateResponse(body: JsonObject, context: BackContext): ResponseTranslation {
  const reader = new MessageReader(context);
  reader.readMessage(body);
  return { body: reader.writer.response(), losses: reader.losses.list };
}
