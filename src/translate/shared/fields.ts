import type { JsonObject } from '../../protocols/grammar.ts';
import { type Losses, type LossKind, pointerStep } from './losses.ts';

/** What becomes of the fields of one kind of object on its way to another protocol. */
export interface FieldTable {
  /** Translated elsewhere. */
  read: readonly string[];
  /** Translated elsewhere when they are texts. */
  texts?: readonly string[];
  /** No place in the target: why. */
  lost: Readonly<Record<string, string>>;
  /** Values that change nothing when they are left out: not even a loss. `null` never does. */
  neutral?: Readonly<Record<string, readonly unknown[]>>;
}

/** Reports every field that the table does not say is read. @param path of the object */
export function reportUnread(
  object: JsonObject,
  path: string,
  kind: LossKind,
  table: FieldTable,
  losses: Losses,
): void {
  for (const [name, value] of Object.entries(object)) {
    if (value === null || value === undefined || table.read.includes(name)) continue;
    if (typeof value === 'string' && table.texts?.includes(name)) continue;
    if (isNeutral(value, Object.hasOwn(table.neutral ?? {}, name) ? table.neutral![name]! : [])) continue;
    const reason = Object.hasOwn(table.lost, name) ? table.lost[name]! : 'Responses has no such field';
    losses.add(path + pointerStep(name), kind, reason);
  }
}

function isNeutral(value: unknown, neutral: readonly unknown[]): boolean {
  return neutral.some((entry) => JSON.stringify(entry) === JSON.stringify(value));
}
