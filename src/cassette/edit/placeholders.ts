/** Placeholders of redaction in a text: as they stand in bodies and headers, and percent-encoded in addresses and forms. */
const PLACEHOLDERS = /(\[redacted:[a-z0-9-]+#|%5Bredacted%3A[a-z0-9-]+%23)(\d+)(\]|%5D)/g;

/** The text with another number in every placeholder; the same text when it holds none. */
export function mapPlaceholders(text: string, numberFor: (n: number) => number): string {
  if (!text.includes('redacted')) return text;
  return text.replace(
    PLACEHOLDERS,
    (_, before: string, n: string, after: string) => before + numberFor(Number(n)) + after,
  );
}

/** The same for bytes, whatever their character encoding: a placeholder is ASCII. Gives the same array back when it holds none. */
export function mapPlaceholderBytes(bytes: Uint8Array, numberFor: (n: number) => number): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const mapped = mapPlaceholders(text, numberFor);
  return mapped === text ? bytes : Buffer.from(mapped, 'latin1');
}

/** The highest number of a placeholder in a text; 0 when it holds none. */
export function highestPlaceholder(text: string): number {
  let highest = 0;
  if (text.includes('redacted')) {
    for (const [, , n] of text.matchAll(PLACEHOLDERS)) highest = Math.max(highest, Number(n));
  }
  return highest;
}

/** How many placeholders a text holds. */
export function countPlaceholders(text: string): number {
  return text.match(PLACEHOLDERS)?.length ?? 0;
}
