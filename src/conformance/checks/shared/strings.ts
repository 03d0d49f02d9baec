/** Every string in a JSON value, keys not counted. */
export function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(stringsIn);
  return [];
}

/** Whether a text stands somewhere in a JSON value as it is, alone or within a longer text. */
export function holdsText(value: unknown, text: string): boolean {
  return stringsIn(value).some((found) => found.includes(text));
}
