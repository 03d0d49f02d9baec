/** What `connect` prints: ways to point one client at a tapedeck, the recommended one first. */
export interface Guide {
  /** The client's name for people. */
  client: string;
  /** URL that the configuration below names. */
  url: string;
  /** Version that the recipes were chosen for; absent: every version that was measured. */
  version?: string;
  recipes: Recipe[];
  /** What holds whichever recipe is taken. */
  warnings: string[];
}

/** One way. */
export interface Recipe {
  title: string;
  /** When to take this one. */
  when: string;
  blocks: Block[];
  warnings: string[];
}

/** Lines to copy. */
export interface Block {
  /** Where they go: a file, a shell. */
  into: string;
  text: string;
}

/** Versions for which something holds: from the first one that has it, to before the first one that has it no more. */
export interface Range {
  from?: string;
  before?: string;
}

/** A recipe or a warning that holds for some versions only. */
export type Ranged<T> = T & { versions?: Range };

/** `1.2.3` with an optional `v` before and pre-release after it, as its three numbers; undefined for anything else. */
export function parseVersion(text: string): [number, number, number] | undefined {
  const match = text.match(/^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

/** Whether `version` lies in `range`; an unknown version (undefined) may be any, and so always does. */
export function isInRange(version: string | undefined, range: Range | undefined): boolean {
  const own = version === undefined ? undefined : parseVersion(version);
  if (!own || !range) return true;
  return !(range.from && isBefore(own, range.from)) && !(range.before && !isBefore(own, range.before));
}

function isBefore(own: readonly number[], limit: string): boolean {
  const other = parseVersion(limit)!;
  const at = own.findIndex((part, i) => part !== other[i]);
  return at >= 0 && own[at]! < other[at]!;
}
