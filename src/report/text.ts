/** Text for a terminal: its width in columns, and cutting and filling by it. */

/** SGR sequences, the only control sequences that our own output contains. */
const COLOURS = /\x1b\[[\d;]*m/g;

/** East Asian wide and fullwidth forms and emoji: two columns (Unicode Standard Annex 11, as terminals apply it). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** Marks that sit on the character before them, joiners and variation selectors: no column. */
const ZERO = /[\p{Mn}\p{Me}\p{Cf}]/u;

function charWidth(char: string): number {
  if (ZERO.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

/** Columns that a line takes on a terminal; colours take none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text.replace(COLOURS, '')) width += charWidth(char);
  return width;
}

/** The text, cut with an ellipsis when it takes more than `columns`. Give it no colours. */
export function truncateText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 1) return '';
  let out = '';
  let width = 0;
  for (const char of text) {
    width += charWidth(char);
    if (width > columns - 1) break;
    out += char;
  }
  return `${out}…`;
}

/** The text with spaces after it (or before it) up to `columns`. */
export function padText(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'left' ? text + fill : fill + text;
}

/** Lines of at most `columns`, broken at spaces; a longer word keeps a line of its own, so that it can be copied. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer) > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Control characters as their pictures (U+2400 and up), so that recorded text cannot steer the terminal it is shown on. */
function showControls(text: string, keep: RegExp): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, (char) => {
    if (keep.test(char)) return char;
    const code = char.charCodeAt(0);
    if (code === 0x7f) return '\u2421';
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}

/** Recorded text in several lines, safe to write to a terminal. */
export function printable(text: string): string {
  return showControls(text.replaceAll('\r\n', '\n'), /[\n\t]/);
}

/** Recorded text as one line: runs of white space become one space, and the rest is safe to write to a terminal. */
export function oneLine(text: string): string {
  return showControls(text.replace(/\s+/g, ' ').trim(), /(?!)/);
}
