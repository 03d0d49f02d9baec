import { Buffer } from 'node:buffer';
import { asArray, asNumber, asObject, asString, type JsonObject, parseData } from '../../protocols/grammar.ts';
import { fromUtf8, toUtf8 } from '../../util/bytes.ts';

/**
 * What of a Responses reasoning item has no field in a thinking block. It travels in the block's `signature`, or in the `data` of a
 * `redacted_thinking` block where there is no text, both of which Messages clients send back untouched.
 */
export interface SealedReasoning {
  id: string;
  /** `encrypted_content`, byte-equal; absent when the provider gave none. */
  encrypted?: string | undefined;
  /** UTF-16 lengths of the summary's parts, and of the content's, which the block tells as one text. */
  summary: number[];
  content: number[];
}

/** Stands between the parts in the block's text. */
export const PART_SEPARATOR = '\n\n';

/** Tells our seals from Anthropic's signatures, which are plain base64. The number is that of the format. */
const PREFIX = 'tdr1.';

export function sealReasoning(sealed: SealedReasoning): string {
  return PREFIX + Buffer.from(toUtf8(JSON.stringify(sealed))).toString('base64url');
}

/** What was sealed; undefined for any other text. Never throws. */
export function openSeal(text: string): SealedReasoning | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const value = asObject(parseData(fromUtf8(Buffer.from(text.slice(PREFIX.length), 'base64url'))));
  const id = asString(value?.id);
  if (!value || id === undefined) return undefined;
  const lengths = (list: unknown) => asArray(list).map((length) => asNumber(length) ?? 0);
  return {
    id,
    encrypted: asString(value.encrypted),
    summary: lengths(value.summary),
    content: lengths(value.content),
  };
}

/** The reasoning item as the provider told it. @returns undefined when the text is not the one that was sealed */
export function unsealReasoning(sealed: SealedReasoning, text: string): JsonObject | undefined {
  const parts: string[] = [];
  let at = 0;
  for (const length of [...sealed.summary, ...sealed.content]) {
    if (parts.length > 0) at += PART_SEPARATOR.length;
    parts.push(text.slice(at, at + length));
    at += length;
  }
  if (parts.join(PART_SEPARATOR) !== text) return undefined;
  const summary = parts.slice(0, sealed.summary.length).map((part) => ({ type: 'summary_text', text: part }));
  const content = parts.slice(sealed.summary.length).map((part) => ({ type: 'reasoning_text', text: part }));
  return {
    type: 'reasoning',
    id: sealed.id,
    summary,
    ...(content.length > 0 && { content }),
    ...(sealed.encrypted !== undefined && { encrypted_content: sealed.encrypted }),
  };
}
