import { fromUtf8, isUtf8, toUtf8 } from '../../util/bytes.ts';
import { chunkBytes, fromBase64, toBase64, toChunk } from '../bytes-json.ts';
import type { BodyFields, Chunk, WireFacts } from '../format.ts';
import type { Redactor } from '../redact.ts';
import { sniffCoding } from '../streamed.ts';
import { lookInto } from '../whole-body.ts';

/** Bytes that have no text of their own: only patterns apply. */
const BINARY = 'application/octet-stream';

/**
 * Redacts the body of an entry, in every form that the entry holds it in: text, reads, decoded bytes and wire bytes. As in a
 * recording, wire bytes go as soon as a secret is found in any form, since it cannot be taken out of coded bytes.
 * @returns the same object when nothing was found
 */
export async function redactBodyFields<Fields extends BodyFields>(fields: Fields, redactor: Redactor): Promise<Fields> {
  const { fields: views, count } = redactViews(fields, redactor);
  const wire = await searchWire(fields, redactor);
  if (count === 0 && wire.count === 0 && !wire.unsearchable) return fields;
  const redacted = { ...fields, ...views };
  if (wire.decoded !== undefined) redacted._decoded = { base64: toBase64(wire.decoded) };
  if (fields._wire !== undefined) redacted._wire = withoutBytes(fields._wire);
  if (wire.unsearchable && wire.count === 0) redacted._cut = fields._wire?.bytes ?? 0;
  const found = Math.max(count, wire.count);
  if (found > 0) redacted._redacted = (fields._redacted ?? 0) + found;
  return redacted;
}

/** Facts of wire bytes that the cassette may not hold any more. */
export function withoutBytes({ sha256: _, base64: __, ...facts }: WireFacts): WireFacts {
  return facts;
}

function redactViews(fields: BodyFields, redactor: Redactor): { fields: Partial<BodyFields>; count: number } {
  const { mimeType, text, _chunks, _decoded } = fields;
  const views: Partial<BodyFields> = {};
  let most = 0;
  const keep = (count: number, change: Partial<BodyFields>): void => {
    if (count > 0) Object.assign(views, change);
    // One secret stands in every view.
    most = Math.max(most, count);
  };
  if (_chunks) {
    const { chunks, count } = redactChunks(_chunks, mimeType, redactor);
    keep(count, { _chunks: chunks });
  }
  if (_decoded) {
    const { bytes, count } = redactor.body(fromBase64(_decoded.base64), mimeType);
    keep(count, { _decoded: { base64: toBase64(bytes) } });
  }
  if (text) {
    const { bytes, count } = redactor.body(toUtf8(text), mimeType);
    keep(count, { text: fromUtf8(bytes) });
  }
  return { fields: views, count: most };
}

/** Every read keeps its time; what a secret took from several of them goes from all. */
function redactChunks(
  chunks: readonly Chunk[],
  mimeType: string,
  redactor: Redactor,
): { chunks: Chunk[]; count: number } {
  const stream = redactor.stream(mimeType);
  const safe = chunks.flatMap((chunk) => stream.push(chunkBytes(chunk)));
  safe.push(...stream.end());
  return { chunks: safe.map((bytes, i) => toChunk(chunks[i]?.[0] ?? 0, bytes)), count: stream.count() };
}

interface WireSearch {
  count: number;
  /** Of plain bytes that are no text: what is left of them. */
  decoded?: Uint8Array;
  /** They decode to more than can be searched. */
  unsearchable?: boolean;
}

async function searchWire({ _wire, mimeType }: BodyFields, redactor: Redactor): Promise<WireSearch> {
  if (_wire?.base64 === undefined) return { count: 0 };
  const raw = fromBase64(_wire.base64);
  if (_wire.encodings.length === 0) return searchPlain(raw, mimeType, redactor);
  // Skippable frames, names in gzip headers and bytes after the end are never decoded.
  const outside = redactor.body(raw, BINARY).count;
  if (_wire.undecodable === undefined) return { count: outside };
  const inside = await lookInto(raw, mimeType, _wire.encodings, redactor);
  return { count: Math.max(outside, inside.count), unsearchable: inside.tooLarge };
}

async function searchPlain(raw: Uint8Array, mimeType: string, redactor: Redactor): Promise<WireSearch> {
  const { bytes, count } = redactor.body(raw, mimeType);
  if (count > 0) return { count, decoded: bytes };
  const coding = sniffCoding(raw);
  if (coding === undefined || isUtf8(raw)) return { count: 0 };
  const { count: hidden } = await lookInto(raw, mimeType, [coding], redactor);
  return { count: hidden };
}
