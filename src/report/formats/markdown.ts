import { oneLine } from '../text.ts';

/** Text between other text. Recorded text may look like markup, or name people. */
export function plainMarkdown(text: string): string {
  return oneLine(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_[\]~]/g, '\\$&')
    .replaceAll('@', '@\u200b');
}

/** Text in a cell of a table. */
export function markdownCell(text: string): string {
  return plainMarkdown(text).replaceAll('|', '\\|');
}

export function markdownCode(text: string): string {
  return `\`${oneLine(text).replaceAll('`', "'")}\``;
}

/** A block of code, indented as the items of a list are. */
export function markdownBlock(language: string, lines: readonly string[]): string[] {
  const fence = fenceFor(lines);
  return [`  ${fence}${language}`, ...lines.map((line) => `  ${line}`), `  ${fence}`];
}

/** Longer than any run of backticks in the text. */
function fenceFor(lines: readonly string[]): string {
  const longest = Math.max(0, ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)));
  return '`'.repeat(Math.max(3, longest + 1));
}
