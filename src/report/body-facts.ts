import type { LegBody } from '../cassette/legs.ts';
import type { ZstdFrameFacts } from '../decode/zstd/facts.ts';
import { formatBinary, formatBytes, formatCount } from './format.ts';

/**
 * One line on how a body crossed the wire, e.g. `zstd, 1 frame, window 2 MiB, no content size, no checksum, 12.3 KB -> 31.9 KB`,
 * or `31.9 KB` for a plain one.
 * @param cut bytes at its end that the cassette does not keep
 */
export function bodyFacts(body: LegBody, cut = 0): string {
  const decoded = body.decoded?.length;
  const parts = codingFacts(body);
  const wire = body.facts?.bytes ?? body.wire?.length;
  if (body.facts !== undefined && body.facts.encodings.length > 0 && wire !== undefined) {
    parts.push(decoded === undefined ? formatBytes(wire) : `${formatBytes(wire)} -> ${formatBytes(decoded)}`);
  } else parts.push(formatBytes(decoded ?? wire ?? -1));
  if (body.facts?.undecodable !== undefined) parts.push(`cannot be decoded: ${body.facts.undecodable}`);
  else if (body.text === undefined) parts.push('binary');
  if (cut > 0) parts.push(`${formatBytes(cut)} at its end not kept`);
  if (body.redacted > 0) parts.push(`${formatCount(body.redacted, 'value')} redacted`);
  return parts.join(', ');
}

function codingFacts(body: LegBody): string[] {
  const { encodings = [], zstd } = body.facts ?? {};
  const parts = encodings.length === 0 ? [] : [encodings.join(' then ')];
  return zstd === undefined ? parts : [...parts, ...frameFacts(zstd)];
}

function frameFacts(frames: readonly ZstdFrameFacts[]): string[] {
  const data = frames.filter((frame) => frame.kind === 'frame');
  const skippable = frames.length - data.length;
  const parts = [formatCount(data.length, 'frame')];
  if (skippable > 0) parts.push(`${skippable} skippable`);
  const first = data[0];
  if (first === undefined) return parts;
  const windows = data.map((frame) => frame.windowSize ?? 0);
  if (Math.max(...windows) > 0) parts.push(`window ${formatBinary(Math.max(...windows))}`);
  parts.push(sizeFact(data));
  if (data.some((frame) => frame.dictionaryId)) parts.push('dictionary');
  parts.push(data.every((frame) => frame.checksum === true) ? 'checksum' : 'no checksum');
  return parts;
}

function sizeFact(frames: readonly ZstdFrameFacts[]): string {
  const sizes = frames.map((frame) => frame.contentSize).filter((size) => typeof size === 'number');
  if (sizes.length === 0) return 'no content size';
  if (sizes.length < frames.length) return 'content size in some frames';
  return `content size ${formatBytes(sizes.reduce((sum, size) => sum + size, 0))}`;
}
