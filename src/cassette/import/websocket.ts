import { parseJson } from '../../decode/json.ts';
import type { WebSocketMessage } from '../format.ts';

/**
 * The messages of one connection, cut where an exchange begins: at each `response.create` of the client. What comes before the
 * first one belongs to it. Joined again they are the messages of the connection.
 */
export function splitMessages(messages: readonly WebSocketMessage[]): WebSocketMessage[][] {
  const parts: WebSocketMessage[][] = [[]];
  let begun = false;
  for (const message of messages) {
    const begins = beginsExchange(message);
    if (begins && begun) parts.push([]);
    begun ||= begins;
    parts.at(-1)!.push(message);
  }
  return parts;
}

function beginsExchange({ type, opcode, data }: WebSocketMessage): boolean {
  if (type !== 'send' || opcode !== 1 || !data.includes('response.create')) return false;
  const parsed = parseJson(data);
  return parsed.ok && (parsed.value as { type?: unknown } | null)?.type === 'response.create';
}
