import { Buffer } from 'node:buffer';
import { asObject, asString, parseData } from '../../protocols/grammar.ts';
import { fromUtf8, toUtf8 } from '../../util/bytes.ts';

/** What a provider wants back as it was and no Responses field holds, e.g. thinking blocks with their signatures. */
export interface Opaque {
  protocol: 'chat' | 'messages';
  blocks: unknown[];
}

/** Tells our sealed content from that of others: OpenAI's own begins with `gAAAA`. The number is that of the format. */
const PREFIX = 'td1.';

/**
 * The string that stands in `encrypted_content`, which a Responses client sends back untouched (Codex 0.113.0 to 0.169.0 do).
 * It is packed, not encrypted: base64url of the UTF-8 of the JSON text. A lone surrogate survives, since JSON.stringify escapes it.
 */
export function sealOpaque(value: Opaque): string {
  const { protocol, blocks } = value;
  return PREFIX + Buffer.from(toUtf8(JSON.stringify({ protocol, blocks }))).toString('base64url');
}

/** What `sealOpaque` was given; undefined for any other text. Never throws. */
export function openOpaque(text: string): { protocol: string; blocks: unknown[] } | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const value = asObject(parseData(fromUtf8(Buffer.from(text.slice(PREFIX.length), 'base64url'))));
  const protocol = asString(value?.protocol);
  return protocol !== undefined && Array.isArray(value?.blocks) ? { protocol, blocks: value.blocks } : undefined;
}
