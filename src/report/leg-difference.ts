import type { HarHeader } from '../cassette/format.ts';
import type { Leg } from '../cassette/legs.ts';
import { parseJson } from '../decode/json.ts';
import { formatBytes } from './format.ts';
import { jsonDifferences } from './json-text.ts';

/** How one leg differs from its counterpart on the other side. */
export interface LegDifference {
  body: 'same bytes' | 'same after redaction' | 'same after decoding' | 'differs' | 'none' | 'unknown';
  /** One line each: what else differs, headers first. */
  lines: string[];
}

/** JSON places that are named at most. */
const PLACES = 8;

/** How `after` differs from `before`: the request on its way up, the response on its way down. */
export function compareLegs(before: Leg, after: Leg): LegDifference {
  const isRequest = before.name.endsWith('request');
  const [old, now] = [before, after].map((leg) => (isRequest ? leg.entry.request : leg.entry.response));
  const lines: string[] = [];
  if (isRequest) {
    const [oldMethod, newMethod] = [before.entry.request.method, after.entry.request.method];
    if (oldMethod !== newMethod) lines.push(`method: ${oldMethod} -> ${newMethod}`);
    const [oldPath, newPath] = [before.entry.request.url, after.entry.request.url].map(pathOf);
    if (oldPath !== newPath) lines.push(`path: ${oldPath} -> ${newPath}`);
  } else if (before.entry.response.status !== after.entry.response.status) {
    lines.push(`status: ${before.entry.response.status} -> ${after.entry.response.status}`);
  }
  lines.push(...headerDifferences(old!.headers, now!.headers));
  const body = compareBodies(before, after);
  if (body === 'differs') lines.push(...bodyLines(before, after));
  return { body, lines };
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, '') || '/';
}

function headerDifferences(before: readonly HarHeader[], after: readonly HarHeader[]): string[] {
  const [old, now] = [groupHeaders(before), groupHeaders(after)];
  const lines: string[] = [];
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) continue;
    if (was === undefined) lines.push(`header added: ${name}: ${is}`);
    else if (is === undefined) lines.push(`header removed: ${name}: ${was}`);
    else lines.push(`header changed: ${name}: ${was} -> ${is}`);
  }
  return lines;
}

/** Name in lower case -> its values in order. */
function groupHeaders(headers: readonly HarHeader[]): Map<string, string> {
  const groups = new Map<string, string>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    const before = groups.get(key);
    groups.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return groups;
}

function compareBodies(before: Leg, after: Leg): LegDifference['body'] {
  const [old, now] = [before.body, after.body];
  if (old === undefined && now === undefined) return 'none';
  if (old === undefined || now === undefined) return 'differs';
  if (old.wire && now.wire) {
    if (equalBytes(old.wire, now.wire)) return 'same bytes';
    return old.decoded && now.decoded && equalBytes(old.decoded, now.decoded) ? 'same after decoding' : 'differs';
  }
  if (!old.decoded || !now.decoded) return 'unknown';
  return equalBytes(old.decoded, now.decoded) ? 'same after redaction' : 'differs';
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && firstDifference(a, b) === undefined);
}

/** Offset of the first byte that differs; undefined when one is the beginning of the other. */
function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) if (a[i] !== b[i]) return i;
  return undefined;
}

function bodyLines(before: Leg, after: Leg): string[] {
  const [old, now] = [before.body?.decoded, after.body?.decoded];
  const sizes = [old, now].map((bytes) => (bytes === undefined ? 'none' : formatBytes(bytes.length)));
  const lines = [`body: ${sizes[0]} -> ${sizes[1]}`];
  if (!old || !now) return lines;
  const places = jsonLines(before.body?.text, after.body?.text);
  if (places !== undefined) return [...lines, ...places];
  const at = firstDifference(old, now);
  lines.push(at === undefined ? 'one is the beginning of the other' : `first difference at byte ${at}`);
  return lines;
}

function jsonLines(before: string | undefined, after: string | undefined): string[] | undefined {
  if (before === undefined || after === undefined) return undefined;
  const [old, now] = [parseJson(before), parseJson(after)];
  if (!old.ok || !now.ok) return undefined;
  const places = jsonDifferences(old.value, now.value, PLACES + 1);
  if (places.length === 0) return ['the same JSON, written in another way'];
  const named = places.slice(0, PLACES).map(({ pointer, kind }) => `${kind}: ${pointer || '(the whole)'}`);
  return places.length > PLACES ? [...named, '…'] : named;
}
