import { asString, type JsonObject } from '../../protocols/grammar.ts';

/** What stands before the text of an `agent_message` (Codex 0.169) where no message comes from another agent. */
export function introduceAgent({ author, recipient }: JsonObject): string {
  const names = [asString(author) ?? 'another agent', asString(recipient) ?? 'you'];
  return `Message from ${names.join(' to ')}:`;
}
