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

/** @param hop e.g. `responses->chat` */
export function createLosses(hop: string): Losses {
  const list: Loss[] = [];
  const told = new Set<string>();
  let taken = 0;
  return {
    list,
    add(path, kind, reason) {
      const key = `${path} ${kind} ${reason}`;
      if (told.has(key)) return;
      told.add(key);
      list.push({ hop, path, kind, reason });
    },
    take() {
      if (taken === list.length) return [];
      const fresh = list.slice(taken);
      taken = list.length;
      return fresh;
    },
  };
}

/** A step of a JSON pointer (RFC 6901, section 3). */
export function pointerStep(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
