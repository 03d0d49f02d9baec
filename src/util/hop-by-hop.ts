import type { RawHeaders } from './types.ts';

/** Fields that belong to one connection: RFC 9110 section 7.6.1, and the older ones that clients still send. */
const CONNECTION_FIELDS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Copies headers without those of the connection they came over: the fields of RFC 9110 section 7.6.1, every field that
 * `Connection` names, and those in `alsoDrop` (lower case). Order, case and duplicates are kept.
 */
export function dropHopByHop(headers: RawHeaders, alsoDrop?: ReadonlySet<string>): string[] {
  const named = connectionOptions(headers);
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    if (CONNECTION_FIELDS.has(name) || named?.has(name) || alsoDrop?.has(name)) continue;
    kept.push(headers[i] as string, headers[i + 1] as string);
  }
  return kept;
}

function connectionOptions(headers: RawHeaders): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] as string).toLowerCase() !== 'connection') continue;
    for (const option of (headers[i + 1] as string).split(',')) {
      named ??= new Set();
      named.add(option.trim().toLowerCase());
    }
  }
  return named;
}
