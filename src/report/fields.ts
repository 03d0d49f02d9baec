/** Reading fields of recorded JSON, which may be anything. */

export type Fields = Readonly<Record<string, unknown>>;

/** The value if it is an object (no array), else an empty one. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The value if it is an array, else an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value if it is a string, else an empty one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The value if it is a string that is not empty. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value if it is a number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** A string as it is; anything else as JSON; nothing for undefined. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : jsonOf(value);
}

/** The value as JSON; nothing for undefined. V8 reads JSON of any depth, and writes only some thousand levels of it. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '[nested too deeply to be shown]';
  }
}
