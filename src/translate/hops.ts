import type { Protocol } from '../util/types.ts';
import { chatResponses } from './chat-responses/hop.ts';
import { composeHops } from './compose.ts';
import { messagesResponses } from './messages-responses/hop.ts';
import { responsesChat } from './responses-chat/hop.ts';
import { responsesMessages } from './responses-messages/hop.ts';
import type { Hop } from './types.ts';

/** Responses is the hub: the other two have a pair of directions with it, and meet there. */
export const HOPS: readonly Hop[] = [
  responsesChat,
  responsesMessages,
  chatResponses,
  messagesResponses,
  composeHops(chatResponses, responsesMessages),
  composeHops(messagesResponses, responsesChat),
];

/** How a client's protocol is carried to a provider's; undefined when they are the same. */
export function findHop(client: Protocol, upstream: Protocol): Hop | undefined {
  return HOPS.find((hop) => hop.client === client && hop.upstream === upstream);
}
