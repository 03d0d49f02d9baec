import { concatBytes } from '../util/bytes.ts';
import { chunkBytes, toChunk } from './bytes-json.ts';
import type { Chunk, Entry } from './format.ts';

/** A field of an entry that differs from one recording of a session to the next. */
export interface VolatileField {
  /** JSON pointer (RFC 6901) within the entry; `*` stands for every index. */
  pointer: string;
  /** Only headers of this name, in lower case; a final `*` stands for any ending. */
  header?: string;
  /** What is the same in every recording: nothing, all but a port, or the bytes without the cuts and times of reads. */
  stable: 'nothing' | 'all-but-port' | 'joined';
  why: string;
}

const ANSWER_HEADERS = ['date', 'age', 'set-cookie', 'x-request-id', 'request-id', 'cf-ray', 'x-ratelimit-*'];
/** Ids that Codex gives its sessions, threads and turns. */
const SESSION_HEADERS = ['session_id', 'session-id', 'thread_id', 'thread-id', 'x-client-request-id', 'x-codex-*'];
const TIMING_HEADERS = ['openai-processing-ms', 'x-envoy-upstream-service-time', 'server-timing'];

/**
 * What differs when the same session is recorded again by the same version. Whatever a client or a provider puts into
 * bodies (ids, dates) is the business of matching, not of the format.
 */
export const VOLATILE_FIELDS: readonly VolatileField[] = [
  { pointer: '/startedDateTime', stable: 'nothing', why: 'clock' },
  { pointer: '/time', stable: 'nothing', why: 'duration' },
  { pointer: '/timings', stable: 'nothing', why: 'durations' },
  { pointer: '/_seed', stable: 'nothing', why: 'clock and random number' },
  { pointer: '/_end/ms', stable: 'nothing', why: 'duration' },
  { pointer: '/_end/detail', stable: 'all-but-port', why: 'system messages name ports' },
  { pointer: '/_connection', stable: 'nothing', why: 'name of a connection' },
  { pointer: '/request/url', stable: 'all-but-port', why: 'free ports' },
  { pointer: '/request/headers/*', header: 'host', stable: 'all-but-port', why: 'free ports' },
  ...SESSION_HEADERS.map(
    (header): VolatileField => ({ pointer: '/request/headers/*', header, stable: 'nothing', why: 'ids of a session' }),
  ),
  { pointer: '/request/headers/*', header: 'sec-websocket-key', stable: 'nothing', why: 'random number' },
  { pointer: '/response/headers/*', header: 'sec-websocket-accept', stable: 'nothing', why: 'answer to the key' },
  { pointer: '/response/_headMs', stable: 'nothing', why: 'duration' },
  { pointer: '/response/_informational/*/ms', stable: 'nothing', why: 'duration' },
  { pointer: '/response/content/_chunks', stable: 'joined', why: 'the network cuts and delays as it likes' },
  { pointer: '/_webSocketMessages/*/time', stable: 'nothing', why: 'clock' },
  ...[...ANSWER_HEADERS, ...TIMING_HEADERS].map(
    (header): VolatileField => ({
      pointer: '/response/headers/*',
      header,
      stable: 'nothing',
      why: 'one of each answer',
    }),
  ),
];

/** The same of the header (`log._tapedeck`). */
export const VOLATILE_HEADER_FIELDS: readonly VolatileField[] = [
  { pointer: '/recordedAt', stable: 'nothing', why: 'clock' },
  { pointer: '/upstream/url', stable: 'all-but-port', why: 'free ports' },
];

/** A copy of an entry with what is not stable taken out, so that entries of two recordings can be compared. */
export function stripVolatile(entry: Entry): unknown {
  return strip(entry, VOLATILE_FIELDS);
}

/** The same for any value and table of fields. */
export function strip(value: unknown, fields: readonly VolatileField[]): unknown {
  const copy = structuredClone(value);
  for (const field of fields) stripAt(copy, field.pointer.split('/').slice(1), field);
  return copy;
}

/** A port after a host, in a URL, a `Host` header or a message. */
const PORT = /(?<=[\w.\]]):\d{1,5}(?=$|[\s/?#,;)])/g;

type Node = Record<string, unknown>;

function stripAt(node: unknown, [token, ...rest]: string[], field: VolatileField): void {
  if (typeof node !== 'object' || node === null || token === undefined) return;
  if (token === '*') {
    for (const item of Object.values(node)) {
      if (rest.length > 0) stripAt(item, rest, field);
      else if (isHeader(item, field.header ?? '')) stripMember(item, 'value', field);
    }
    return;
  }
  if (rest.length > 0) stripAt((node as Node)[token], rest, field);
  else if (token in node) stripMember(node as Node, token, field);
}

function stripMember(node: Node, key: string, { stable }: VolatileField): void {
  if (stable === 'nothing') delete node[key];
  else if (stable === 'joined') node[key] = [toChunk(0, concatBytes((node[key] as Chunk[]).map(chunkBytes)))];
  else node[key] = String(node[key]).replace(PORT, ':*');
}

function isHeader(item: unknown, name: string): item is Node {
  const own = String((item as Node | null)?.name).toLowerCase();
  return name.endsWith('*') ? own.startsWith(name.slice(0, -1)) : own === name;
}
