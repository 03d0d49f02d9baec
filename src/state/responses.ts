import type { ResponseMemory } from '../translate/memory.ts';

export interface MemoryLimits {
  /** Characters of JSON text that all conversations may have together. */
  chars: number;
  /** Milliseconds that a response is kept after it was made or last asked for. */
  ttlMs: number;
}

/** Policy numbers of the memory. */
export const MEMORY_LIMITS: MemoryLimits = {
  /** A long session with images is some MiB; what goes first is what was not asked for longest. */
  chars: 256 * 1024 * 1024,
  /** Agents go on within minutes; a day covers a session that is left over night. */
  ttlMs: 24 * 60 * 60 * 1000,
};

interface Kept {
  /** JSON, so that nobody changes it and its size is known. */
  text: string;
  usedAt: number;
}

/** Remembers conversations within bounds, the one not used for longest going first. @param now unix milliseconds */
export function createResponseMemory(
  limits: MemoryLimits = MEMORY_LIMITS,
  now: () => number = Date.now,
): ResponseMemory {
  const kept = new Map<string, Kept>();
  let chars = 0;
  const drop = (id: string) => {
    chars -= kept.get(id)?.text.length ?? 0;
    kept.delete(id);
  };
  const dropOld = () => {
    for (const [id, { usedAt }] of kept) {
      if (chars <= limits.chars && now() - usedAt <= limits.ttlMs) return;
      drop(id);
    }
  };
  return {
    get(id) {
      dropOld();
      const found = kept.get(id);
      if (!found) return undefined;
      kept.delete(id);
      kept.set(id, { ...found, usedAt: now() });
      return JSON.parse(found.text) as unknown[];
    },
    set(id, items) {
      drop(id);
      const text = JSON.stringify(items);
      kept.set(id, { text, usedAt: now() });
      chars += text.length;
      dropOld();
    },
  };
}
