import type { JsonObject } from '../../protocols/grammar.ts';
import { readContent, splitText } from './content.ts';
import type { InputScope } from './scope.ts';

/** Adds a `message` item by its role. */
export function addMessage(item: JsonObject, path: string, scope: InputScope): void {
  const { role } = item;
  if (role === 'assistant') {
    scope.conversation.addAssistant(readContent(item.content, `${path}/content`, scope, 'text'));
  } else if (role === 'system' || role === 'developer') {
    addInstructions(readContent(item.content, `${path}/content`, scope), path, scope);
  } else {
    if (role !== 'user') scope.losses.add(`${path}/role`, 'value', 'Messages knows no such role: it is told as user');
    scope.conversation.addMessage('user', readContent(item.content, `${path}/content`, scope));
  }
}

/** Instructions go where the provider takes them: the `system` field, a system message, or a user message. */
export function addInstructions(blocks: readonly JsonObject[], path: string, scope: InputScope): void {
  const { text, other } = splitText(blocks);
  const rule = scope.dialect.instructions;
  if (rule === 'user') tellAsUser(text, path, 'the provider takes no instructions', scope);
  else if (scope.leading) scope.system.push(...text);
  else if (rule === 'leading') {
    tellAsUser(text, path, 'the provider takes instructions at the beginning alone', scope);
  } else scope.conversation.addMessage('system', text);
  tellAsUser(other, path, 'instructions are text alone', scope);
}

function tellAsUser(blocks: readonly JsonObject[], path: string, reason: string, scope: InputScope): void {
  if (blocks.length === 0) return;
  scope.losses.add(path, 'value', `${reason}: it is told as a message of the user`);
  scope.conversation.addMessage('user', blocks);
}
