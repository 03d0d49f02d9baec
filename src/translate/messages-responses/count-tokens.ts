import { Buffer } from 'node:buffer';
import { asArray, asObject, asString, type JsonObject } from '../../protocols/grammar.ts';

/** Policy numbers of the estimate, with their reasons. */
const ESTIMATE = {
  /** UTF-8 bytes a token: English prose is near 4, code near 3.5, and other scripts have more bytes a character. */
  bytesPerToken: 4,
  /** What the API adds to a message: its role and the marks around it. */
  perMessage: 4,
  /** What an image costs at most on models without high resolution (docs of the Messages API, "Vision"). */
  perImage: 1_600,
  /** A page of a PDF is 1,500 to 3,000 tokens ("PDF support") and commonly 50 to 100 KB of base64: 40 bytes a token. */
  pdfBytesPerToken: 40,
  /** The system prompt that tools bring along ("Tool use", auto). */
  tools: 346,
} as const;

/**
 * An estimate of the input tokens of a Messages request, for `POST /v1/messages/count_tokens` where the provider cannot count: no
 * tokenizer, only the sizes of the texts. It is within a quarter for English and code; images and PDFs are not looked into. Who
 * answers with it must say that it is an estimate. Takes any value and never throws.
 */
export function estimateTokens(body: JsonObject): number {
  const tools = asArray(body.tools);
  const messages = asArray(body.messages);
  const known =
    textTokens(body.system) +
    messages.reduce<number>(
      (sum, message) => sum + ESTIMATE.perMessage + contentTokens(asObject(message)?.content),
      0,
    ) +
    (tools.length === 0 ? 0 : ESTIMATE.tools + textTokens(tools)) +
    textTokens(asObject(body.output_config)?.format);
  return Math.ceil(known);
}

function contentTokens(content: unknown): number {
  if (!Array.isArray(content)) return textTokens(content);
  return content.reduce<number>((sum, block) => sum + blockTokens(asObject(block) ?? {}), 0);
}

function blockTokens(block: JsonObject): number {
  if (block.type === 'image') return ESTIMATE.perImage;
  if (block.type === 'document') return documentTokens(asObject(block.source) ?? {}) + textTokens(block.title);
  if (block.type === 'tool_result') return ESTIMATE.perMessage + contentTokens(block.content);
  if (block.type === 'thinking') return textTokens(block.thinking);
  if (block.type === 'redacted_thinking') return 0;
  return textTokens(typeof block.text === 'string' ? block.text : block);
}

function documentTokens(source: JsonObject): number {
  if (source.type === 'base64') return (asString(source.data) ?? '').length / ESTIMATE.pdfBytesPerToken;
  return source.type === 'content' ? contentTokens(source.content) : textTokens(source.data ?? source.url);
}

/** A text by its bytes; anything else by the bytes of its JSON. */
function textTokens(value: unknown): number {
  if (value === undefined || value === null) return 0;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.byteLength(text) / ESTIMATE.bytesPerToken;
}
