import type { SseEvent } from '../../decode/types.ts';
import { fromUtf8 } from '../../util/bytes.ts';

/** What keeps a connection alive is short. */
const SHORT = 256;

/** Comments of a stream, and white space before or in a document: they keep a connection alive, and are nothing of the answer. */
export function saysNothing(chunk: Uint8Array): boolean {
  return chunk.length <= SHORT && /^\s*(?::[^\n]*(?:\n\s*|$))*$/.test(fromUtf8(chunk));
}

/** An event that says nothing, in the form of Messages or as gateways write it. */
export function isPing({ event, data }: SseEvent): boolean {
  return event === 'ping' || /^\s*\{\s*"type"\s*:\s*"ping"\s*\}\s*$/.test(data);
}
