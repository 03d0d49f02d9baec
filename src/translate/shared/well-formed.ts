/** A surrogate without its other half, which no UTF-8 can hold. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Asked first, since most texts have none and this pattern says so at a glance. */
const ANY_SURROGATE = /[\ud800-\udfff]/;

/** The text as UTF-8 would bring it back: a lone surrogate is U+FFFD (Codex drops an event whose JSON escapes one). */
export function wellFormed(text: string): string {
  return ANY_SURROGATE.test(text) ? text.replace(LONE_SURROGATE, '\ufffd') : text;
}

/** Whether the text ends in the first half of a character whose second half may come with the next delta. */
export function endsInHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}
