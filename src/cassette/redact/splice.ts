import type { Found } from './finder.ts';

/** A span of a text that is replaced: the first piece of a secret by its placeholder, the others by nothing. */
export interface Cut {
  start: number;
  end: number;
  secret: Found;
  first: boolean;
}

/** Orders cuts and trims overlaps: the first one to begin keeps its place. */
export function arrangeCuts(cuts: readonly Cut[]): Cut[] {
  const sorted = [...cuts].sort((a, b) => a.start - b.start || compareSecrets(a.secret, b.secret) || b.end - a.end);
  const arranged: Cut[] = [];
  let reached = 0;
  for (const cut of sorted) {
    if (cut.end <= reached) continue;
    arranged.push(cut.start >= reached ? cut : { ...cut, start: reached, first: false });
    reached = cut.end;
  }
  return arranged;
}

/** The longest value first, then what its place says before what it looks like, so that the order of the search does not matter. */
function compareSecrets(a: Found, b: Found): number {
  const longer = b.value.length - a.value.length;
  const placed = Number(b.placed ?? false) - Number(a.placed ?? false);
  return longer || placed || (a.kind < b.kind ? -1 : Number(a.kind > b.kind));
}

/** The text of a placeholder in its place: with quotes, escaped as deep as it stands, where it replaces a bare value. */
export function dressPlaceholder(placeholder: string, secret: Found): string {
  if (secret.coded) return encodeURIComponent(placeholder);
  if (secret.quotes === undefined) return placeholder;
  let quote = '"';
  for (let depth = 0; depth < secret.quotes; depth++) quote = JSON.stringify(quote).slice(1, -1);
  return quote + placeholder + quote;
}

/** Replaces the secrets of a text that is there as a whole. */
export function spliceText(text: string, found: readonly Found[], name: (secret: Found) => string): string {
  const cuts = arrangeCuts(found.map((secret) => ({ start: secret.start, end: secret.end, secret, first: true })));
  let out = '';
  let at = 0;
  for (const { start, end, secret, first } of cuts) {
    out += text.slice(at, start);
    if (first) out += dressPlaceholder(name(secret), secret);
    at = end;
  }
  return out + text.slice(at);
}
