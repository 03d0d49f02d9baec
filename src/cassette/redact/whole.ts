import { type FinderOptions, whatToSeek } from './finder.ts';
import { chooseFraming, latin1Of, oneRead, StreamWork } from './stream.ts';
import type { Vault } from './vault.ts';

/** Redacts a body that is there at once; in nearly all there is nothing to cut, and that is told without more ado. */
export function redactWhole(
  bytes: Uint8Array,
  mimeType: string,
  vault: Vault,
  finder: FinderOptions,
): { bytes: Uint8Array; count: number } {
  const text = latin1Of([oneRead(bytes)]);
  const framing = chooseFraming(mimeType, text, true);
  // Of the others, deltas and parameters are looked at apart.
  if ((framing === 'json' || framing === 'text') && holdsNothing(text, finder)) return { bytes, count: 0 };
  const work = new StreamWork(mimeType, vault, finder);
  return { bytes: work.whole(bytes), count: work.count() };
}

function holdsNothing(text: string, finder: FinderOptions): boolean {
  const { groups, literals, users } = whatToSeek({ text, from: 0, final: true }, finder);
  return groups.length + literals.length + users.length === 0;
}
