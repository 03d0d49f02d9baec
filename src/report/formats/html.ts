import { oneLine } from '../text.ts';
import { STYLE } from './html-style.ts';

/** One file that loads nothing and runs nothing; light and dark as the reader's system is. @param body markup, escaped already */
export function htmlPage(title: string, body: readonly string[]): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    ...body,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Numbers with their names, side by side. */
export function htmlNumbers(numbers: Readonly<Record<string, number>>): string[] {
  const cards = Object.entries(numbers).map(
    ([name, count]) => `<div><dd>${count}</dd><dt>${escapeHtml(name)}</dt></div>`,
  );
  return ['<dl>', ...cards, '</dl>'];
}

/** Lines that begin with `-`, `+` or something else, as removed, added and common. */
export function htmlDiff(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const marked = lines.map((line) => {
    const element = line.startsWith('-') ? 'del' : line.startsWith('+') ? 'ins' : 'span';
    return `<${element}>${escapeMarkup(line)}</${element}>`;
  });
  return [`<pre>${marked.join('\n')}</pre>`];
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** On one line, with control characters as their pictures. */
export function escapeHtml(text: string): string {
  return escapeMarkup(oneLine(text));
}

/** The same with what stands between backticks as code. */
export function htmlText(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

/** Blanks stay as they are. */
export function escapeMarkup(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD').replace(/[&<>"]/g, (char) => ENTITIES[char]!);
}
