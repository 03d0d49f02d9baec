import type { Loss } from '../../util/types.ts';

/** What a part of a translation is that could not be carried. */
export type LossKind = 'parameter' | 'tool' | 'item' | 'part' | 'field' | 'event' | 'value';

/** Gathers the losses of one translation. */
export interface Losses {
  /** @param path JSON pointer in the source. The same loss is told once, however many events of a stream have it. */
  add(path: string, kind: LossKind, reason: string): void;
  readonly list: Loss[];
  /** The losses since the last call. */
  take(): Loss[];
}

/** So many losses are looked through one by one, which is faster than a table of them. */
const FEW = 8;

/** @param hop e.g. `responses->chat` */
export function createLosses(hop: string): Losses {
  const list: Loss[] = [];
  let keys: Set<string> | undefined;
  let taken = 0;
  const isTold = (path: string, kind: LossKind, reason: string): boolean => {
    if (list.length > FEW) {
      keys ??= new Set(list.map(keyOf));
      return keys.has(keyOf({ path, kind, reason }));
    }
    for (const loss of list) if (loss.path === path && loss.kind === kind && loss.reason === reason) return true;
    return false;
  };
  return {
    list,
    add(path, kind, reason) {
      if (isTold(path, kind, reason)) return;
      list.push({ hop, path, kind, reason });
      keys?.add(keyOf({ path, kind, reason }));
    },
    take() {
      const fresh = list.slice(taken);
      taken = list.length;
      return fresh;
    },
  };
}

function keyOf({ path, kind, reason }: Omit<Loss, 'hop'>): string {
  return `${path} ${kind} ${reason}`;
}

/** A step of a JSON pointer (RFC 6901, section 3). */
export function pointerStep(name: string | number): string {
  const step = String(name);
  return SPECIAL.test(step) ? `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}` : `/${step}`;
}

const SPECIAL = /[~/]/;
