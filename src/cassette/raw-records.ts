import { Buffer } from 'node:buffer';
import { fromUtf8, isUtf8 } from '../util/bytes.ts';
import { toBase64 } from './bytes-json.ts';
import type { Chunk } from './format.ts';
import type { ExchangeLine, ExchangeRecord, LegLine, LegRecord, Read } from './records.ts';

/** Records of a journal with the bytes that follow them: how they are written, and how they are read again. */

/** Parts of a journal: text of which each character is one byte, and bytes. */
export type JournalPart = string | Uint8Array;

const LINE_FEED = 10;
/** `,"raw":`, the longest length, brace and line feed. */
const RAW_END_BYTES = 32;
const RAW_END = /,"raw":(\d+)\}\n$/;

/** Puts a record behind others. @param json its line, one character a byte, without the brace at its end */
export function pushRecord(parts: JournalPart[], json: string, raw: readonly Uint8Array[]): void {
  let length = 0;
  for (const bytes of raw) length += bytes.length;
  if (length === 0) {
    parts.push(`${json}}\n`);
    return;
  }
  parts.push(`${json},"raw":${length}}\n`);
  for (const bytes of raw) parts.push(bytes);
  parts.push('\n');
}

/** How many bytes belong to a record behind its line, their line feed included. @param line with its own, in pieces */
export function rawBytesAfter(line: readonly Uint8Array[]): number {
  let end = '';
  for (let i = line.length - 1; i >= 0 && end.length < RAW_END_BYTES; i--) {
    end = Buffer.from(line[i]!.subarray(-RAW_END_BYTES)).toString('latin1') + end;
  }
  const length = RAW_END.exec(end)?.[1];
  return length === undefined ? 0 : Number(length) + 1;
}

/** A record and what follows it, put together; undefined for one that a failing disk damaged: it costs what stood in it alone. */
export function parseRecord(bytes: Uint8Array): ExchangeRecord | undefined {
  const end = bytes.indexOf(LINE_FEED);
  try {
    const line = JSON.parse(fromUtf8(end < 0 ? bytes : bytes.subarray(0, end))) as ExchangeLine;
    return withTexts(line, end < 0 ? bytes.subarray(0, 0) : bytes.subarray(end + 1));
  } catch {
    return undefined;
  }
}

function withTexts({ raw: _, ...line }: ExchangeLine, raw: Uint8Array): ExchangeRecord {
  let at = 0;
  const next = (length: number) => {
    at += length;
    return raw.subarray(at - length, at);
  };
  const { legs, ...record } = line;
  return legs ? { ...record, legs: legs.map((leg) => legWithTexts(leg, next)) } : record;
}

function legWithTexts({ reads, body, ...leg }: LegLine, next: (length: number) => Uint8Array): LegRecord {
  const record: LegRecord = leg;
  if (reads) record.chunks = reads.map((read) => chunkOf(read, next(read[1])));
  if (!body) return record;
  const { raw, ...rest } = body;
  record.body = raw === undefined ? rest : { ...rest, text: fromUtf8(next(raw)) };
  return record;
}

/** Text where it is whole UTF-8. */
function chunkOf([ms, , binary]: Read, bytes: Uint8Array): Chunk {
  return [ms, !binary && isUtf8(bytes) ? fromUtf8(bytes) : { base64: toBase64(bytes) }];
}
