import { createBodyDecoder, decodeBody } from '../decode/body.ts';
import type { DecodeLimits, DecodeProblem } from '../decode/types.ts';
import { concatBytes, isUtf8 } from '../util/bytes.ts';
import { jsonBytes, toBase64 } from './bytes-json.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { WireFacts } from './format.ts';
import { RECORDING_LIMITS } from './limits.ts';
import type { BodyRecord } from './records.ts';
import type { Redactor } from './redact.ts';
import { sniffCoding } from './streamed.ts';

const DECODE_LIMITS: DecodeLimits = { coded: RECORDING_LIMITS.bodyBytes, decoded: RECORDING_LIMITS.bodyBytes };

/** Bytes that have no text of their own: only patterns apply. */
const BINARY = 'application/octet-stream';

/** A final body, with its text as bytes. */
export interface WholeBody {
  record: Omit<BodyRecord, 'text'>;
  /** UTF-8. */
  text?: Uint8Array;
}

/** A `BodyLine` as JSON, one character a byte. @param raw takes the text */
export function bodyJson({ record, text }: WholeBody, raw: Uint8Array[]): string {
  const json = factsJson(record);
  if (!text) return json;
  raw.push(text);
  return `${json.slice(0, -1)},"raw":${text.length}}`;
}

/** Of nearly all bodies there are a few numbers to tell. */
function factsJson(record: WholeBody['record']): string {
  const { size, bytes, redacted, cut, wire, decoded } = record;
  if (wire || decoded !== undefined) return jsonBytes(record);
  const more = `${redacted === undefined ? '' : `,"redacted":${redacted}`}${cut === undefined ? '' : `,"cut":${cut}`}`;
  return `{"size":${size},"bytes":${bytes}${more}}`;
}

/**
 * A body that is over and is not kept by reads, decoded and redacted. Whatever might carry a secret that cannot be taken
 * out (coded bytes) is left out as soon as one is found in it. What needs no decoding is there at once.
 * @param encodings the content codings its header names, in the order applied, without `identity`
 */
export function recordWholeBody(
  print: Fingerprint,
  mimeType: string,
  encodings: readonly string[],
  redactor: Redactor,
): WholeBody | Promise<WholeBody> {
  if (encodings.length > 0) return recordCoded(print, mimeType, encodings, redactor);
  const raw = print.whole ? print.held() : wholeCharacters(print.held());
  const cut = print.bytes - raw.length;
  const { bytes, count } = redactor.body(raw, mimeType);
  const record: WholeBody['record'] = { size: print.bytes, bytes: print.bytes };
  if (count > 0) record.redacted = count;
  if (cut > 0) record.cut = cut;
  if (isUtf8(raw) && (bytes === raw || isUtf8(bytes))) return { record, text: bytes };
  return recordBinary(print, mimeType, raw, bytes, count, redactor).then((binary) => ({
    record: { ...record, ...binary },
  }));
}

/** Plain bytes that are not text. Coded ones without a header are looked into: a secret may hide there. */
async function recordBinary(
  print: Fingerprint,
  mimeType: string,
  raw: Uint8Array,
  redacted: Uint8Array,
  count: number,
  redactor: Redactor,
): Promise<Partial<BodyRecord>> {
  const facts: WireFacts = { encodings: [], bytes: print.bytes };
  if (count > 0) return { wire: facts, decoded: toBase64(redacted) };
  const coding = sniffCoding(raw);
  const hidden = coding ? (await lookInto(raw, mimeType, [coding], redactor)).count : 0;
  if (hidden > 0) return { wire: facts, redacted: hidden };
  return { wire: withBytes(facts, print, raw) };
}

async function recordCoded(
  print: Fingerprint,
  mimeType: string,
  encodings: readonly string[],
  redactor: Redactor,
): Promise<WholeBody> {
  const facts: WireFacts = { encodings: [...encodings], bytes: print.bytes };
  if (!print.whole) {
    facts.undecodable = `the coded body is longer than the ${RECORDING_LIMITS.bodyBytes} bytes that a cassette keeps`;
    const wire = { ...facts, sha256: print.sha256() };
    return { record: { size: 0, bytes: print.bytes, wire, cut: print.bytes } };
  }
  const raw = print.held();
  const result = await decodeBody(raw, encodings.join(', '), DECODE_LIMITS);
  if (result.zstd) facts.zstd = result.zstd;
  // Skippable frames, names in gzip headers and bytes after the end are never decoded. (A short text stands in its coded
  // form as it is, so what is found in both places is one secret, not two.)
  const outside = redactor.body(raw, BINARY).count;
  if (!result.ok) return { record: await recordUndecodable(print, mimeType, facts, result.problem, outside, redactor) };
  const { bytes, count } = redactor.body(result.bytes, mimeType);
  const record: WholeBody['record'] = { size: result.bytes.length, bytes: print.bytes, wire: facts };
  const redacted = Math.max(count, outside);
  if (redacted > 0) record.redacted = redacted;
  else withBytes(facts, print, raw);
  if (isUtf8(bytes)) return { record, text: bytes };
  return { record: { ...record, decoded: toBase64(bytes) } };
}

async function recordUndecodable(
  print: Fingerprint,
  mimeType: string,
  facts: WireFacts,
  problem: DecodeProblem,
  outside: number,
  redactor: Redactor,
): Promise<BodyRecord> {
  const raw = print.held();
  const inside = await lookInto(raw, mimeType, facts.encodings, redactor);
  facts.undecodable = problem.message;
  const record: BodyRecord = { size: 0, bytes: print.bytes, wire: facts };
  const redacted = Math.max(inside.count, outside);
  if (redacted > 0) record.redacted = redacted;
  // What decodes to more than the limit cannot be searched to its end, so its bytes may not be kept.
  else if (inside.tooLarge) record.cut = print.bytes;
  else withBytes(facts, print, raw);
  return record;
}

/** How many secrets there are in what can be decoded of coded bytes. */
export async function lookInto(
  raw: Uint8Array,
  mimeType: string,
  encodings: readonly string[],
  redactor: Redactor,
): Promise<{ count: number; tooLarge: boolean }> {
  const decoder = createBodyDecoder(encodings.join(', '), DECODE_LIMITS);
  const head = await decoder.push(raw);
  const { tail, problem } = await decoder.end();
  const { count } = redactor.body(concatBytes([head, tail]), mimeType);
  return { count, tooLarge: problem?.code === 'body-too-large' };
}

function withBytes(facts: WireFacts, print: Fingerprint, raw: Uint8Array): WireFacts {
  facts.sha256 = print.sha256();
  facts.base64 = toBase64(raw);
  return facts;
}

/** Without the beginning of a character that a cut at the end may have left. */
function wholeCharacters(bytes: Uint8Array): Uint8Array {
  for (let shorter = 0; shorter < 4; shorter++) {
    const whole = bytes.subarray(0, bytes.length - shorter);
    if (isUtf8(whole)) return whole;
  }
  return bytes;
}
