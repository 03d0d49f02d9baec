import type { JsonObject } from '../../protocols/grammar.ts';
import { type Losses, pointerStep } from '../shared/losses.ts';
import { saysNothing } from './scope.ts';

/** Fields of a completion and of its chunks that the response says in its own way, or that mean nothing beyond the stream. */
export const OF_COMPLETION: ReadonlySet<string> = new Set([
  'choices',
  'created',
  'id',
  'model',
  'object',
  'obfuscation',
  'usage',
]);

export const OF_CHOICE: ReadonlySet<string> = new Set(['delta', 'finish_reason', 'index', 'logprobs', 'message']);

/** Tells every field of an answer that nobody reads; null and empty lists say nothing. */
export function tellUnread(value: JsonObject, read: ReadonlySet<string>, path: string, losses: Losses): void {
  for (const name in value) {
    if (read.has(name) || saysNothing(value[name])) continue;
    losses.add(`${path}${pointerStep(name)}`, 'field', 'a response has no place for it');
  }
}
