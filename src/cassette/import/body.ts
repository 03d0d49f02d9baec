import { decodeBody } from '../../decode/body.ts';
import { readCodings } from '../../decode/codings.ts';
import { fromUtf8, isUtf8 } from '../../util/bytes.ts';
import { headerValue } from '../../util/headers.ts';
import { sha256Hex } from '../../util/sha256.ts';
import type { RawHeaders } from '../../util/types.ts';
import { toBase64 } from '../bytes-json.ts';
import { countPlaceholders } from '../edit/placeholders.ts';
import type { BodyFields, WireFacts } from '../format.ts';
import { RECORDING_LIMITS } from '../limits.ts';
import type { ImportedBody } from './source.ts';

const DECODE_LIMITS = { coded: RECORDING_LIMITS.bodyBytes, decoded: RECORDING_LIMITS.bodyBytes };

export const NO_BODY: ImportedBody = { size: 0, wireSize: 0 };

/** A body whose bytes the source has as they crossed the wire. */
export async function bodyFromWire(bytes: Uint8Array, headers: RawHeaders): Promise<ImportedBody> {
  if (bytes.length === 0) return NO_BODY;
  const encodings = encodingsOf(headers);
  if (encodings.length === 0) return bodyFromDecoded(bytes, headers, bytes.length);
  const wire: WireFacts = { encodings, bytes: bytes.length, sha256: sha256Hex(bytes), base64: toBase64(bytes) };
  const result = await decodeBody(bytes, encodings.join(', '), DECODE_LIMITS);
  if (result.zstd) wire.zstd = result.zstd;
  const fields: BodyFields = { mimeType: mimeTypeOf(headers), _wire: wire };
  if (!result.ok) {
    wire.undecodable = result.problem.message;
    return { fields, size: 0, wireSize: bytes.length };
  }
  Object.assign(fields, decodedView(result.bytes));
  return { fields, size: result.bytes.length, wireSize: bytes.length };
}

/**
 * A body that the source has without its content codings.
 * @param wireSize bytes on the wire, -1 when unknown
 */
export function bodyFromDecoded(decoded: Uint8Array, headers: RawHeaders, wireSize: number): ImportedBody {
  if (decoded.length === 0 && wireSize <= 0) return NO_BODY;
  const encodings = encodingsOf(headers);
  const fields: BodyFields = { mimeType: mimeTypeOf(headers) };
  const plain = encodings.length === 0;
  const sizeOnWire = wireSize >= 0 ? wireSize : plain ? decoded.length : wireSize;
  if (plain && !isUtf8(decoded)) {
    fields._wire = { encodings, bytes: decoded.length, sha256: sha256Hex(decoded), base64: toBase64(decoded) };
    return { fields, size: decoded.length, wireSize: sizeOnWire };
  }
  Object.assign(fields, decodedView(decoded));
  if (!plain || sizeOnWire !== decoded.length) fields._wire = { encodings, bytes: Math.max(0, sizeOnWire) };
  // Another length and placeholders: what stood there before they did.
  const placeholders = sizeOnWire === decoded.length ? 0 : countPlaceholders(fromUtf8(decoded));
  if (placeholders > 0) fields._redacted = placeholders;
  return { fields, size: decoded.length, wireSize: sizeOnWire };
}

/** A body that was there, and that the source does not hold. @param why in words */
export function missingBody(headers: RawHeaders, wireSize: number, why: string): ImportedBody {
  const wire: WireFacts = { encodings: encodingsOf(headers), bytes: Math.max(0, wireSize), undecodable: why };
  return { fields: { mimeType: mimeTypeOf(headers), _wire: wire }, size: 0, wireSize };
}

function decodedView(bytes: Uint8Array): Partial<BodyFields> {
  return isUtf8(bytes) ? { text: fromUtf8(bytes) } : { _decoded: { base64: toBase64(bytes) } };
}

/** Content codings that the headers name, in the order applied. */
export function encodingsOf(headers: RawHeaders): string[] {
  return [...readCodings(headerValue(headers, 'content-encoding')).encodings];
}

export function mimeTypeOf(headers: RawHeaders): string {
  return headerValue(headers, 'content-type') ?? '';
}

/** `content-length`; -1 when there is none. */
export function statedLength(headers: RawHeaders): number {
  const value = headerValue(headers, 'content-length');
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : -1;
}
