import { asObject } from '../../protocols/grammar.ts';
import type { Losses } from './losses.ts';
import type { SourceItem } from './source-items.ts';

/** Tells what a call says that a call of no other protocol does. @param target its name */
export function tellCallFields({ item, path }: SourceItem, target: string, losses: Losses): void {
  if (item.async === true) losses.add(`${path}/async`, 'field', 'a call waits for its output');
  if (item.namespace != null) losses.add(`${path}/namespace`, 'field', `${target} has no namespaces of tools`);
  const caller = asObject(item.caller);
  if (caller && caller.type !== 'direct') {
    losses.add(
      `${path}/caller`,
      'field',
      `${target} does not tell calls of the provider’s programs from those of the model`,
    );
  }
}
