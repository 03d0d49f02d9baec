import { headerValue } from '../../util/headers.ts';
import { dropHopByHop } from '../../util/hop-by-hop.ts';
import type { Protocol, RawHeaders } from '../../util/types.ts';
import { type Credentials, withCredentials } from './api-key.ts';

/** What belongs to the client's body and protocol; the translated request gets its own. */
const OF_THE_BODY = [
  'host',
  'expect',
  'content-encoding',
  'content-length',
  'content-type',
  'accept',
  // An answer that has to be read should come uncoded.
  'accept-encoding',
];
const OF_MESSAGES = ['anthropic-version', 'anthropic-beta', 'anthropic-dangerous-direct-browser-access'];
const OF_OPENAI = ['openai-beta'];

const DROPPED: Readonly<Record<'messages' | 'openai', ReadonlySet<string>>> = {
  messages: new Set([...OF_THE_BODY, ...OF_OPENAI]),
  openai: new Set([...OF_THE_BODY, ...OF_MESSAGES]),
};

/** The version of the Messages API that the schemas are of (Anthropic's documentation, "Versions"). */
const MESSAGES_VERSION = '2023-06-01';

/**
 * The headers of a translated request: the client's without those of its own protocol, its credentials where the provider's
 * protocol has them (`x-api-key` for Messages, `authorization: Bearer` for the others) unless a key replaces them.
 */
export function carryHeaders(
  headers: RawHeaders,
  protocol: Protocol,
  stream: boolean,
  credentials: Credentials | undefined,
): string[] {
  const kept = dropHopByHop(headers, DROPPED[protocol === 'messages' ? 'messages' : 'openai']);
  const key = credentials ? credentials.key : clientKey(headers);
  const carried = key === undefined && !credentials ? kept : withCredentials(kept, { key }, protocol);
  if (protocol === 'messages' && headerValue(carried, 'anthropic-version') === undefined)
    carried.push('anthropic-version', MESSAGES_VERSION);
  carried.push('content-type', 'application/json', 'accept', stream ? 'text/event-stream' : 'application/json');
  return carried;
}

function clientKey(headers: RawHeaders): string | undefined {
  const bearer = /^bearer +(\S.*)$/i.exec(headerValue(headers, 'authorization') ?? '')?.[1];
  return bearer ?? headerValue(headers, 'x-api-key');
}
