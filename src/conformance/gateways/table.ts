/** A table of Markdown, with an empty line behind it. Texts of others are made harmless. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [head, head.map(() => '-'), ...rows.map((cells) => cells.map(cell))];
  return [...lines.map((cells) => `| ${cells.join(' | ')} |`), ''];
}

function cell(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[|<]/g, (sign) => `\\${sign}`)
    .trim();
}
